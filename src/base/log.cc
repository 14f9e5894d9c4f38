#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <mutex>

#include "base/log_line.h"

namespace slipway::log {
namespace {

constexpr std::uint64_t lines_a_second_max = 1000;

/// Lines are made here and not by spdlog's patterns, so that both formats are tested as text;
/// spdlog carries them to stderr, whole and in turn.
struct State {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::text;
  std::mutex mutex;
  LineLimit limit{lines_a_second_max};
};

State& state() {
  // Never destroyed: what runs while the process ends may still log.
  static State* const made = [] {
    auto* fresh = new State;
    fresh->logger = std::make_shared<spdlog::logger>(
        "slipway", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    fresh->logger->set_pattern("%v");
    fresh->logger->set_level(spdlog::level::warn);
    fresh->logger->flush_on(spdlog::level::debug);
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

Instant wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

void carry(State& s, Level level, Instant now, std::string_view message,
           std::initializer_list<Field> fields) {
  s.logger->log(level_of(level), format_line(s.format, level, now, message, fields));
}

}  // namespace

void configure(Level level, Format format) {
  State& s = state();
  s.logger->set_level(level_of(level));
  s.format = format;
}

bool enabled(Level level) {
  return level != Level::off && state().logger->should_log(level_of(level));
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  State& s = state();
  if (level == Level::off || !s.logger->should_log(level_of(level))) return;
  const Instant now = wall_clock();
  LineLimit::Verdict verdict;
  {
    const std::lock_guard lock(s.mutex);
    verdict = s.limit.take(now);
  }
  if (verdict.dropped_before > 0) {
    carry(s, Level::warn, now, "log lines were dropped",
          {
              {"count", static_cast<unsigned long>(verdict.dropped_before)}
    });
  }
  if (verdict.admitted) carry(s, level, now, message, fields);
}

}  // namespace slipway::log
