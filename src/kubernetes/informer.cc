#include "kubernetes/informer.h"

namespace slipway::kubernetes {

void Tombstones::add(const std::string& uid) {
  if (uid.empty() || order_of_.contains(uid)) return;
  order_of_.emplace(uid, next_);
  by_order_.emplace(next_, uid);
  ++next_;
  if (order_of_.size() <= limit) return;
  const auto oldest = by_order_.begin();
  order_of_.erase(oldest->second);
  by_order_.erase(oldest);
}

bool Tombstones::contains(const std::string& uid) const {
  return order_of_.contains(uid);
}

}  // namespace slipway::kubernetes
