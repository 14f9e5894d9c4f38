#include "api/kinds.h"

namespace slipway::api {

std::string Kind::api_version() const {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::string Kind::path(std::string_view namespace_, std::string_view name,
                       std::string_view subresource) const {
  std::string path = group.empty() ? "/api/" : "/apis/";
  path += api_version();
  if (namespaced && !namespace_.empty()) path.append("/namespaces/").append(namespace_);
  path.append("/").append(plural);
  if (!name.empty()) path.append("/").append(name);
  if (!subresource.empty()) path.append("/").append(subresource);
  return path;
}

std::string ObjectKey::text() const {
  return namespace_.empty() ? name : namespace_ + "/" + name;
}

}  // namespace slipway::api
