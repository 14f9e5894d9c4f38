#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/kinds.h"
#include "base/json.h"

namespace slipway::rollout {

/// An object that a Rollout names beside its Services and its workload. Without a version: routers
/// serve theirs under several.
struct NamedObject {
  std::string group;  ///< "networking.istio.io"
  std::string kind;
  std::string namespace_;  ///< Empty for kinds without namespaces.
  std::string name;
  auto operator<=>(const NamedObject&) const = default;
};

/// A null pointer: there is none of that name.
using NamedObjects = std::map<NamedObject, std::shared_ptr<const Json>>;

/// In which versions the objects of routers are read. Source: flags.tsv.
struct RouterVersions {
  std::string istio = "v1alpha3";
  std::string ambassador = "getambassador.io/v2";  ///< With its group, which differs too.
  std::string app_mesh = "v1beta2";
};

/// Where the API server has it; the kind lives as long as `versions`. Nothing for an Ingress of the
/// group `extensions`: no server has it any more that has all else that we need.
std::optional<api::Kind> kind_of(const NamedObject& object, const RouterVersions& versions);

}  // namespace slipway::rollout
