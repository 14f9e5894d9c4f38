#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "base/json.h"
#include "base/text.h"

namespace slipway::log {
namespace {

/// A controller in trouble must not drown its node in lines: what is over is counted and told.
constexpr std::uint64_t lines_a_second_max = 1000;

struct State {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::text;
  std::atomic<std::int64_t> this_second = 0;
  std::atomic<std::uint64_t> lines = 0;
  std::atomic<std::uint64_t> dropped = 0;
};

State& state() {
  static State* made = [] {
    auto* fresh = new State;
    fresh->logger = std::make_shared<spdlog::logger>(
        "slipway", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    fresh->logger->set_pattern("%v");
    fresh->logger->set_level(spdlog::level::warn);
    return fresh;
  }();
  return *made;
}

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    default:
      return spdlog::level::off;
  }
}

std::string_view name_of(Level level) {
  constexpr std::string_view names[] = {"DEBUG", "INFO", "WARN", "ERROR", "OFF"};
  return names[static_cast<std::size_t>(level)];
}

bool plain(const std::string& value) {
  return !value.empty() && value.find_first_of(" \t\n\"=") == std::string::npos;
}

std::string line_of(Format format, Level level, std::string_view message,
                    std::initializer_list<Field> fields) {
  const std::string time = fmt::format(
      "{:%Y-%m-%dT%H:%M:%S}Z",
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  if (format == Format::json) {
    Json line = Json::object({
        {"time",  time                    },
        {"level", to_lower(name_of(level))},
        {"msg",   std::string(message)    }
    });
    for (const Field& field : fields) line.set(field.key, field.value);
    return to_text(line);
  }
  std::string line = fmt::format("{} {:5} {}", time, name_of(level), message);
  for (const Field& field : fields) {
    line += fmt::format(" {}={}", field.key, plain(field.value) ? field.value : quote(field.value));
  }
  return line;
}

/// Whether one more line fits into this second.
bool within_rate(State& s) {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::steady_clock::now().time_since_epoch())
                               .count();
  if (s.this_second.exchange(now) != now) {
    s.lines = 0;
    const std::uint64_t dropped = s.dropped.exchange(0);
    if (dropped > 0) {
      s.logger->log(spdlog::level::warn,
                    line_of(s.format, Level::warn, "log lines were dropped",
                            {
                                {"count", static_cast<unsigned long>(dropped)}
      }));
    }
  }
  if (++s.lines <= lines_a_second_max) return true;
  ++s.dropped;
  return false;
}

}  // namespace

void configure(Level level, Format format) {
  State& s = state();
  s.logger->set_level(level_of(level));
  s.logger->flush_on(spdlog::level::debug);
  s.format = format;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  State& s = state();
  if (!s.logger->should_log(level_of(level)) || !within_rate(s)) return;
  s.logger->log(level_of(level), line_of(s.format, level, message, fields));
}

}  // namespace slipway::log
