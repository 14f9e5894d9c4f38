#include "base/ensure.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace slipway {
namespace {
bool abort_on_broken = true;
}

void abort_on_broken_invariant(bool abort) {
  abort_on_broken = abort;
}

void ensure_failed(const char* condition, const char* file, int line) {
  const std::string text =
      std::string(file) + ":" + std::to_string(line) + ": broken invariant: " + condition;
  if (abort_on_broken) {
    std::fprintf(stderr, "%s\n", text.c_str());
    std::abort();
  }
  throw BrokenInvariant(text);
}

void assert_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace slipway
