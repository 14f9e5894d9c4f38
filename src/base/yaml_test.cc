#include "base/yaml.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include "base/json_for_test.h"

using namespace slipway;

namespace {

std::string read(const std::string& text) {
  const auto documents = parse_yaml(text);
  if (!documents) return documents.error().text();
  std::string joined;
  for (const Json& document : *documents) joined += (joined.empty() ? "" : " ") + to_text(document);
  return joined;
}

struct Row {
  std::string text;
  std::string want;
};

}  // namespace

TEST_CASE("plain scalars read as sigs.k8s.io/yaml reads them") {
  const Row rows[] = {
      {"null",                                                    ""                                          },
      {"[~, null, Null, NULL, nULL, '']",                         R"([null,null,null,null,"nULL",""])"        },
      {"[true, True, TRUE, yes, Yes, YES, on, On, ON, y, Y]",
       "[true,true,true,true,true,true,true,true,true,true,true]"                                             },
      {"[false, False, FALSE, no, No, NO, off, Off, OFF, n, N]",
       "[false,false,false,false,false,false,false,false,false,false,false]"                                  },
      {"[tRUE, yES, oN, yess, nope]",                             R"(["tRUE","yES","oN","yess","nope"])"      },
      {"[0, 7, -7, +7, 1_000, -0]",                               "[0,7,-7,7,1000,0]"                         },
      {"[0644, 0o644, 0O17, 0x1F, 0X1f, 0b101, -0x10]",           "[420,420,15,31,31,5,-16]"                  },
      {"[089, 08, 0x, 0b2, 0xg, 1__0]",                           R"([89,8,"0x","0b2","0xg",10])"             },
      {"[9223372036854775807, -9223372036854775808]",             "[9223372036854775807,-9223372036854775808]"},
      {"[18446744073709551616]",                                  "[18446744073709552000]"                    },
      {"[1.5, -1.5, .5, 1., 1e3, 1E+3, 1.5e-2]",                  "[1.5,-1.5,0.5,1,1000,1000,0.015]"          },
      {"[1.2.3, 1e, e1, ., '-', +, 1-2, 0.5Gi, 100m, 1:30, 1,2]",
       R"(["1.2.3","1e","e1",".","-","+","1-2","0.5Gi","100m","1:30",1,2])"                                   },
      {"[2026-01-01, 2026-01-01T00:00:00Z]",                      R"(["2026-01-01","2026-01-01T00:00:00Z"])"  },
      {"['true', \"1\", '~', \"null\"]",                          R"(["true","1","~","null"])"                },
      {"[!!str 1, !!str true, ! 1]",                              R"(["1","true","1"])"                       },
      {"[infinity, nan, _1, inf]",                                R"(["infinity","nan","_1","inf"])"          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.want);
  }
}

TEST_CASE("keys are texts, whatever they look like") {
  CHECK(read("y: 1\nno: 2\n0x10: 3\n1.50: 4\n'1': 5\nnull1: 6\n\"\": 7\n") ==
        R"({"true":1,"false":2,"16":3,"1.5":4,"1":5,"null1":6,"":7})");
}

