#include "base/time.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace slipway {
namespace {

constexpr std::int64_t second = 1'000'000'000;

/// Days since 1970-01-01 of a civil date. Source: Howard Hinnant's public-domain algorithm.
constexpr std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

struct Civil {
  std::int64_t year;
  unsigned month, day, hour, minute, second;
  unsigned nanosecond;
};

Civil civil_of(Instant time) {
  std::int64_t seconds = time.nanoseconds / second;
  std::int64_t rest = time.nanoseconds % second;
  if (rest < 0) {
    rest += second;
    --seconds;
  }
  std::int64_t days = seconds / 86400;
  std::int64_t of_day = seconds % 86400;
  if (of_day < 0) {
    of_day += 86400;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp + (mp < 10 ? 3 : -9u);
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2),
          month,
          doy - (153 * mp + 2) / 5 + 1,
          static_cast<unsigned>(of_day / 3600),
          static_cast<unsigned>(of_day / 60 % 60),
          static_cast<unsigned>(of_day % 60),
          static_cast<unsigned>(rest)};
}

/// A number of exactly `digits` digits at the front of `text`, which moves past it.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  unsigned number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

unsigned days_in_month(unsigned year, unsigned month) {
  constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

/// ".5" and so on as nanoseconds; digits past the ninth are dropped.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int64_t nanoseconds = 0, unit = second / 10;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanoseconds += (text.front() - '0') * unit;
    unit /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  return digits == 0 ? std::nullopt : std::optional(nanoseconds);
}

/// The offset from UTC in seconds.
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t offset = std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
  return negative ? -offset : offset;
}

std::optional<Instant> read_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || *month < 1 || *month > 12 || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  if (!take(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto seconds = take_digits(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const std::int64_t days = days_from_civil(*year, *month, *day);
  const std::int64_t of_day = std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 + *seconds;
  return Instant{} + Duration::from_seconds(days * 86400 + of_day - *offset) + Duration{*fraction};
}

/// Nanoseconds of one Go duration unit, or 0.
std::int64_t unit_of(std::string_view name) {
  if (name == "ns") return 1;
  if (name == "us" || name == "µs" || name == "μs") return 1'000;
  if (name == "ms") return 1'000'000;
  if (name == "s") return second;
  if (name == "m") return 60 * second;
  if (name == "h") return 3600 * second;
  return 0;
}

std::optional<Duration> read_go_duration(std::string_view text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  if (text == "0") return Duration{};
  if (text.empty()) return std::nullopt;
  // In 128 bits, so that neither a long fraction nor a large sum overflows before it is judged. The
  // least duration is one further from zero than the greatest.
  const __int128 limit = __int128{std::numeric_limits<std::int64_t>::max()} + (negative ? 1 : 0);
  constexpr __int128 finest = 1'000'000'000'000'000'000;
  __int128 total = 0;
  while (!text.empty()) {
    __int128 number = 0, scale = 1;
    bool digits = false, point = false;
    while (!text.empty() && (text.front() == '.' || (text.front() >= '0' && text.front() <= '9'))) {
      if (text.front() == '.') {
        if (point) return std::nullopt;
        point = true;
      } else {
        digits = true;
        if (number > limit && !point) return std::nullopt;
        // What comes after that of a fraction is less than a nanosecond of any unit.
        if (number <= limit && scale < finest) {
          number = number * 10 + (text.front() - '0');
          if (point) scale *= 10;
        }
      }
      text.remove_prefix(1);
    }
    if (!digits) return std::nullopt;
    const std::size_t end = std::min(text.find_first_of("0123456789."), text.size());
    const std::int64_t unit = unit_of(text.substr(0, end));
    if (unit == 0) return std::nullopt;
    text.remove_prefix(end);
    total += number * unit / scale;
    if (total > limit) return std::nullopt;
  }
  return Duration{static_cast<std::int64_t>(negative ? -total : total)};
}

/// A number with its fraction, without trailing zeros: "1.5".
std::string decimal(std::int64_t whole, std::int64_t fraction, int digits) {
  if (fraction == 0) return std::to_string(whole);
  std::string text = fmt::format("{}.{:0{}d}", whole, fraction, digits);
  while (text.back() == '0') text.pop_back();
  return text;
}

void append_digits(std::uint64_t number, std::size_t digits, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + digits, '0');
  for (std::size_t i = out.size(); i > begin; number /= 10) {
    out[--i] = static_cast<char>('0' + number % 10);
  }
}

/// "2026-01-31T12:00:00", whose year has four digits in all the time that an Instant can tell.
std::string seconds_text(const Civil& c) {
  std::string text;
  text.reserve(sizeof "2026-01-31T12:00:00.000000Z");
  const std::pair<unsigned, char> parts[] = {
      {c.month,  '-'},
      {c.day,    '-'},
      {c.hour,   'T'},
      {c.minute, ':'},
      {c.second, ':'}
  };
  append_digits(static_cast<std::uint64_t>(c.year), 4, text);
  for (const auto& [number, mark] : parts) {
    text += mark;
    append_digits(number, 2, text);
  }
  return text;
}

}  // namespace

