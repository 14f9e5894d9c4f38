#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway {

/// A length of time in nanoseconds, at most about 292 years either way. Arithmetic saturates.
struct Duration {
  std::int64_t nanoseconds = 0;

  static constexpr Duration from_seconds(std::int64_t seconds) {
    constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
    if (seconds > limit) return {std::numeric_limits<std::int64_t>::max()};
    if (seconds < -limit) return {std::numeric_limits<std::int64_t>::min()};
    return {seconds * 1'000'000'000};
  }
  static constexpr Duration from_milliseconds(std::int64_t ms) {
    std::int64_t nanoseconds = 0;
    if (!__builtin_mul_overflow(ms, std::int64_t{1'000'000}, &nanoseconds)) return {nanoseconds};
    return {ms > 0 ? std::numeric_limits<std::int64_t>::max()
                   : std::numeric_limits<std::int64_t>::min()};
  }
  constexpr double seconds() const { return static_cast<double>(nanoseconds) / 1e9; }
  /// Whole seconds, rounded towards zero.
  constexpr std::int64_t whole_seconds() const { return nanoseconds / 1'000'000'000; }
  constexpr std::int64_t milliseconds() const { return nanoseconds / 1'000'000; }

  constexpr auto operator<=>(const Duration&) const = default;
};

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

constexpr Duration operator+(Duration a, Duration b) {
  return {saturating_add(a.nanoseconds, b.nanoseconds)};
}
constexpr Duration operator-(Duration a) {
  return {a.nanoseconds == std::numeric_limits<std::int64_t>::min()
              ? std::numeric_limits<std::int64_t>::max()
              : -a.nanoseconds};
}
constexpr Duration operator-(Duration a, Duration b) {
  return a + (-b);
}
constexpr Duration operator*(Duration a, std::int64_t n) {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(a.nanoseconds, n, &product)) return {product};
  return {(a.nanoseconds > 0) == (n > 0) ? std::numeric_limits<std::int64_t>::max()
                                         : std::numeric_limits<std::int64_t>::min()};
}

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. The default is that very moment.
struct Instant {
  std::int64_t nanoseconds = 0;
  constexpr auto operator<=>(const Instant&) const = default;
};

constexpr Instant operator+(Instant t, Duration d) {
  return {saturating_add(t.nanoseconds, d.nanoseconds)};
}
constexpr Instant operator-(Instant t, Duration d) {
  return t + (-d);
}
constexpr Duration operator-(Instant a, Instant b) {
  return Duration{a.nanoseconds} - Duration{b.nanoseconds};
}

inline namespace literals {
constexpr Duration operator""_ms(unsigned long long n) {
  return Duration::from_milliseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_s(unsigned long long n) {
  return Duration::from_seconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_min(unsigned long long n) {
  return Duration::from_seconds(static_cast<std::int64_t>(n) * 60);
}
constexpr Duration operator""_h(unsigned long long n) {
  return Duration::from_seconds(static_cast<std::int64_t>(n) * 3600);
}
}  // namespace literals

/// Reads an RFC 3339 time, with any offset and fraction ("2026-01-01T00:00:00Z",
/// "...T01:00:00.5+01:00"). Strict as Go is: every field present and in range, T and Z capitals. A
/// year that nanoseconds can't reach (before 1678, after 2261) reads as the earliest or latest
/// instant there is.
Result<Instant> parse_rfc3339(std::string_view text);

/// "2026-01-01T00:00:00Z": UTC, whole seconds, rounded down, as metav1.Time is written.
std::string format_rfc3339(Instant time);
/// "2026-01-01T00:00:00.000000Z": as metav1.MicroTime is written (Lease).
std::string format_rfc3339_micro(Instant time);

/// The same moment rounded up to whole seconds, so that a deadline written down is never early.
constexpr Instant round_up_to_second(Instant t) {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t rest = ((t.nanoseconds % second) + second) % second;
  return rest == 0 ? t : t + Duration{second - rest};
}
/// The same moment rounded down to whole seconds.
constexpr Instant round_down_to_second(Instant t) {
  constexpr std::int64_t second = 1'000'000'000;
  return t - Duration{((t.nanoseconds % second) + second) % second};
}

/// Reads a Go duration: "300ms", "1h30m", "-1.5h", "0". Source: Go's time.ParseDuration.
Result<Duration> parse_go_duration(std::string_view text);
/// Writes one as Go's Duration.String does: "1h30m0s", "1.5s", "0s".
std::string format_go_duration(Duration duration);

/// "5s", "4m10s", "3d2h": as kubectl prints ages. Source: k8s.io/apimachinery HumanDuration.
std::string format_human_duration(Duration duration);

}  // namespace slipway
