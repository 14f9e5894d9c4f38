#pragma once

#include <expected>
#include <string>
#include <utility>

namespace slipway {

/// What a caller can do about it. A code exists only if some caller branches on it.
enum class ErrorCode {
  not_found,       ///< Often no failure at all: the caller decides.
  already_exists,  ///< A create met an object of that name.
  refused,         ///< An expectation of ours did not hold (409, 422 test failed). Plan afresh.
  invalid,         ///< Bad spec, flag or reply: retrying can't help, a person must change it.
  forbidden,       ///< The server knows us and says no (401, 403): a person must grant it.
  expired,         ///< The version asked for is compacted away (410). List again.
  unavailable,     ///< Peer down, throttled or slow. Back off and retry.
  cancelled,       ///< Shutting down, or the lease is lost. Stop quietly.
  internal,        ///< A bug of ours, confined to one object.
};

/// A failure as a value: what, where, and what to do next.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string where;    ///< Field path or object: "Rollout shop/web: spec.strategy.canary.steps[2]"
  std::string message;  ///< Found and expected: "setWeight is 130, expected 0 to 100".
  std::string hint;     ///< What to do next. Empty only where nobody can do anything.

  /// "where: message (hint)", leaving out what is empty.
  std::string text() const;
  bool operator==(const Error&) const = default;
};

/// A value or an Error. A type of its own because libstdc++ 12 leaves std::expected without
/// [[nodiscard]].
template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};

using Failure = std::unexpected<Error>;

/// `return fail(ErrorCode::invalid, "spec.replicas", "found -1, expected 0 or more", "...");`
inline Failure fail(ErrorCode code, std::string where, std::string message, std::string hint = {}) {
  return Failure(Error{code, std::move(where), std::move(message), std::move(hint)});
}

/// Puts an outer place before an error's own: "spec" + "replicas" gives "spec.replicas".
Error inside(std::string_view outer, Error error);

}  // namespace slipway

/// `auto x = TRY(f());` unwraps, or returns the error from the enclosing function.
#define TRY(expression)                                                                        \
  ({                                                                                           \
    auto slipway_try_result = (expression);                                                    \
    if (!slipway_try_result) return ::slipway::Failure(std::move(slipway_try_result).error()); \
    std::move(*slipway_try_result);                                                            \
  })

/// The same where there is no value: `TRY_DONE(check());` for a Result<void>.
#define TRY_DONE(expression)                                                                   \
  do {                                                                                         \
    auto slipway_try_result = (expression);                                                    \
    if (!slipway_try_result) return ::slipway::Failure(std::move(slipway_try_result).error()); \
  } while (false)
