#include "snapshot.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/file_for_test.h"

namespace slipway::scenarios {
namespace {

using kubernetes::Method;
using kubernetes::Response;

constexpr std::string_view deadline_key = "scale-down-deadline";
constexpr const char* home = "default";
constexpr Duration age = 5_s;

/// What a snapshot holds beside the kinds of Kubernetes and Argo Rollouts.
constexpr api::Kind istio_kinds[] = {
    {"networking.istio.io", "v1beta1", "VirtualService",  "virtualservices" },
    {"networking.istio.io", "v1beta1", "DestinationRule", "destinationrules"},
};

void define(const api::Kind& kind, cluster::TestCluster& cluster) {
  cluster.apply(fmt::format(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {0}.{1}}}
spec:
  group: {1}
  scope: Namespaced
  names: {{kind: {2}, plural: {0}}}
  versions:
  - name: {3}
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
  - name: v1alpha3
    served: true
    storage: false
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
)",
                            kind.plural, kind.group, kind.kind, kind.version));
}

std::string replace_all(std::string text, const std::string& old, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += with.size()) {
    text.replace(at, old.size(), with);
  }
  return text;
}

std::string text_at(const Json& item, std::string_view pointer) {
  const Json* found = item.find_pointer(pointer);
  return found == nullptr ? std::string() : std::string(found->string_or_empty());
}

/// Calls `change` with the key (of the nearest object) and the text of each string inside.
void change_strings(Json& value, std::string_view key,
                    const std::function<void(std::string_view, Json&)>& change) {
  if (value.is_string()) {
    change(key, value);
  } else if (value.is_array()) {
    for (Json& item : value.as_array()) change_strings(item, key, change);
  } else if (value.is_object()) {
    for (auto& [name, member] : value.as_object()) change_strings(member, name, change);
  }
}

/// When the last thing happened that the snapshot tells of. Deadlines lie ahead.
Instant moment_of(const Snapshot& snapshot) {
  Instant latest{};
  for (Json item : snapshot.items) {
    change_strings(item, {}, [&](std::string_view key, const Json& text) {
      if (key == deadline_key) return;
      if (const auto time = parse_rfc3339(text.as_string())) latest = std::max(latest, *time);
    });
  }
  return latest;
}

std::int64_t generation_of(const Json& object) {
  return object["metadata"]["generation"].integer_or(1);
}

bool has_known_owners(const Json& item, const std::map<std::string, std::string>& uids) {
  const Json& owners = item["metadata"]["ownerReferences"];
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (!uids.contains(text_at(owners.at(i), "/uid"))) return false;
  }
  return true;
}

class Loading {
 public:
  Loading(const Snapshot& snapshot, cluster::TestCluster& cluster)
      : cluster_(cluster), shift_(cluster.loop().now() - age - moment_of(snapshot)) {}

  void load(const Json& item) {
    Json object = translated(item);
    const api::Kind& kind = kind_of(object);
    const Json status = object["status"];
    const bool counts = !status["observedGeneration"].is_null();
    const Json made = create(kind, object, counts ? generation_of(item) : 1);
    const std::string name = text_at(made, "/metadata/name");
    uids_[text_at(item, "/metadata/uid")] = text_at(made, "/metadata/uid");
    if (status.is_null() || made["status"] == status) return;
    send(Method::patch, kind.path(home, name, "status"),
         Json::object({
             {"status", status}
    }),
         kubernetes::media::merge_patch);
  }

  bool can_load(const Json& item) const { return has_known_owners(item, uids_); }

 private:
  Json send(Method method, const std::string& target, const Json& body,
            std::string_view content_type = kubernetes::media::json) {
    const Response response = cluster_.request(method, target, to_text(body), content_type);
    REQUIRE_MESSAGE(response.status < 300, response.body);
    return parse_json(response.body).value();
  }

  /// A server counts generations itself: one for each change of the spec.
  Json create(const api::Kind& kind, Json object, std::int64_t generation) {
    const Json wanted = object["spec"]["minReadySeconds"];
    if (generation > 1) object.member("spec").set("minReadySeconds", generation);
    Json made = send(Method::post, kind.path(home), object);
    for (std::int64_t left = generation - 1; left > 0; --left) {
      const Json patch = Json::object({
          {"spec", Json::object({{"minReadySeconds", left == 1 ? wanted : Json(left)}})}
      });
      made = send(Method::patch, kind.path(home, text_at(made, "/metadata/name")), patch,
                  kubernetes::media::merge_patch);
    }
    CHECK(generation_of(made) == generation);
    return made;
  }

  Json translated(const Json& item) const {
    std::string text = to_text(item);
    for (const auto& [old_uid, new_uid] : uids_) text = replace_all(text, old_uid, new_uid);
    Json object = parse_json(text).value();
    Json& metadata = object.member("metadata");
    for (const char* given : {"uid", "resourceVersion", "creationTimestamp", "generation"}) {
      metadata.erase(given);
    }
    metadata.set("namespace", home);
    if (object["kind"] == Json("Service")) {
      for (const char* given : {"clusterIP", "clusterIPs"}) object.member("spec").erase(given);
    }
    change_strings(object, {}, [&](std::string_view, Json& value) {
      if (const auto time = parse_rfc3339(value.as_string())) {
        value = Json(format_rfc3339(*time + shift_));
      }
    });
    return object;
  }

  cluster::TestCluster& cluster_;
  Duration shift_;
  std::map<std::string, std::string> uids_;
};

}  // namespace

const Json& Snapshot::item(std::string_view kind, std::string_view name) const {
  const auto found = std::ranges::find_if(items, [&](const Json& item) {
    return item["kind"].string_or_empty() == kind &&
           (name.empty() || item["metadata"]["name"].string_or_empty() == name);
  });
  REQUIRE(found != items.end());
  return *found;
}

const api::Kind& kind_of(const Json& item) {
  for (const api::Kind& kind : istio_kinds) {
    if (item["kind"].string_or_empty() == kind.kind) return kind;
  }
  return cluster::kind_of_manifest(item);
}

Snapshot read_snapshot(const std::string& version, const std::string& name) {
  const std::string path = "tests/data/snapshots/" + version + "/" + name + ".json";
  return {version, name, parse_json(read_file_for_test(path)).value()["items"].as_array()};
}

void load(const Snapshot& snapshot, cluster::TestCluster& cluster) {
  for (const api::Kind& kind : istio_kinds) define(kind, cluster);
  Loading loading(snapshot, cluster);
  std::vector<const Json*> left;
  for (const Json& item : snapshot.items) left.push_back(&item);
  while (!left.empty()) {  // Owners first: what they own names their new uids.
    const auto ready =
        std::ranges::find_if(left, [&](const Json* item) { return loading.can_load(*item); });
    REQUIRE(ready != left.end());
    const Json* item = *ready;
    left.erase(ready);
    loading.load(*item);
  }
}

}  // namespace slipway::scenarios
