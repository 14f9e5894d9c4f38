#include "api/quantity.h"

#include <doctest/doctest.h>

namespace slipway::api {
namespace {

TEST_CASE("quantities have one canonical text, which is Go's") {
  struct Row {
    const char* text;
    const char* canonical;
    const char* value;
  };
  const Row rows[] = {
      {"0",                        "0",                        "0"                         },
      {"0Mi",                      "0",                        "0"                         },
      {"000",                      "0",                        "0"                         },
      {"-0",                       "0",                        "0"                         },
      {"1",                        "1",                        "1e0"                       },
      {"1000m",                    "1",                        "1e0"                       },
      {"1500m",                    "1500m",                    "15e-1"                     },
      {"0.5",                      "500m",                     "5e-1"                      },
      {".5",                       "500m",                     "5e-1"                      },
      {"5.",                       "5.",                       "5e0"                       },
      {"100m",                     "100m",                     "1e-1"                      },
      {"2000",                     "2k",                       "2e3"                       },
      {"12345",                    "12345",                    "12345e0"                   },
      {"1000000k",                 "1G",                       "1e9"                       },
      {"1024Mi",                   "1Gi",                      "1073741824e0"              },
      {"1Gi",                      "1Gi",                      "1073741824e0"              },
      {"1000Ki",                   "1000Ki",                   "1024e3"                    },
      {"1536Mi",                   "1536Mi",                   "1610612736e0"              },
      {"1.5Gi",                    "1536Mi",                   "1610612736e0"              },
      {"0.5Ki",                    "512",                      "512e0"                     },
      {"0.1Ki",                    "102400m",                  "1024e-1"                   },
      {"1025.5Ki",                 "1050112",                  "1050112e0"                 },
      {"8Ei",                      "9223372036854775807",      "9223372036854775807e0"     },
      {"1e3",                      "1e3",                      "1e3"                       },
      {"1E3",                      "1E3",                      "1e3"                       },
      {"10e3",                     "10e3",                     "1e4"                       },
      {"1e4",                      "10e3",                     "1e4"                       },
      {"1e+3",                     "1e+3",                     "1e3"                       },
      {"1e-3",                     "1e-3",                     "1e-3"                      },
      {"1E",                       "1E",                       "1e18"                      },
      {"-5m",                      "-5m",                      "-5e-3"                     },
      {"-1.5",                     "-1500m",                   "-15e-1"                    },
      // Go remembers these as they were written.
      {"+5",                       "+5",                       "5e0"                       },
      {"007",                      "007",                      "7e0"                       },
      {"1.500",                    "1.500",                    "15e-1"                     },
      {"12Mi",                     "12Mi",                     "12582912e0"                },
      // Finer than a billionth is rounded up.
      {"1n",                       "1n",                       "1e-9"                      },
      {"0.1n",                     "1n",                       "1e-9"                      },
      {"1.0000000001",             "1000000001n",              "1000000001e-9"             },
      {"-0.1n",                    "-1n",                      "-1e-9"                     },
      {"1e-2000000000",            "1e-9",                     "1e-9"                      },
      // Far more digits than 64 bits hold.
      {"123456789012345678901234", "123456789012345678901234", "123456789012345678901234e0"},
      {"1e2000000000",             "100e1999999998",           "1e2000000000"              },
      // Leftovers of Go's lenient scanner.
      {"-",                        "0",                        "0"                         },
      {".",                        "0",                        "0"                         },
      {"Ki",                       "0",                        "0"                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto quantity = Quantity::parse(row.text);
    REQUIRE(quantity.has_value());
    CHECK(quantity->text() == row.canonical);
    CHECK(quantity->value_text() == row.value);
  }
}

TEST_CASE("what is no quantity is refused in Go's words") {
  struct Row {
    const char* text;
    const char* message;
  };
  constexpr const char* malformed =
      "quantities must match the regular expression "
      "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  constexpr const char* suffix = "unable to parse quantity's suffix";
  const Row rows[] = {
      {"",              malformed},
      {" 1",            malformed},
      {"one",           malformed},
      {"1 Gi",          malformed},
      {"1.2.3",         malformed},
      {"--1",           suffix   },
      {"1Gb",           malformed},
      {"1Kim",          suffix   },
      {"1Mm",           suffix   },
      {"1e",            suffix   },
      {"1ee3",          suffix   },
      {"1K",            suffix   },
      {"1e99999999999", suffix   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto quantity = Quantity::parse(row.text);
    REQUIRE_FALSE(quantity.has_value());
    CHECK(quantity.error().message == row.message);
  }
}

TEST_CASE("quantities compare by value, whatever their suffix") {
  const char* const ascending[] = {"-1Gi", "-1G", "-1",  "-1m", "0",   "1n",  "1m",  "999m",
                                   "1",    "1k",  "1Ki", "1M",  "1Mi", "1e9", "1Gi", "1e30"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[j]);
      const auto a = Quantity::parse(ascending[i]);
      const auto b = Quantity::parse(ascending[j]);
      CHECK((*a <=> *b) == (i <=> j));
    }
  }
  CHECK(*Quantity::parse("1000m") == *Quantity::parse("1"));
  CHECK(*Quantity::parse("1Gi") == *Quantity::parse("1073741824"));
}

TEST_CASE("servers round what they account for up to thousandths") {
  struct Row {
    const char* text;
    const char* rounded;
    std::int64_t milli;
  };
  const Row rows[] = {
      {"1n",     "1m",    1                  },
      {"0",      "0",     0                  },
      {"1100u",  "2m",    2                  },
      {"-1100u", "-2m",   -2                 },
      {"1.500",  "1.500", 1500               },
      {"2",      "2",     2000               },
      {"1Mi",    "1Mi",   1048576000         },
      {"9E",     "9E",    9223372036854775807},
      {"9P",     "9P",    9000000000000000000},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto quantity = Quantity::parse(row.text);
    REQUIRE(quantity.has_value());
    CHECK(quantity->rounded_up_to_milli().text() == row.rounded);
    CHECK(quantity->milli() == row.milli);
  }
}

}  // namespace
}  // namespace slipway::api
