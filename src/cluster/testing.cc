#include "cluster/testing.h"

#include <stdexcept>

#include "base/yaml.h"

namespace slipway::cluster {

using kubernetes::Method;
using kubernetes::Response;

namespace {

/// A test that asks for the impossible is wrong, and says so where it stands.
void expect_success(const Response& response, const std::string& what) {
  if (response.status >= 300) throw std::runtime_error(what + ": " + response.body);
}

api::ObjectKey key_of(const api::Kind& kind, const Json& object) {
  const std::string_view namespace_ = object["metadata"]["namespace"].string_or_empty();
  return {kind.namespaced ? std::string(namespace_.empty() ? "default" : namespace_) : "",
          std::string(object["metadata"]["name"].string_or_empty())};
}

}  // namespace

const api::Kind& kind_of_manifest(const Json& object) {
  static const api::Kind* const known[] = {
      &api::kinds::rollout,
      &api::kinds::analysis_run,
      &api::kinds::experiment,
      &api::kinds::analysis_template,
      &api::kinds::replica_set,
      &api::kinds::cluster_analysis_template,
      &api::kinds::deployment,
      &api::kinds::pod_template,
      &api::kinds::custom_resource_definition,
      &api::kinds::pod,
      &api::kinds::service,
      &api::kinds::endpoints,
      &api::kinds::namespace_,
      &api::kinds::node,
      &api::kinds::event,
      &api::kinds::config_map,
      &api::kinds::secret,
      &api::kinds::lease,
      &api::kinds::job,
      &api::kinds::ingress,
      &api::kinds::endpoint_slice,
  };
  for (const api::Kind* kind : known) {
    if (object["kind"].string_or_empty() == kind->kind &&
        object["apiVersion"].string_or_empty() == kind->api_version()) {
      return *kind;
    }
  }
  throw std::runtime_error("no test has used this kind yet: " + to_text(object));
}

namespace {

/// What each TestCluster begins as. Made once: to define our kinds takes longer than most tests.
const ApiServer& booted_server() {
  struct Booted {
    Booted() : cluster(loop, {.run_controllers = false, .run_nodes = false}) {
      cluster.start();
      loop.run_ready();
    }
    kubernetes::VirtualEventLoop loop;
    EmbeddedCluster cluster;
  };
  static Booted booted;
  return booted.cluster.server();
}

EmbeddedCluster::Options from_booted(EmbeddedCluster::Options options) {
  if (options.install_crds) options.like = &booted_server();
  return options;
}

}  // namespace

TestCluster::TestCluster(EmbeddedCluster::Options options)
    : cluster_(loop_, from_booted(std::move(options))) {
  cluster_.start();
}

Response TestCluster::request(Method method, const std::string& target, const std::string& body,
                              std::string_view content_type) {
  return cluster_.server().handle({.method = method,
                                   .target = target,
                                   .content_type = std::string(content_type),
                                   .body = body});
}

void TestCluster::apply(std::string_view manifests) {
  const std::vector<Json> objects = parse_yaml(manifests).value();
  for (const Json& object : objects) {
    const api::Kind& kind = kind_of_manifest(object);
    const api::ObjectKey key = key_of(kind, object);
    const Response created = request(Method::post, kind.path(key.namespace_), to_text(object));
    if (created.status != 409) {
      expect_success(created, "create " + key.text());
      continue;
    }
    expect_success(request(Method::patch, kind.path(key.namespace_, key.name), to_text(object),
                           kubernetes::media::merge_patch),
                   "merge " + key.text());
  }
}

void TestCluster::merge(const api::Kind& kind, const api::ObjectKey& key, std::string_view yaml) {
  expect_success(
      request(Method::patch, kind.path(key.namespace_, key.name),
              to_text(parse_yaml_document(yaml).value()), kubernetes::media::merge_patch),
      "merge " + key.text());
}

void TestCluster::delete_object(const api::Kind& kind, const api::ObjectKey& key,
                                std::string_view propagation) {
  expect_success(request(Method::delete_, kind.path(key.namespace_, key.name),
                         to_text(Json::object({
                             {"propagationPolicy", propagation}
  }))),
                 "delete " + key.text());
}

std::optional<Json> TestCluster::get(const api::Kind& kind, const api::ObjectKey& key) {
  const Response response = request(Method::get, kind.path(key.namespace_, key.name));
  if (response.status == 404) return std::nullopt;
  expect_success(response, "get " + key.text());
  return parse_json(response.body).value();
}

std::vector<Json> TestCluster::list(const api::Kind& kind, const std::string& namespace_,
                                    const std::string& query) {
  const std::string target = kind.path(namespace_) + (query.empty() ? "" : "?" + query);
  const Response response = request(Method::get, target);
  expect_success(response, "list " + target);
  const Json list = parse_json(response.body).value();
  return list["items"].is_array() ? list["items"].as_array() : std::vector<Json>{};
}

std::uint64_t TestCluster::writes_during(Duration duration) {
  const std::uint64_t before = cluster_.server().revision();
  loop_.run_for(duration);
  return cluster_.server().revision() - before;
}

}  // namespace slipway::cluster
