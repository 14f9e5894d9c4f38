#include <doctest/doctest.h>

#include <fmt/format.h>

#include "base/json.h"

using namespace slipway;

namespace {

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

std::string error_of(const std::string& text) {
  const auto parsed = parse_json(text);
  return parsed ? "read as " + to_text(*parsed) : parsed.error().text();
}

}  // namespace

TEST_CASE("valid JSON reads as what it says") {
  struct Row {
    const char* text;
    Json want;
  };
  const Row rows[] = {
      {"null", nullptr},
      {" true ", true},
      {"false", false},
      {"0", 0},
      {"-0", 0},
      {"12", 12},
      {"\n-7\t", -7},
      {"9223372036854775807", 9223372036854775807LL},
      {"-9223372036854775808", -9223372036854775807LL - 1},
      {"9223372036854775808", 9223372036854775808.0},
      {"18446744073709551616", 18446744073709551616.0},
      {"[123456789012345678901234567890]", Json::array({123456789012345678901234567890.0})},
      {"1.5", 1.5},
      {"1e3", 1000.0},
      {"1E+2", 100.0},
      {"-2.5e-1", -0.25},
      {"\"\"", ""},
      {R"("a\"b\\c\/d\b\f\n\r\t")", "a\"b\\c/d\b\f\n\r\t"},
      {R"("\u00e9\u20ac\ud83d\ude00")", "é€😀"},
      {"\"é€😀\"", "é€😀"},
      {R"("\u0000")", std::string_view("\0", 1)},
      {"[]", Json::array()},
      {"{}", Json::object()},
      {" [ 1 , [ ] , { } ] ", Json::array({1, Json::array(), Json::object()})},
      {R"({"a":{"b":[true,null]}})",
       Json::object({{"a", Json::object({{"b", Json::array({true, nullptr})}})}})},
      {R"({"":1})", Json::object({{"", 1}})},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_json(row.text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == row.want);
    CHECK(parsed->type() == row.want.type());
  }
}

