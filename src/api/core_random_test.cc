#include <doctest/doctest.h>

#include "api/core_conform.h"
#include "api/go_encoding.h"
#include "api/pod_template.h"
#include "api/strategic_merge.h"
#include "base/random.h"

namespace slipway::api {
namespace {

/// Draws values of core types: mostly of the right type, now and then of any.
class Draw {
 public:
  Draw(std::uint64_t seed, bool well_typed) : random_(seed), well_typed_(well_typed) {}

  Json object(const CoreType& type, int depth = 0) {
    Json value = Json::object();
    for (const CoreField& field : type.fields) {
      if (depth > 0 && random_.below(depth > 5 ? 6 : 3) != 0) continue;
      value.set(field.key, member(field, depth));
    }
    return value;
  }

  /// An object's patch, with directives.
  Json patch(const CoreType& type, int depth = 0) {
    Json value = Json::object();
    for (const CoreField& field : type.fields) {
      if (random_.below(4) != 0) continue;
      value.set(field.key, random_.below(6) == 0 ? Json() : member(field, depth));
      if (field.shape != CoreShape::list || random_.below(2) != 0) continue;
      value.set("$setElementOrder/" + std::string(field.key), member(field, depth));
      value.set("$deleteFromPrimitiveList/" + std::string(field.key), member(field, depth));
    }
    if (random_.below(8) == 0) value.set("$retainKeys", anything(0));
    if (random_.below(8) == 0) value.set("$patch", random_.below(2) == 0 ? "replace" : "delete");
    return value;
  }

 private:
  Json member(const CoreField& field, int depth) {
    if (!well_typed_ && random_.below(12) == 0) return anything(0);
    const std::uint64_t count = random_.below(4);
    if (field.shape == CoreShape::list) {
      Json list = Json::array();
      for (std::uint64_t i = 0; i < count; ++i) list.push_back(element(field, depth));
      return list;
    }
    if (field.shape == CoreShape::map) {
      Json map = Json::object();
      for (std::uint64_t i = 0; i < count; ++i) map.set(text().as_string(), element(field, depth));
      return map;
    }
    return element(field, depth);
  }

  Json element(const CoreField& field, int depth) {
    if (!well_typed_ && random_.below(12) == 0) return anything(0);
    switch (field.value) {
      case CoreValue::string:
        return text();
      case CoreValue::boolean:
        return random_.below(2) == 0;
      case CoreValue::int32:
      case CoreValue::int64:
        return static_cast<int>(random_.below(3));
      case CoreValue::quantity:
        return quantity();
      case CoreValue::int_or_string:
        return random_.below(2) == 0 ? Json(80) : text();
      case CoreValue::time:
        return "2026-01-02T03:04:05+02:00";
      case CoreValue::micro_time:
        return "2026-01-02T03:04:05.678901Z";
      case CoreValue::bytes:
        return "c2xpcA==";
      case CoreValue::object:
        return object(*field.type, depth + 1);
      case CoreValue::any:
        return anything(0);
    }
    return Json();
  }

  Json text() {
    constexpr const char* texts[] = {"",     "a", "b",   "name",   "<&>",          "\"\\\n",
                                     "25%",  "0", "TCP", "latest", "\u2028\u00e9", "ClientIP",
                                     "kube", "/"};
    return texts[random_.below(std::size(texts))];
  }

  Json quantity() {
    constexpr const char* texts[] = {"1",  "0.5", "1024Mi", "1e3", "100m",
                                     "1n", "0",   "7Ei",    "+3",  "1.500"};
    const std::uint64_t choice = random_.below(std::size(texts) + 2);
    if (choice == std::size(texts)) return 2;
    if (choice > std::size(texts)) return 0.25;
    return texts[choice];
  }

  Json anything(int depth) {
    switch (random_.below(depth > 3 ? 5 : 7)) {
      case 0:
        return Json();
      case 1:
        return true;
      case 2:
        return -7;
      case 3:
        return 1e300;
      case 4:
        return text();
      case 5:
        return Json::array({anything(depth + 1), anything(depth + 1)});
      default: {
        Json object = Json::object();
        object.set("name", anything(depth + 1));
        object.set("$patch", anything(depth + 1));
        return object;
      }
    }
  }

  Random random_;
  bool well_typed_;
};

constexpr const char* kinds[] = {"PodTemplateSpec", "Pod",       "ReplicaSet", "Deployment",
                                 "Service",         "Job",       "Node",       "Secret",
                                 "EndpointSlice",   "Namespace", "Event",      "CanaryStep"};

TEST_CASE("what was conformed once stays as it is") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const CoreType& type = *find_core_type(kinds[seed % std::size(kinds)]);
    CAPTURE(seed);
    const Json drawn = Draw(seed, true).object(type);
    for (const auto read : {&conform, &conform_with_defaults}) {
      const auto once = read(type, drawn, nullptr);
      REQUIRE_MESSAGE(once.has_value(), once.error().message);
      const auto twice = read(type, *once, nullptr);
      REQUIRE_MESSAGE(twice.has_value(), twice.error().message);
      CHECK(to_text(*twice) == to_text(*once));
    }
    // The two ways to encode agree.
    const auto value = encode_as_go(type, drawn, {});
    const auto text = parse_json(encode_as_go_text(type, drawn, {}));
    REQUIRE(text.has_value());
    CHECK(*text == *value);
  }
}

TEST_CASE("a server's defaults and round trips never change what a template means") {
  const CoreType& type = *find_core_type("PodTemplateSpec");
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const Json drawn = Draw(seed, true).object(type);
    const auto stored = pod_template_defaults(drawn);
    REQUIRE(stored.has_value());
    CHECK(PodTemplate(*stored) == PodTemplate(drawn));
    CHECK(pod_template_hash(drawn, {}) == pod_template_hash(*conform(type, drawn), {}));
  }
}

TEST_CASE("no value and no patch, however wrong, is more than an error") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const CoreType& type = *find_core_type(kinds[seed % std::size(kinds)]);
    CAPTURE(seed);
    Draw draw(seed, false);
    const Json drawn = draw.object(type);
    std::vector<std::string> unknown;
    (void)conform_with_defaults(type, drawn, &unknown);
    CHECK(parse_json(encode_as_go_text(type, drawn, {.by_meaning = true})).has_value());
    CHECK(PodTemplate(drawn).content() == drawn);
    CHECK(!step_hash(drawn).empty());
    const Json patch = draw.patch(type);
    const auto patched = apply_strategic_merge_patch(drawn, patch, type);
    if (patched) CHECK(patched->is_object());
  }
}

}  // namespace
}  // namespace slipway::api
