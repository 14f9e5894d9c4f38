#include "simulation/line_head.h"

#include <doctest/doctest.h>

namespace slipway::simulation {

TEST_CASE("the head of a line is read past all that looks like it") {
  const auto head = read_line_head(
      R"({"type":"MODIFIED","object":{"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":)"
      R"({"labels":{"name":"a \"name\"","x":"}"},"generation":3,"ownerReferences":[{"name":"web",)"
      R"("resourceVersion":"1"}],"name":"web-5d4","namespace":"shop","resourceVersion":"412"},)"
      R"("spec":{"metadata":{"name":"other"}}}})");
  REQUIRE(head);
  CHECK(head->type == "MODIFIED");
  CHECK(head->kind == "ReplicaSet");
  CHECK(head->namespace_ == "shop");
  CHECK(head->name == "web-5d4");
  CHECK(head->resource_version == "412");
}

TEST_CASE("a line about no object has no head") {
  for (const char* line : {
           R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"}}})",
           R"({"type":"ERROR","object":{"kind":"Status","metadata":{},"code":410}})",
           R"({"type":"ADDED"})",
           R"({"type":"ADDED","object":null})",
           "[]",
           "",
           "{\"type",
       }) {
    CAPTURE(line);
    CHECK_FALSE(read_line_head(line));
  }
}

}  // namespace slipway::simulation