Result<Instant> parse_rfc3339(std::string_view text) {
  const auto time = read_rfc3339(text);
  if (time) return *time;
  return fail(ErrorCode::invalid, "", "found " + quote(text) + ", expected an RFC 3339 time",
              "write it like 2026-01-31T12:00:00Z");
}

std::string format_rfc3339(Instant time) {
  return seconds_text(civil_of(time)) + 'Z';
}

std::string format_rfc3339_micro(Instant time) {
  const Civil c = civil_of(time);
  std::string text = seconds_text(c) + '.';
  append_digits(c.nanosecond / 1000, 6, text);
  return text + 'Z';
}

Result<Duration> parse_go_duration(std::string_view text) {
  const auto duration = read_go_duration(text);
  if (duration) return *duration;
  return fail(ErrorCode::invalid, "", "found " + quote(text) + ", expected a duration",
              "write it like 90s, 1h30m or 300ms");
}

std::string format_go_duration(Duration duration) {
  if (duration.nanoseconds == 0) return "0s";
  const bool negative = duration.nanoseconds < 0;
  // Unsigned, since the most negative value has no positive twin.
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(duration.nanoseconds)
                                      : static_cast<std::uint64_t>(duration.nanoseconds);
  const auto ns = static_cast<std::int64_t>(size % second);
  const auto seconds = static_cast<std::int64_t>(size / second);
  std::string text = negative ? "-" : "";
  if (seconds == 0) {
    if (ns < 1000) return text + decimal(ns, 0, 0) + "ns";
    if (ns < 1'000'000) return text + decimal(ns / 1000, ns % 1000, 3) + "µs";
    return text + decimal(ns / 1'000'000, ns % 1'000'000, 6) + "ms";
  }
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
  return text + decimal(seconds % 60, ns, 9) + "s";
}

std::string format_human_duration(Duration duration) {
  const std::int64_t s = duration.whole_seconds();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return fmt::format("{}s", s);
  const std::int64_t m = s / 60;
  if (m < 10) return s % 60 == 0 ? fmt::format("{}m", m) : fmt::format("{}m{}s", m, s % 60);
  if (m < 180) return fmt::format("{}m", m);
  const std::int64_t h = s / 3600;
  if (h < 8) return m % 60 == 0 ? fmt::format("{}h", h) : fmt::format("{}h{}m", h, m % 60);
  if (h < 48) return fmt::format("{}h", h);
  const std::int64_t d = h / 24;
  if (d < 8) return h % 24 == 0 ? fmt::format("{}d", d) : fmt::format("{}d{}h", d, h % 24);
  if (d < 365 * 2) return fmt::format("{}d", d);
  const std::int64_t y = d / 365;
  if (y < 8) return d % 365 == 0 ? fmt::format("{}y", y) : fmt::format("{}y{}d", y, d % 365);
  return fmt::format("{}y", y);
}

}  // namespace slipway
