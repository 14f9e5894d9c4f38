#include "cluster/server/resource.h"

#include <algorithm>

namespace slipway::cluster {

std::string Resource::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

const SubresourceInfo* Resource::find_subresource(std::string_view name) const {
  const auto found = std::ranges::find(subresources, name, &SubresourceInfo::name);
  return found == subresources.end() ? nullptr : &*found;
}

bool Resource::allows(std::string_view verb) const {
  return std::ranges::find(verbs, verb) != verbs.end();
}

std::size_t Resource::text_prefix_size() const {
  return std::string_view(R"({"kind":"","apiVersion":"",)").size() + kind.size() + version.size() +
         (group.empty() ? 0 : group.size() + 1);
}

namespace {

/// v1 before v1beta2 before v1alpha1 before anything else. Source: apimachinery's version priority.
int stability(std::string_view version) {
  if (version.find("alpha") != std::string_view::npos) return 2;
  return version.find("beta") != std::string_view::npos ? 1 : 0;
}

}  // namespace

void Registry::add(ResourcePtr resource) {
  ++generation_;
  auto group = std::ranges::find(groups_, resource->group, &Group::name);
  if (group == groups_.end()) group = groups_.insert(group, {resource->group, {}});
  auto version = std::ranges::find(group->versions, resource->version, &Version::name);
  if (version == group->versions.end()) {
    const auto place = std::ranges::find_if(group->versions, [&](const Version& other) {
      return std::pair(stability(other.name), resource->version) >
             std::pair(stability(resource->version), other.name);
    });
    version = group->versions.insert(place, {resource->version, {}});
  }
  std::erase_if(version->resources,
                [&](const ResourcePtr& old) { return old->plural == resource->plural; });
  version->resources.insert(
      std::ranges::lower_bound(version->resources, resource->plural, {}, &Resource::plural),
      std::move(resource));
}

void Registry::remove(const Resource& resource) {
  ++generation_;
  const auto group = std::ranges::find(groups_, resource.group, &Group::name);
  if (group == groups_.end()) return;
  const auto version = std::ranges::find(group->versions, resource.version, &Version::name);
  if (version == group->versions.end()) return;
  std::erase_if(version->resources,
                [&](const ResourcePtr& old) { return old->plural == resource.plural; });
  if (version->resources.empty()) group->versions.erase(version);
  if (group->versions.empty()) groups_.erase(group);
}

ResourcePtr Registry::find(std::string_view group, std::string_view version,
                           std::string_view plural) const {
  const Version* found = find_version(group, version);
  if (found == nullptr) return nullptr;
  const auto resource = std::ranges::find(found->resources, plural, &Resource::plural);
  return resource == found->resources.end() ? nullptr : *resource;
}

const Registry::Version* Registry::find_version(std::string_view group,
                                                std::string_view version) const {
  const Group* found = find_group(group);
  if (found == nullptr) return nullptr;
  const auto place = std::ranges::find(found->versions, version, &Version::name);
  return place == found->versions.end() ? nullptr : &*place;
}

const Registry::Group* Registry::find_group(std::string_view group) const {
  const auto found = std::ranges::find(groups_, group, &Group::name);
  return found == groups_.end() ? nullptr : &*found;
}

}  // namespace slipway::cluster
