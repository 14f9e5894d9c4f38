#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "api/analysis.h"
#include "api/experiment.h"
#include "api/field_table.h"
#include "api/rollout.h"
#include "api/workload.h"
#include "base/file_for_test.h"
#include "base/random.h"
#include "base/yaml.h"

namespace slipway::api {
namespace {

namespace fs = std::filesystem;

/// Fills values of any type that has a field table. Each part is present with even chances, so
/// that both sides of "empty" are met.
class RandomFiller {
 public:
  explicit RandomFiller(std::uint64_t seed) : random_(seed) {}

  void fill(const ValueType& type, void* value) {
    switch (type.shape) {
      case Shape::boolean:
        *static_cast<bool*>(value) = chance();
        break;
      case Shape::int32:
        *static_cast<std::int32_t*>(value) = integer<std::int32_t>();
        break;
      case Shape::int64:
        *static_cast<std::int64_t*>(value) = integer<std::int64_t>();
        break;
      case Shape::string:
        *static_cast<std::string*>(value) = text();
        break;
      case Shape::instant:
        *static_cast<Instant*>(value) = instant();
        break;
      case Shape::int_or_string:
        *static_cast<IntOrString*>(value) =
            chance() ? IntOrString::of(text()) : IntOrString::of(integer<std::int32_t>());
        break;
      case Shape::json:
        *static_cast<Json*>(value) = json(3);
        break;
      case Shape::pod_template:
        *static_cast<PodTemplate*>(value) = pod_template();
        break;
      case Shape::object:
        fill_object(type.table(), static_cast<char*>(value));
        break;
      case Shape::optional:
        if (chance()) fill(*type.inner, type.add(value));
        break;
      case Shape::list:
        while (chance()) fill(*type.inner, type.add(value));
        break;
      case Shape::map:
        while (chance()) fill(*type.inner, type.insert(value, text()));
        break;
    }
  }

  void fill_object(const TypeTable& table, char* object) {
    for (const Field& field : table.fields) {
      if (chance()) fill(*field.type, object + field.offset);
    }
    if (table.unknown_fields >= 0 && chance()) {
      reinterpret_cast<UnknownFields*>(object + table.unknown_fields)->add("later", json(2));
    }
  }

 private:
  bool chance() { return random_.below(2) == 0; }

  template <class Integer>
  Integer integer() {
    switch (random_.below(4)) {
      case 0:
        return 0;
      case 1:
        return std::numeric_limits<Integer>::max();
      case 2:
        return std::numeric_limits<Integer>::min();
      default:
        return static_cast<Integer>(random_.next());
    }
  }

  std::string text() {
    const char* const texts[] = {"", "web", "a \"quoted\" one", "ünï©ode", "line\nbreak", "25%"};
    return texts[random_.below(std::size(texts))];
  }

  Instant instant() {
    const auto seconds = static_cast<std::int64_t>(random_.below(4'000'000'000));
    return Instant{} + Duration::from_seconds(seconds);
  }

  Json json(int depth) {
    switch (random_.below(depth > 0 ? 6 : 4)) {
      case 0:
        return text();
      case 1:
        return chance();
      case 2:
        return integer<int>();
      case 3:
        return random_.fraction();
      case 4:
        return Json::array({json(depth - 1), json(depth - 1)});
      default:
        return Json::object({
            {"a", json(depth - 1)},
            {"b", json(depth - 1)}
        });
    }
  }

  PodTemplate pod_template() {
    const Json labels = Json::object({
        {"app", text()}
    });
    const Json container = Json::object({
        {"name",  text()},
        {"image", text()}
    });
    return PodTemplate(Json::object({
        {"metadata", Json::object({{"labels", labels}})                                          },
        {"spec",     Json::object({{"containers", Json::array({container})}, {"later", json(2)}})}
    }));
  }

  Random random_;
};

template <class T>
void check_random_objects() {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    T object{};
    RandomFiller(seed).fill_object(table_of<T>(), reinterpret_cast<char*>(&object));
    const Json encoded = encode(object);
    std::vector<std::string> unknown;
    const auto decoded = decode<T>(encoded, {.unknown_fields = &unknown});
    REQUIRE_MESSAGE(decoded.has_value(), decoded.error().text());
    REQUIRE(*decoded == object);
    REQUIRE(encode(*decoded) == encoded);
    REQUIRE(to_text(encode(*decoded)) == to_text(encoded));
    for (const std::string& path : unknown) CHECK(path.ends_with("later"));
    const T copy = *decoded;
    REQUIRE(copy == object);
  }
}

TEST_CASE("any object decodes from what it encodes to") {
  check_random_objects<Rollout>();
  check_random_objects<AnalysisTemplate>();
  check_random_objects<ClusterAnalysisTemplate>();
  check_random_objects<AnalysisRun>();
  check_random_objects<Experiment>();
  check_random_objects<ReplicaSet>();
  check_random_objects<Pod>();
  check_random_objects<Service>();
}

void check_order(const TypeTable& table, std::vector<const TypeTable*>& seen) {
  if (std::ranges::find(seen, &table) != seen.end()) return;
  seen.push_back(&table);
  for (std::size_t i = 1; i < table.fields.size(); ++i) {
    CAPTURE(std::string(table.fields[i].key));
    CHECK(table.fields[i - 1].offset < table.fields[i].offset);
  }
  for (const Field& field : table.fields) {
    const ValueType* type = field.type;
    while (type->inner) type = type->inner;
    if (type->table) check_order(type->table(), seen);
  }
}

TEST_CASE("field lists keep the order of the members") {
  std::vector<const TypeTable*> seen;
  for (const TypeTable* table :
       {&table_of<Rollout>(), &table_of<AnalysisTemplate>(), &table_of<AnalysisRun>(),
        &table_of<Experiment>(), &table_of<ReplicaSet>(), &table_of<Pod>(), &table_of<Service>()}) {
    check_order(*table, seen);
  }
  CHECK(seen.size() > 90);
}

TEST_CASE("a Rollout is small enough to keep 10,000 of them") {
  CHECK(sizeof(Rollout) < 1400);
}

/// The folder of texts that the project shares with its tests; empty where it is absent.
fs::path shared_folder() {
  const char* variable = std::getenv("SLIPWAY_SHARED");
  const fs::path folder = variable ? variable : "../shared";
  return fs::exists(folder) ? folder : fs::path();
}

/// Without members that mean nothing: Go's zero values, null, empty lists and objects.
Json without_empties(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value.as_array()) out.push_back(without_empties(item));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, member] : value.as_object()) {
    Json kept = without_empties(member);
    const bool empty = kept.is_null() || kept == Json(false) || kept == Json(0) ||
                       kept == Json("") || kept == Json::array() || kept == Json::object();
    if (!empty) out.set(key, std::move(kept));
  }
  return out;
}

