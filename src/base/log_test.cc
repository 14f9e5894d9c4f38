#include "base/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>

#include "base/json.h"
#include "base/log_line.h"

using namespace slipway;
using log::Format;
using log::Level;
using log::LineLimit;

namespace {
constexpr Instant now{1'767'225'600'007'654'321};
}

TEST_CASE("a text line has time, level, message and fields, quoted where they must be") {
  CHECK(log::format_line(Format::text, Level::info, now, "planned", {}) ==
        "2026-01-01T00:00:00.007Z INFO planned");
  CHECK(log::format_line(Format::text, Level::error, now, "a write failed",
                         {
                             {"rollout", "shop/web"                  },
                             {"step",    2                           },
                             {"error",   "no such \"host\"\r\nx=\x1b"},
                             {"empty",   ""                          },
                             {"name",    "é"                         },
                             {"bytes",   "\xff"                      },
  }) ==
        "2026-01-01T00:00:00.007Z ERROR a write failed rollout=shop/web step=2 "
        R"(error="no such \"host\"\r\nx=\x1b" empty="" name=é bytes="\xff")");
}

TEST_CASE("a JSON line is one object, whatever the fields hold") {
  const std::string line = log::format_line(Format::json, Level::warn, now, "slow",
                                            {
                                                {"count", 7L         },
                                                {"text",  "a\nb \xff"},
  });
  CHECK(
      line ==
      R"({"time":"2026-01-01T00:00:00.007Z","level":"warn","msg":"slow","count":"7","text":"a\nb �"})");
  CHECK(parse_json(line).has_value());
}

TEST_CASE("lines past a second's share are dropped, counted and told") {
  LineLimit limit(2);
  const LineLimit::Verdict yes{true, 0}, no{false, 0};
  CHECK(limit.take(now) == yes);
  CHECK(limit.take(now + 1_ms) == yes);
  CHECK(limit.take(now + 2_ms) == no);
  CHECK(limit.take(now + 500_ms) == no);
  CHECK(limit.take(now + 993_ms) == LineLimit::Verdict{true, 2});
  CHECK(limit.take(now + 994_ms) == yes);
  CHECK(limit.take(now + 995_ms) == no);
  CHECK(limit.take(now + 1_h) == LineLimit::Verdict{true, 1});
}

TEST_CASE("what is written at or above the level reaches stderr, within the bound") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int terminal = dup(STDERR_FILENO);
  std::fflush(stderr);
  dup2(fileno(file), STDERR_FILENO);
  log::configure(Level::info, Format::text);
  log::debug("too small");
  log::info("first", {
                         {"key", "value"}
  });
  log::write(Level::off, "never");
  for (int i = 0; i < 5000; ++i) log::warn("many");
  log::configure(Level::off, Format::text);
  log::error("switched off");
  std::fflush(stderr);
  dup2(terminal, STDERR_FILENO);
  close(terminal);

  std::rewind(file);
  std::vector<std::string> lines;
  char buffer[200];
  while (std::fgets(buffer, sizeof buffer, file) != nullptr) lines.emplace_back(buffer);
  std::fclose(file);
  REQUIRE(lines.size() > 1);
  CHECK(lines.front().ends_with(" INFO first key=value\n"));
  CHECK(lines.size() >= 1000);  // How many more depends on where a second ends.
  for (const std::string& line : lines) {
    CHECK(line.find("too small") == std::string::npos);
    CHECK(line.find("never") == std::string::npos);
    CHECK(line.find("switched off") == std::string::npos);
  }
}
