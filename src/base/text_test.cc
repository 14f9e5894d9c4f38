#include "base/text.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace slipway;

namespace {
using Parts = std::vector<std::string_view>;
}

TEST_CASE("a text splits at each separator and joins back") {
  CHECK(split("", ',') == Parts{""});
  CHECK(split("a", ',') == Parts{"a"});
  CHECK(split("a,b", ',') == Parts{"a", "b"});
  CHECK(split(",a,,", ',') == Parts{"", "a", "", ""});
  CHECK(join({}, ", ") == "");
  CHECK(join({"a"}, ", ") == "a");
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
}

TEST_CASE("trimming takes blanks off both ends") {
  CHECK(trim("  a b\r\n\t") == "a b");
  CHECK(trim(" \n") == "");
  CHECK(trim("") == "");
}

TEST_CASE("lower case touches ASCII only") {
  CHECK(to_lower("AbZ-É[@`") == "abz-É[@`");
}

TEST_CASE("a whole number is read, anything else is not") {
  struct Row {
    const char* text;
    std::optional<std::int64_t> want;
  };
  const Row rows[] = {
      {"0",                    0                                       },
      {"-0",                   0                                       },
      {"+7",                   7                                       },
      {"007",                  7                                       },
      {"-12",                  -12                                     },
      {"9223372036854775807",  9223372036854775807                     },
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"9223372036854775808",  {}                                      },
      {"",                     {}                                      },
      {"+",                    {}                                      },
      {"-",                    {}                                      },
      {"+-1",                  {}                                      },
      {"--1",                  {}                                      },
      {" 1",                   {}                                      },
      {"1 ",                   {}                                      },
      {"1.0",                  {}                                      },
      {"0x1",                  {}                                      },
      {"1e3",                  {}                                      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_integer(row.text) == row.want);
  }
}

TEST_CASE("quoting escapes as Go's %q does") {
  struct Row {
    std::string text;
    const char* want;
  };
  const Row rows[] = {
      {"", R"("")"},
      {"plain é€😀", R"("plain é€😀")"},
      {"a\"b\\c'", R"("a\"b\\c'")"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
      {std::string("\0\x1b\x7f", 3), R"("\x00\x1b\x7f")"},
      {"\xff\xc0\x80", R"("\xff\xc0\x80")"},
      {"\xed\xa0\x80", R"("\xed\xa0\x80")"},
      {"\u0085\u00a0\u200b\u2028\ufeff", R"("\u0085\u00a0\u200b\u2028\ufeff")"},
      {"\U000e0001\U0010ffff", R"("\U000e0001\U0010ffff")"},
      {"\xe2\x82", R"("\xe2\x82")"},
  };
  for (const Row& row : rows) CHECK(quote(row.text) == row.want);
}

TEST_CASE("base64 reads and writes the vectors of RFC 4648") {
  struct Row {
    const char* plain;
    const char* encoded;
  };
  const Row rows[] = {
      {"",       ""        },
      {"f",      "Zg=="    },
      {"fo",     "Zm8="    },
      {"foo",    "Zm9v"    },
      {"foob",   "Zm9vYg=="},
      {"fooba",  "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const Row& row : rows) {
    CHECK(base64_encode(row.plain) == row.encoded);
    CHECK(base64_decode(row.encoded) == row.plain);
  }
  CHECK(base64_decode("Zm9v\r\nYmFy\n") == "foobar");
}

TEST_CASE("malformed base64 is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9", "=", "====", "Zg==Zg==", "Zg=a",
                           "Zm9v=", "Zm9v===", "Zm 9v", "Zm9-", "Zm9_", "Zg===", "Zm8=="}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text).has_value());
  }
}

TEST_CASE("base64 and percent-encoding give all bytes back") {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (auto left = random.below(40); left > 0; --left) {
      bytes += static_cast<char>(random.below(256));
    }
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
    CHECK(url_decode(url_encode(bytes)) == bytes);
    CHECK(url_decode(url_encode(bytes), false) == bytes);
  }
}

TEST_CASE("percent-encoding keeps unreserved characters and decodes what it can") {
  CHECK(url_encode("aZ09-._~") == "aZ09-._~");
  CHECK(url_encode("a b/é+%") == "a%20b%2F%C3%A9%2B%25");
  CHECK(url_decode("a%20b%2f+c") == "a b/ c");
  CHECK(url_decode("a+b", false) == "a+b");
  CHECK(url_decode("100%") == "100%");
  CHECK(url_decode("%4") == "%4");
  CHECK(url_decode("%zz%41") == "%zzA");
}

TEST_CASE("display width counts code points, without what only colours") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("├──⧉ é") == 6);
  CHECK(display_width("\x1b[31mred\x1b[0m") == 3);
  CHECK(display_width("\x1b[38;5;12m✔\x1b[m") == 1);
}