struct Trip {
  Json back;
  std::vector<std::string> unknown;
};

template <class T>
std::optional<Trip> trip(const Json& object) {
  if (object["kind"].string_or_empty() != T::kind.kind ||
      object["apiVersion"].string_or_empty() != T::kind.api_version()) {
    return std::nullopt;
  }
  Trip result;
  const auto decoded = decode<T>(object, {.unknown_fields = &result.unknown});
  REQUIRE_MESSAGE(decoded.has_value(), decoded.error().text());
  result.back = encode(*decoded);
  return result;
}

template <class... T>
std::optional<Trip> trip_as_any(const Json& object) {
  std::optional<Trip> result;
  (void)((result = trip<T>(object)) || ...);
  return result;
}

std::optional<Trip> trip_our_kinds(const Json& object) {
  return trip_as_any<Rollout, AnalysisTemplate, ClusterAnalysisTemplate, AnalysisRun, Experiment>(
      object);
}

TEST_CASE("upstream's manifests have no unknown member and lose nothing") {
  const fs::path shared = shared_folder();
  if (shared.empty()) {
    MESSAGE("skipped: no shared folder beside the project");
    return;
  }
  std::size_t objects = 0;
  for (const auto& entry : fs::recursive_directory_iterator(shared / "upstream/argo-rollouts")) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string text = read_file_for_test(entry.path());
    if (text.find("{{ .Values") != text.npos || text.find("{{ include") != text.npos) continue;
    CAPTURE(entry.path().string());
    const auto documents = parse_yaml(text);
    // Holds an unquoted `{{args.linkerd-enabled}}`, which no YAML parser takes for a text.
    if (!documents && entry.path().filename() == "rollout-linkerd.yaml") continue;
    REQUIRE_MESSAGE(documents.has_value(), documents.error().text());
    for (const Json& document : *documents) {
      const auto there_and_back = trip_our_kinds(document);
      if (!there_and_back) continue;
      ++objects;
      CHECK(there_and_back->unknown == std::vector<std::string>{});
      CHECK(without_empties(there_and_back->back) == without_empties(document));
    }
  }
  CHECK(objects > 30);
}

TEST_CASE("objects of real clusters come back equal, member for member") {
  const fs::path shared = shared_folder();
  if (shared.empty()) {
    MESSAGE("skipped: no shared folder beside the project");
    return;
  }
  std::size_t objects = 0;
  for (const auto& entry : fs::recursive_directory_iterator(shared / "snapshots")) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path().string());
    const auto list = parse_json(read_file_for_test(entry.path()));
    REQUIRE_MESSAGE(list.has_value(), list.error().text());
    for (const Json& object : (*list)["items"].as_array()) {
      auto there_and_back = trip_our_kinds(object);
      if (!there_and_back) there_and_back = trip_as_any<ReplicaSet, Pod, Service>(object);
      if (!there_and_back) continue;
      ++objects;
      CAPTURE(to_text(object["metadata"]["name"]));
      CHECK(there_and_back->back == object);
    }
  }
  CHECK(objects > 300);
}

}  // namespace
}  // namespace slipway::api