TEST_CASE("documents, comments, blocks and flows are read") {
  const Row rows[] = {
      {"",                                               ""                                 },
      {"# nothing\n",                                    ""                                 },
      {"---\n---\n",                                     ""                                 },
      {"a: 1\n---\nb: 2\n...\n---\n# no more\n",         R"({"a":1} {"b":2})"               },
      {"---\na: 1\n---\n\n---\nb: 2\n",                  R"({"a":1} {"b":2})"               },
      {"a:\nb: ~\nc: ''\n",                              R"({"a":null,"b":null,"c":""})"    },
      {"a:\n- 1\n- b: 2\n  c: 3\n- - 4\n",               R"({"a":[1,{"b":2,"c":3},[4]]})"   },
      {"a: |\n  x\n   y\n\nb: |-\n  z\n",                R"({"a":"x\n y\n","b":"z"})"       },
      {"a: >\n  x\n  y\n\n  z\n",                        R"({"a":"x y\nz\n"})"              },
      {"a: x\n  y\n",                                    R"({"a":"x y"})"                   },
      {"a: {b: [1, 'two'], \"c\": }\n",                  R"({"a":{"b":[1,"two"],"c":null}})"},
      {"a: 'it''s'\nb: \"tab\\t\\u00e9\"\n",             R"({"a":"it's","b":"tab	é"})"     },
      {R"({"a":[1,2.5,true,null,"x\ny"],"b":{"c":{}}})",
       R"({"a":[1,2.5,true,null,"x\ny"],"b":{"c":{}}})"                                     },
      {"{\n\t\"a\": 1,\n\t\"b\": [\n\t\t2\n\t]\n}\n",    R"({"a":1,"b":[2]})"               },
      {"%YAML 1.1\n---\na: 0o7\n",                       R"({"a":7})"                       },
      {"a: b # c\nd: e#f\n",                             R"({"a":"b","d":"e#f"})"           },
      {"\"a\": http://x:80/\n",                          R"({"a":"http://x:80/"})"          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    std::string want = row.want;
    if (const std::size_t tab = want.find('\t'); tab != want.npos) want.replace(tab, 1, "\\t");
    CHECK(read(row.text) == want);
  }
}

TEST_CASE("anchors, aliases and merges work") {
  const Row rows[] = {
      {"a: &x 1\nb: *x\n",                                         R"({"a":1,"b":1})"                                },
      {"a: &x [1, &y {c: 2}]\nb: *x\nd: *y\n",                     R"({"a":[1,{"c":2}],"b":[1,{"c":2}],"d":{"c":2}})"},
      {"&k a: 1\nb: *k\n",                                         R"({"a":1,"b":"a"})"                              },
      {"base: &b {x: 1, y1: 2}\nc:\n  <<: *b\n  x: 3\n",
       R"({"base":{"x":1,"y1":2},"c":{"x":3,"y1":2}})"                                                               },
      {"- &a {x: 1}\n- &b {x: 2, z: 3}\n- {<<: [*a, *b], w: 4}\n",
       R"([{"x":1},{"x":2,"z":3},{"w":4,"x":1,"z":3}])"                                                              },
      {"'<<': {a: 1}\n",                                           R"({"<<":{"a":1}})"                               },
      {"a: &x 1\nb: &x 2\nc: *x\n",                                R"({"a":1,"b":2,"c":2})"                          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.want);
  }
}

TEST_CASE("what is wrong is told with line and column") {
  const Row rows[] = {
      {"a: 1\nb: [1, 2\n",      "line "                                                               },
      {"a: 1\n  b: 2\n",        "line 1, column 4: invalid multiline"                                 },
      {"a: b: c\n",             "line 1"                                                              },
      {"a:\n\tb: 1\n",          "line 2"                                                              },
      {"a: 'x\n",               "line "                                                               },
      {"a: 1\nb: 2\na: 3\n",    "line 3, column 1: the key \"a\" stands here a second time"           },
      {"{a: 1, a: 2}",          "line 1, column 8: the key \"a\""                                     },
      {"true: 1\nyes: 2\n",     "line 2, column 1: the key \"true\""                                  },
      {"a: *nowhere\n",         "line 1, column 5: unknown anchor \"nowhere\""                        },
      {"a: &x [*x]\n",          "unknown anchor \"x\""                                                },
      {"a: &x 1\n---\nb: *x\n", "line 3, column 5: unknown anchor"                                    },
      {"a: .inf\n",             "line 1, column 4: found .inf"                                        },
      {"a: -.Inf\n",            "found -.Inf"                                                         },
      {"a: .nan\n",             "found .nan"                                                          },
      {"[1]: 2\n",              "line 1"                                                              },
      {"{a: b}: 2\n",           "line 1"                                                              },
      {"~: 2\n",                "line 1, column 1: found an empty key"                                },
      {": 2\n",                 "found an empty key"                                                  },
      {"<<: 1\n",               "line 1, column 1: found a merge (<<) of something that is no mapping"},
      {"a: \"\\x\"\n",          "line 1"                                                              },
      {"a: @b\n",               "line 1"                                                              },
      {"a: \x01\n",             "line 1, column 4: found a control character"                         },
      {"a: \xff\n",             "line 1, column 4: found a byte that is not UTF-8"                    },
      {"a: 1\nb: \x7f\n",       "line 2, column 4: found a control character"                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const std::string got = read(row.text);
    CHECK_MESSAGE(got.find(row.want) != std::string::npos, got);
    CHECK_FALSE(parse_yaml(row.text).has_value());
  }
}

TEST_CASE("hostile texts are bounded") {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += fmt::format("a{0}: &a{0} [", i);
    for (int k = 0; k < 10; ++k) laughs += fmt::format("*a{},", i - 1);
    laughs += "]\n";
  }
  CHECK(read(laughs).find("aliases make more than 1000000 values") != std::string::npos);

  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  CHECK_FALSE(parse_yaml(deep).has_value());
  std::string nested;
  for (int i = 0; i < 300; ++i) nested += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK_FALSE(parse_yaml(nested).has_value());

  std::string merges = "a: &a {";
  for (int i = 0; i < 3000; ++i) merges += fmt::format("k{}: {}, ", i, i);
  merges += "}\nb:\n";
  for (int i = 0; i < 300; ++i) merges += "  <<: *a\n";
  CHECK(parse_yaml(merges).has_value());
}

TEST_CASE("one document is read where one is expected") {
  CHECK(to_text(*parse_yaml_document("---\na: 1\n")) == R"({"a":1})");
  CHECK(parse_yaml_document("").error().message == "found 0 YAML documents, expected one");
  CHECK(parse_yaml_document("a: 1\n---\nb: 2\n").error().code == ErrorCode::invalid);
}

TEST_CASE("YAML is written in blocks, quoted where it must be") {
  const Row rows[] = {
      {"null",                                                                          "null\n"                                  },
      {"{}",                                                                            "{}\n"                                    },
      {"[]",                                                                            "[]\n"                                    },
      {R"({"a":1,"b":[1,{"c":true,"d":[]}],"e":{"f":{}}})",
       "a: 1\nb:\n- 1\n- c: true\n  d: []\ne:\n  f: {}\n"                                                                         },
      {R"([[1,[2]],[]])",                                                               "- - 1\n  - - 2\n- []\n"                  },
      {R"({"a":"true","b":"1","c":"","d":"null","e":"0x1f","f":"plain text","g":"y"})",
       "a: \"true\"\nb: \"1\"\nc: \"\"\nd: \"null\"\ne: \"0x1f\"\nf: plain text\ng: \"y\"\n"                                      },
      {R"({"a":"x: y","b":"x #y","c":"- x","d":"x:","e":" x","f":"x:y#z"})",
       "a: \"x: y\"\nb: \"x #y\"\nc: \"- x\"\nd: \"x:\"\ne: \" x\"\nf: x:y#z\n"                                                   },
      {R"({"a":"one\ntwo\n","b":"one\ntwo","c":"one\n\ntwo\n\n"})",
       "a: |\n  one\n  two\nb: |-\n  one\n  two\nc: |+\n  one\n\n  two\n\n"                                                       },
      {R"({"true":1,"a b":2,"":3,"1":4})",                                              "\"true\": 1\na b: 2\n\"\": 3\n\"1\": 4\n"},
      {R"({"a":"2026-01-01T00:00:00Z","b":1.5,"c":-3})",
       "a: 2026-01-01T00:00:00Z\nb: 1.5\nc: -3\n"                                                                                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Json value = *parse_json(row.text);
    CHECK(to_yaml(value) == row.want);
    if (!value.is_null()) CHECK(*parse_yaml_document(to_yaml(value)) == value);
  }
}

TEST_CASE("what is written reads back equal") {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Json value = Json::object({
        {"v", random_json_for_test(random, 4)}
    });
    const std::string text = to_yaml(value);
    CAPTURE(text);
    const auto again = parse_yaml_document(text);
    REQUIRE_MESSAGE(again.has_value(), again.error().text());
    CHECK(*again == value);
  }
  // A long key can't be followed by its value on one line.
  const Json long_key = Json::object({
      {std::string(2000, 'k'), 1},
      {"a", Json::object({{std::string(1500, '"'), "x"}})}
  });
  CHECK(*parse_yaml_document(to_yaml(long_key)) == long_key);
  const Json top = "a\n---\nb";
  CHECK(*parse_yaml_document(to_yaml(top)) == top);
}

TEST_CASE("each value of a document has its line") {
  const auto documents = parse_located_yaml("# a\na: 1\nb:\n- x\n- c: {d: 5}\n---\n\ne/f: 2\n");
  REQUIRE(documents);
  REQUIRE(documents->size() == 2);
  const auto& first = documents->at(0);
  CHECK(first.line == 2);
  CHECK(first.lines.at("/a") == 2);
  CHECK(first.lines.at("/b") == 3);
  CHECK(first.lines.at("/b/0") == 4);
  CHECK(first.lines.at("/b/1/c/d") == 5);
  CHECK(documents->at(1).lines.at("/e~1f") == 8);
}
