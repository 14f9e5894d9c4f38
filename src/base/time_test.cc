#include "base/time.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace slipway;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr Instant from_unix(std::int64_t seconds, std::int64_t nanoseconds = 0) {
  return Instant{seconds * 1'000'000'000 + nanoseconds};
}

}  // namespace

TEST_CASE("arithmetic on time saturates") {
  CHECK(Duration::from_seconds(most) == Duration{most});
  CHECK(Duration::from_seconds(least) == Duration{least});
  CHECK(Duration::from_milliseconds(most) == Duration{most});
  CHECK(Duration::from_milliseconds(least) == Duration{least});
  CHECK(Duration{most} + 1_s == Duration{most});
  CHECK(Duration{least} - 1_s == Duration{least});
  CHECK(-Duration{least} == Duration{most});
  CHECK(1_h * most == Duration{most});
  CHECK(1_h * least == Duration{least});
  CHECK(Duration{least} * -1 == Duration{most});
  CHECK(Instant{most} + 1_h == Instant{most});
  CHECK(Instant{most} - Instant{least} == Duration{most});
  CHECK(round_up_to_second(Instant{most}) == Instant{most});
  CHECK(round_down_to_second(Instant{least}) == Instant{least});
}

TEST_CASE("rounding to seconds goes the way its name says, before 1970 too") {
  CHECK(round_up_to_second(from_unix(5)) == from_unix(5));
  CHECK(round_up_to_second(from_unix(5, 1)) == from_unix(6));
  CHECK(round_up_to_second(from_unix(-5, -1)) == from_unix(-5));
  CHECK(round_down_to_second(from_unix(5, 999'999'999)) == from_unix(5));
  CHECK(round_down_to_second(from_unix(-5, -1)) == from_unix(-6));
}