TEST_CASE("malformed JSON is refused, with its place") {
  struct Row {
    std::string text;
    const char* want;
  };
  const Row rows[] = {
      {"", "it is empty, near byte 0"},
      {"   ", "it is empty, near byte 0"},
      {"[1,2", "does not end"},
      {"[[1,2]", "near byte 6"},
      {"{\"a\":1", "does not end"},
      {"{\"a\":[1}", "near byte"},
      {"[1,]", "near byte 3"},
      {"[,1]", "near byte 1"},
      {"[1 2]", "near byte 3"},
      {"{\"a\":1,}", "near byte 7"},
      {"{\"a\" 1}", "near byte"},
      {"{a:1}", "near byte 1"},
      {"{1:2}", "near byte 1"},
      {"{\"a\":}", "near byte 5"},
      {"{\"a\":1 \"b\":2}", "near byte"},
      {"[}", "near byte"},
      {"]", "near byte 0"},
      {"{\"a\":1}}", "near byte"},
      {"[1]]", "near byte"},
      {"1 2", "near byte"},
      {"{} {}", "near byte"},
      {"[] x", "near byte"},
      {"nul", "near byte"},
      {"nulll", "near byte"},
      {"truex", "near byte"},
      {"[nulx]", "near byte"},
      {"[tru]", "near byte"},
      {"[fals]", "near byte"},
      {"\"a\" \"b\"", "near byte"},
      {"True", "near byte"},
      {"'a'", "near byte"},
      {"01", "number"},
      {"-01", "number"},
      {"[00]", "number"},
      {"1.", "number"},
      {".5", "near byte"},
      {"-", "near byte 0"},
      {"+1", "near byte"},
      {"1e", "number"},
      {"1e400", "number"},
      {"[0x10]", "number"},
      {"NaN", "near byte"},
      {"Infinity", "near byte"},
      {"\"a", "a string does not end, near byte 2"},
      {"\"a\nb\"", "a string holds a control character, near byte 2"},
      {"{\"a\":\"\x01\"}", "a string holds a control character, near byte 6"},
      {R"("\x")", "malformed escape"},
      {R"("\u12")", "malformed escape"},
      {R"("\u12g4")", "malformed escape"},
      {R"("\ud800")", "near byte"},
      {R"("\ud800\ud800")", "near byte"},
      {R"("\ud800x")", "near byte"},
      {R"("\udc00")", "malformed escape"},
      {R"({"\udfff":1})", "malformed escape"},
      {"\"\xff\"", "a byte is not UTF-8, near byte 1"},
      {"\"\xc0\x80\"", "a byte is not UTF-8, near byte 1"},
      {"\"\xed\xa0\x80\"", "a byte is not UTF-8, near byte 1"},
      {"[1]\xff", "a byte is not UTF-8, near byte 3"},
      {"\xef\xbb\xbf[]", "near byte"},
      {"/* c */ 1", "near byte"},
      {std::string("1\0", 2), "near byte"},
      {std::string("[1\0]", 4), "near byte"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK_MESSAGE(error_of(row.text).find(row.want) != std::string::npos, error_of(row.text));
    CHECK(error_of(row.text).starts_with("not valid JSON: "));
  }
}

TEST_CASE("200 levels are read, more are not") {
  CHECK(parse_json(nested(200)).has_value());
  CHECK(error_of(nested(201)).find("more than 200 levels") != std::string::npos);
  CHECK(error_of(nested(100'000)).find("more than 200 levels") != std::string::npos);
}

TEST_CASE("of a key seen twice the last value wins in the first's place, and the key is reported") {
  struct Row {
    const char* text;
    const char* want;
    std::vector<std::string> duplicates;
  };
  const Row rows[] = {
      {R"({"a":1,"b":2})",                       R"({"a":1,"b":2})",            {}           },
      {R"({"a":1,"b":2,"a":3})",                 R"({"a":3,"b":2})",            {"a"}        },
      {R"({"a":1,"a":2,"a":3})",                 R"({"a":3})",                  {"a", "a"}   },
      {R"({"spec":{"size":1,"size":2}})",        R"({"spec":{"size":2}})",      {"spec.size"}},
      {R"({"a":[{},{"b":{"c":1,"\u0063":2}}]})", R"({"a":[{},{"b":{"c":2}}]})", {"a[1].b.c"} },
      {R"([[0,{"a":1,"a":2}]])",                 R"([[0,{"a":2}]])",            {"[0][1].a"} },
      {R"({"":{"a":1,"a":2}})",                  R"({"":{"a":2}})",             {"a"}        },
      {R"({"a":1,"":2,"":3})",                   R"({"a":1,"":3})",             {""}         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    std::vector<std::string> duplicates;
    const auto parsed = parse_json(row.text, {.duplicate_keys = &duplicates});
    REQUIRE(parsed.has_value());
    CHECK(to_text(*parsed) == row.want);
    CHECK(duplicates == row.duplicates);
    CHECK(to_text(*parse_json(row.text)) == row.want);
  }
}

TEST_CASE("duplicates are found in long objects too, and their report is bounded") {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += fmt::format("\"k{}\":{},", i % 2500, i);
  text.back() = '}';
  std::vector<std::string> duplicates;
  const auto parsed = parse_json(text, {.duplicate_keys = &duplicates});
  REQUIRE(parsed.has_value());
  CHECK(parsed->size() == 2500);
  CHECK((*parsed)["k0"] == 2500);
  CHECK((*parsed)["k2499"] == 4999);
  CHECK(parsed->as_object().front().first == "k0");
  CHECK(duplicates.size() == 100);
  CHECK(duplicates.front() == "k0");
}

TEST_CASE("skipped members are left out where the path says, and not looked into") {
  const JsonParseOptions options{
      .skip = {{"metadata", "managedFields"}, {"status"}}
  };
  const char* text = R"({"metadata":{"name":"a","managedFields":[{"x":{"y":1}}]},"status":1,)"
                     R"("spec":{"status":2,"metadata":{"managedFields":3}}})";
  const auto parsed = parse_json(text, options);
  REQUIRE(parsed.has_value());
  CHECK(to_text(*parsed) ==
        R"({"metadata":{"name":"a"},"spec":{"status":2,"metadata":{"managedFields":3}}})");
  CHECK(to_text(*parse_json(R"({"status":[1,,x],"a":1})", options)) == R"({"a":1})");
  for (const char* broken :
       {R"({"status":"a)", R"({"status":[1)", R"({"status":})", R"({"status":1 2})"}) {
    CAPTURE(std::string(broken));
    CHECK_FALSE(parse_json(broken, options).has_value());
  }
  CHECK(to_text(*parse_json(R"([{"status":1}])", options)) == R"([{"status":1}])");
}

TEST_CASE("unread members keep their text, whatever they are") {
  struct Row {
    const char* text;
    const char* want;
  };
  const Row rows[] = {
      {R"({"a": {"b" : [1, {"c":"}"}]} ,"d":1})", R"({"b" : [1, {"c":"}"}]})"},
      {R"({"a":[ 1 ]})",                          "[ 1 ]"                    },
      {R"({"a":"x\"y" })",                        R"("x\"y")"                },
      {R"({"a":1.50 ,"d":2})",                    "1.50"                     },
      {R"({"a":null})",                           "null"                     },
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    const auto parsed = parse_json(row.text, {.unread = {{"a"}}});
    REQUIRE(parsed.has_value());
    CHECK((*parsed)["a"].string_or_empty() == row.want);
  }
  CHECK(to_text(*parse_json(R"({"b":{"a":{"c":1}}})", {.unread = {{"a"}}})) ==
        R"({"b":{"a":{"c":1}}})");
  CHECK_FALSE(parse_json(R"({"a":{"b":1)", {.unread = {{"a"}}}).has_value());
}

TEST_CASE("one reading does not disturb the next") {
  CHECK_FALSE(parse_json("[1,").has_value());
  CHECK(*parse_json("[1]") == Json::array({1}));
  const std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  CHECK(parse_json(large)->at(0).as_string().size() == 3 << 20);
  CHECK(*parse_json("[2]") == Json::array({2}));
}
