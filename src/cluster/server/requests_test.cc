#include <doctest/doctest.h>

#include "cluster/server/go_json_error.h"
#include "cluster/server/metadata.h"
#include "cluster/server/negotiate.h"
#include "cluster/server/request_path.h"

namespace slipway::cluster {

TEST_CASE("paths name resources") {
  struct Row {
    const char* path;
    const char* group;
    const char* version;
    const char* namespace_;
    const char* resource;
    const char* name;
    const char* subresource;
  };
  const Row rows[] = {
      {"/api/v1/pods",                                   "",     "v1", "",     "pods",        "",     ""        },
      {"/api/v1/namespaces/shop/pods/web",               "",     "v1", "shop", "pods",        "web",  ""        },
      {"/apis/apps/v1/namespaces/a/replicasets/w/scale", "apps", "v1", "a",    "replicasets", "w",
       "scale"                                                                                                  },
      {"/api/v1/namespaces",                             "",     "v1", "",     "namespaces",  "",     ""        },
      {"/api/v1/namespaces/shop",                        "",     "v1", "",     "namespaces",  "shop", ""        },
      {"/api/v1/namespaces/shop/finalize",               "",     "v1", "",     "namespaces",  "shop", "finalize"},
      {"/api/v1/namespaces/shop/status",                 "",     "v1", "",     "namespaces",  "shop", "status"  },
      {"/api/v1/nodes/a%2Fb",                            "",     "v1", "",     "nodes",       "a/b",  ""        },
      {"/apis/apps/v1",                                  "",     "",   "",     "",            "",     ""        },
      {"/version",                                       "",     "",   "",     "",            "",     ""        },
      {"/",                                              "",     "",   "",     "",            "",     ""        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const RequestPath path = parse_request_path(row.path);
    CHECK(path.group == row.group);
    CHECK(path.version == row.version);
    CHECK(path.namespace_ == row.namespace_);
    CHECK(path.resource == row.resource);
    CHECK(path.name == row.name);
    CHECK(path.subresource == row.subresource);
  }
}

TEST_CASE("queries are decoded") {
  const Query query("labelSelector=a%3Db%2Cc&watch=true&limit=5&limit=6&flag");
  CHECK(query.get("labelSelector") == "a=b,c");
  CHECK(query.is_true("watch"));
  CHECK(query.get("limit") == "5");
  CHECK(query.all("limit").size() == 2);
  CHECK(query.has("flag"));
  CHECK_FALSE(query.has("other"));
  CHECK(query.get("other").empty());
}

TEST_CASE("the first form that this server has is the answer's") {
  using Shape = Representation::Shape;
  struct Row {
    const char* accept;
    bool found;
    Shape shape;
    bool yaml;
  };
  const Row rows[] = {
      {"",                                                               true,  Shape::object,   false},
      {"application/json",                                               true,  Shape::object,   false},
      {"*/*",                                                            true,  Shape::object,   false},
      {"application/vnd.kubernetes.protobuf,application/json",           true,  Shape::object,   false},
      {"application/yaml",                                               true,  Shape::object,   true },
      {"application/json;as=Table;v=v1;g=meta.k8s.io, application/json", true,  Shape::table,    false},
      {"application/json;as=Table;v=v9;g=meta.k8s.io,application/json",  true,  Shape::object,   false},
      {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",   true,  Shape::metadata,
       false                                                                                          },
      {"application/vnd.kubernetes.protobuf",                            false, Shape::object,   false},
      {"text/plain",                                                     false, Shape::object,   false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.accept);
    const std::optional<Representation> form = negotiate(row.accept);
    REQUIRE(form.has_value() == row.found);
    if (!form) continue;
    CHECK(form->shape == row.shape);
    CHECK(form->yaml == row.yaml);
  }
}

TEST_CASE("broken JSON is complained of as Go does") {
  struct Row {
    const char* text;
    const char* complaint;
  };
  const Row rows[] = {
      {"",                             "unexpected end of JSON input"                                    },
      {"{not json",                    "invalid character 'n' looking for beginning of object key string"},
      {"{\"a\"}",                      "invalid character '}' after object key"                          },
      {"{\"a\":1 2}",                  "invalid character '2' after object key:value pair"               },
      {"[1 2]",                        "invalid character '2' after array element"                       },
      {"[1,]",                         "invalid character ']' looking for beginning of value"            },
      {"tru",                          "unexpected end of JSON input"                                    },
      {"trap",                         "invalid character 'a' in literal true (expecting 'u')"           },
      {"1.x",                          "invalid character 'x' after decimal point in numeric literal"    },
      {"1e",                           "unexpected end of JSON input"                                    },
      {"\"\\q\"",                      "invalid character 'q' in string escape code"                     },
      {"\"\\u12x4\"",                  "invalid character 'x' in \\u hexadecimal character escape"       },
      {"\"a\nb\"",                     "invalid character '\\n' in string literal"                       },
      {"{} {}",                        "invalid character '{' after top-level value"                     },
      {"\xae",                         "invalid character '\u00ae' looking for beginning of value"       },
      {" {\"a\": [1, -2.5e3, null]} ", ""                                                                },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(go_json_error(row.text) == row.complaint);
  }
}

TEST_CASE("names are held to the rules of their kind") {
  struct Row {
    NameRule rule;
    const char* name;
    bool good;
  };
  using enum NameRule;
  const std::string long_label(64, 'a');
  const std::string long_subdomain(254, 'a');
  const Row rows[] = {
      {subdomain,     "web.example-1",        true },
      {subdomain,     "Web",                  false},
      {subdomain,     "a..b",                 false},
      {subdomain,     "-a",                   false},
      {subdomain,     long_label.c_str(),     true },
      {subdomain,     long_subdomain.c_str(), false},
      {label,         "1a",                   true },
      {label,         "a.b",                  false},
      {label,         long_label.c_str(),     false},
      {dns1035_label, "a1",                   true },
      {dns1035_label, "1a",                   false},
      {path_segment,  "system:node",          true },
      {path_segment,  "a/b",                  false},
      {path_segment,  "..",                   false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(name_complaint(row.rule, row.name).empty() == row.good);
  }
  CHECK(label_value_complaint("").empty());
  CHECK_FALSE(label_value_complaint("-a").empty());
  CHECK(qualified_name_complaint("example.com/part").empty());
  CHECK_FALSE(qualified_name_complaint("/part").empty());
  CHECK_FALSE(qualified_name_complaint("Example.com/part").empty());
}

}  // namespace slipway::cluster
