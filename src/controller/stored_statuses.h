#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/rollout.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::controller {

/// Statuses of Rollouts that are stored otherwise than we would write them: with a person's
/// `abort: false`, or none yet. A write that is held to the status must name it as it is stored.
/// Most are as we write them, and cost nothing.
class StoredStatuses {
 public:
  /// Reads Rollouts for a cache, and remembers their statuses where that is needed.
  std::function<Result<api::Rollout>(const Json&)> decoder() {
    return [this](const Json& json) { return decode(json); };
  }
  /// Of this very version; null where it is stored as we would write it.
  std::shared_ptr<const Json> status_of(const api::Rollout& rollout) const;
  void forget(const api::ObjectKey& key) { odd_.erase(key); }
  std::size_t size() const { return odd_.size(); }

 private:
  Result<api::Rollout> decode(const Json& json);

  struct Stored {
    std::string version;
    std::shared_ptr<const Json> status;
  };
  std::map<api::ObjectKey, Stored> odd_;
};

}  // namespace slipway::controller
