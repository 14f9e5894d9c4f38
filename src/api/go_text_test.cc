#include "api/go_text.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace slipway::api {

TEST_CASE("a value is shown as Go prints it") {
  const std::pair<const char*, const char*> rows[] = {
      {"{}",                                   "map[]"                                },
      {"{b: [1, {c: null}], a: 'x y', d: {}}", "map[a:x y b:[1 map[c:<nil>]] d:map[]]"},
      {"[true, 1.5, '']",                      "[true 1.5 ]"                          },
  };
  for (const auto& [yaml, want] : rows) {
    const Result<Json> value = parse_yaml_document(yaml);
    REQUIRE(value.has_value());
    CHECK(go_text(*value) == want);
  }
}

}  // namespace slipway::api
