#include "kubernetes/informer.h"

#include <algorithm>

namespace slipway::kubernetes {

void Tombstones::add(const std::string& uid, const std::string& version) {
  if (uid.empty()) return;
  const auto [at, fresh] = gone_.try_emplace(uid, Gone{next_, version});
  if (!fresh) {
    std::string& known = at->second.version;
    const bool longer = version.empty() || api::newer_version(version, known);
    if (!known.empty() && longer) known = version;
    return;
  }
  by_order_.emplace(next_, uid);
  ++next_;
  if (gone_.size() <= limit) return;
  const auto oldest = by_order_.begin();
  gone_.erase(oldest->second);
  by_order_.erase(oldest);
}

bool Tombstones::contains(const std::string& uid) const {
  const auto found = gone_.find(uid);
  return found != gone_.end() && found->second.version.empty();
}

bool Tombstones::covers(const std::string& uid, const std::string& version) const {
  const auto found = gone_.find(uid);
  if (found == gone_.end()) return false;
  const std::string& gone_at = found->second.version;
  return gone_at.empty() || !api::newer_version(version, gone_at);
}

void Tombstones::clear() {
  gone_.clear();
  by_order_.clear();
}

Identity Identity::of(const Json& object) {
  const Json& metadata = object["metadata"];
  const auto text = [&](std::string_view key) {
    return std::string(metadata[key].string_or_empty());
  };
  return {
      {text("namespace"), text("name")},
      text("uid"), text("resourceVersion")
  };
}

InterestFilter::InterestFilter(const Interest& interest)
    : can_be_left_(!interest.label_selector.empty() || !interest.field_selector.empty() ||
                   interest.keeps),
      namespace_(interest.namespace_),
      keeps_(interest.keeps) {
  if (interest.label_selector.empty()) return;
  if (Result<api::LabelSelector> parsed = api::parse_selector(interest.label_selector)) {
    selector_ = *std::move(parsed);
  } else {
    log::error("cannot read a selector", {
                                             {"error", parsed.error().text()}
    });
  }
}

bool InterestFilter::admits(const Json& object) const {
  const Json& metadata = object["metadata"];
  if (!namespace_.empty() && metadata["namespace"].string_or_empty() != namespace_) return false;
  if (!selector_) return keeps(object);
  api::StringMap labels;
  if (metadata["labels"].is_object()) {
    for (const auto& [key, value] : metadata["labels"].as_object()) {
      labels.emplace(key, value.string_or_empty());
    }
  }
  return api::matches(*selector_, labels) && keeps(object);
}

}  // namespace slipway::kubernetes
