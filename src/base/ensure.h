#pragma once

#include <stdexcept>

namespace slipway {

/// Thrown by ENSURE in production and caught where one object's reconcile begins, so that a bug met
/// by one object sets that object aside and leaves all others served.
struct BrokenInvariant : std::logic_error {
  using std::logic_error::logic_error;
};

/// Whether a failed ENSURE aborts the process (tests, simulation) instead of setting the object
/// aside. Set once by main before any thread starts.
void abort_on_broken_invariant(bool abort);

[[noreturn]] void ensure_failed(const char* condition, const char* file, int line);
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);

}  // namespace slipway

/// One object's plan breaks an invariant: never for what came from outside.
#define ENSURE(condition) \
  ((condition) ? void() : ::slipway::ensure_failed(#condition, __FILE__, __LINE__))

/// The process itself is wrong. Always compiled in: a restart is cheap, a wrong write is not.
#define ASSERT(condition) \
  ((condition) ? void() : ::slipway::assert_failed(#condition, __FILE__, __LINE__))