TEST_CASE("RFC 3339 times are read") {
  struct Row {
    const char* text;
    Instant want;
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", from_unix(0)},
      {"1969-12-31T23:59:59Z", from_unix(-1)},
      {"2026-01-01T00:00:00Z", from_unix(1'767'225'600)},
      {"2024-02-29T12:34:56Z", from_unix(1'709'210'096)},
      {"2000-02-29T00:00:00Z", from_unix(951'782'400)},
      {"2026-01-01T01:00:00+01:00", from_unix(1'767'225'600)},
      {"2025-12-31T18:30:00-05:30", from_unix(1'767'225'600)},
      {"2026-01-01T00:00:00.5Z", from_unix(1'767'225'600, 500'000'000)},
      {"2026-01-01T00:00:00.000001Z", from_unix(1'767'225'600, 1'000)},
      {"2026-01-01T00:00:00.123456789999Z", from_unix(1'767'225'600, 123'456'789)},
      {"1969-12-31T23:59:59.5Z", from_unix(-1, 500'000'000)},
      {"9999-12-31T23:59:59Z", Instant{most}},
      {"0001-01-01T00:00:00Z", Instant{least}},
      {"0000-01-01T00:00:00+23:59", Instant{least}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto time = parse_rfc3339(row.text);
    REQUIRE(time.has_value());
    CHECK(*time == row.want);
  }
}

TEST_CASE("what is no RFC 3339 time is refused and named") {
  for (const char* text : {"",
                           " ",
                           "now",
                           "2026-01-01",
                           "2026-01-01T00:00:00",
                           "2026-01-01 00:00:00Z",
                           "2026-01-01t00:00:00Z",
                           "2026-01-01T00:00:00z",
                           "2026-01-01T00:00Z",
                           "26-01-01T00:00:00Z",
                           "2026-1-1T0:0:0Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-32T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:60Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00,5Z",
                           "2026-01-01T00:00:00+0100",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+01:60",
                           "2026-01-01T00:00:00+1:00",
                           "2026-01-01T00:00:00Z ",
                           " 2026-01-01T00:00:00Z",
                           "2026-01-01T00:00:00ZZ",
                           "+026-01-01T00:00:00Z",
                           "-026-01-01T00:00:00Z",
                           "12026-01-01T00:00:00Z"}) {
    CAPTURE(text);
    const auto time = parse_rfc3339(text);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().code == ErrorCode::invalid);
    CHECK(time.error().message.find('"' + std::string(text) + '"') != std::string::npos);
  }
}

TEST_CASE("times are written in whole seconds rounded down, or with six decimals") {
  struct Row {
    Instant time;
    const char* seconds;
    const char* micro;
  };
  const Row rows[] = {
      {from_unix(0), "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
      {from_unix(1'767'225'599, 999'999'999), "2025-12-31T23:59:59Z",
       "2025-12-31T23:59:59.999999Z"},
      {from_unix(0, -1), "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"},
      {from_unix(1'709'210'096, 7'000), "2024-02-29T12:34:56Z", "2024-02-29T12:34:56.000007Z"},
      {Instant{most}, "2262-04-11T23:47:16Z", "2262-04-11T23:47:16.854775Z"},
      {Instant{least}, "1677-09-21T00:12:43Z", "1677-09-21T00:12:43.145224Z"},
  };
  for (const Row& row : rows) {
    CHECK(format_rfc3339(row.time) == row.seconds);
    CHECK(format_rfc3339_micro(row.time) == row.micro);
  }
}

TEST_CASE("what is written reads back as the same moment") {
  Random random(2);
  for (int round = 0; round < 5000; ++round) {
    const Instant time{static_cast<std::int64_t>(random.next())};
    CAPTURE(time.nanoseconds);
    // The very first second there is can't be reached by whole seconds.
    if (time < Instant{least} + 1_s) continue;
    CHECK(*parse_rfc3339(format_rfc3339(time)) == round_down_to_second(time));
    const Duration rest = time - *parse_rfc3339(format_rfc3339_micro(time));
    CHECK(rest >= Duration{0});
    CHECK(rest < Duration{1000});
  }
}

TEST_CASE("Go durations are read") {
  struct Row {
    const char* text;
    Duration want;
  };
  const Row rows[] = {
      {"0",                                                        Duration{}                 },
      {"-0",                                                       Duration{}                 },
      {"0s",                                                       Duration{}                 },
      {"300ms",                                                    300_ms                     },
      {"90s",                                                      90_s                       },
      {"1h30m",                                                    90_min                     },
      {"-1.5h",                                                    -90_min                    },
      {"+5s",                                                      5_s                        },
      {"1.5s",                                                     1500_ms                    },
      {".5s",                                                      500_ms                     },
      {"5.s",                                                      5_s                        },
      {"1h15m30.918273645s",                                       Duration{4'530'918'273'645}},
      {"3ns2us1ms",                                                Duration{1'002'003}        },
      {"7µs",                                                      Duration{7'000}            },
      {"7μs",                                                      Duration{7'000}            },
      {"1s1s",                                                     2_s                        },
      {"0.3333333333333333333h",                                   20_min - Duration{1}       },
      {"9007199254740993ns",                                       Duration{9007199254740993} },
      {"9223372036854775807ns",                                    Duration{most}             },
      {"-9223372036854775808ns",                                   Duration{least}            },
      {"-2562047h47m16.854775808s",                                Duration{least}            },
      {"0.100000000000000000000h",                                 6_min                      },
      {"1s0.000000000000000000000000000000000000000000002000001h", 1_s                        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto duration = parse_go_duration(row.text);
    REQUIRE(duration.has_value());
    CHECK(duration->nanoseconds == row.want.nanoseconds);
  }
}

TEST_CASE("what is no Go duration is refused and named") {
  for (const char* text : {"",
                           "3",
                           "-",
                           "s",
                           ".",
                           "-.",
                           ".s",
                           "+.s",
                           "1d",
                           "1.5.5s",
                           "1 s",
                           " 1s",
                           "1s ",
                           "1S",
                           "--1s",
                           "1h-30m",
                           "1e3s",
                           "1,5s",
                           "9223372036854775808ns",
                           "9223372036854775.808us",
                           "3000000h",
                           "99999999999999999999999999h"}) {
    CAPTURE(text);
    const auto duration = parse_go_duration(text);
    REQUIRE_FALSE(duration.has_value());
    CHECK(duration.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("durations are written as Go writes them, and read back") {
  struct Row {
    Duration duration;
    const char* want;
  };
  const Row rows[] = {
      {Duration{},            "0s"                       },
      {Duration{1},           "1ns"                      },
      {Duration{1'100},       "1.1µs"                    },
      {Duration{2'200'000},   "2.2ms"                    },
      {3300_ms,               "3.3s"                     },
      {5_min + 5_s,           "5m5s"                     },
      {5_min + 5001_ms,       "5m5.001s"                 },
      {5_h + 6_min + 7001_ms, "5h6m7.001s"               },
      {1_h,                   "1h0m0s"                   },
      {90_min,                "1h30m0s"                  },
      {8_min + Duration{1},   "8m0.000000001s"           },
      {-1500_ms,              "-1.5s"                    },
      {Duration{most},        "2562047h47m16.854775807s" },
      {Duration{least},       "-2562047h47m16.854775808s"},
  };
  for (const Row& row : rows) {
    CHECK(format_go_duration(row.duration) == row.want);
    CHECK(*parse_go_duration(row.want) == row.duration);
  }
  Random random(3);
  for (int round = 0; round < 5000; ++round) {
    const Duration duration{static_cast<std::int64_t>(random.next() >> random.below(64))};
    CAPTURE(duration.nanoseconds);
    CHECK(*parse_go_duration(format_go_duration(duration)) == duration);
  }
}

TEST_CASE("ages are written as kubectl writes them") {
  struct Row {
    Duration duration;
    const char* want;
  };
  const Duration day = 24_h;
  const Row rows[] = {
      {-2_s,                    "<invalid>"},
      {-1999_ms,                "0s"       },
      {-1_s,                    "0s"       },
      {Duration{},              "0s"       },
      {999_ms,                  "0s"       },
      {119_s,                   "119s"     },
      {120_s,                   "2m"       },
      {250_s,                   "4m10s"    },
      {599_s,                   "9m59s"    },
      {600_s,                   "10m"      },
      {3_h - 1_s,               "179m"     },
      {3_h,                     "3h"       },
      {3_h + 5_min,             "3h5m"     },
      {8_h - 1_s,               "7h59m"    },
      {8_h,                     "8h"       },
      {48_h - 1_s,              "47h"      },
      {48_h,                    "2d"       },
      {day * 3 + 2_h,           "3d2h"     },
      {day * 8 - 1_s,           "7d23h"    },
      {day * 8,                 "8d"       },
      {day * 729,               "729d"     },
      {day * 730,               "2y"       },
      {day * 800,               "2y70d"    },
      {day * 365 * 8 - 1_s,     "7y364d"   },
      {day * 365 * 8,           "8y"       },
      {day * 365 * 9 + day * 9, "9y"       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.want);
    CHECK(format_human_duration(row.duration) == row.want);
  }
}
