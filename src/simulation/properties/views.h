#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "simulation/history.h"

namespace slipway::simulation {

/// What properties look at, read once for each commit. Read from JSON by the documents' words, not
/// by the code that the controller reads with.
struct PodView {
  std::string key;
  std::string uid;
  std::string owner;  ///< The uid of its ReplicaSet.
  bool ready = false;
  Instant ready_since;   ///< True time.
  bool leaving = false;  ///< Being deleted, or its containers have ended for good.
};

struct ReplicaSetView {
  std::shared_ptr<const Json> json;
  std::string key;
  std::string uid;
  std::string owner;  ///< The uid of its controller.
  std::string hash;
  std::int64_t replicas = 1;
  std::int64_t min_ready_seconds = 0;
  std::int64_t status_replicas = 0;
  std::int64_t status_available = 0;
  std::int64_t revision = 0;
  std::optional<std::string> deadline;  ///< The text, whatever it says.
  bool leaving = false;

  /// The deadline, where the text is one.
  std::optional<Instant> valid_deadline() const;
  bool has_bad_deadline() const { return deadline && !valid_deadline(); }
  std::string text() const { return "ReplicaSet " + key; }
};

enum class Strategy : std::uint8_t { none, canary, blue_green };

struct RolloutView {
  std::shared_ptr<const Json> json;
  std::string key;
  std::string namespace_;
  std::string uid;
  std::int64_t generation = 0;
  bool leaving = false;
  /// What lends it its template; `other` where it has one of its own.
  ObjectKind lender_kind = ObjectKind::other;
  std::string lender_key;
  /// The lender at the same moment, as far as the ledger knows; null where there was none.
  std::shared_ptr<const Json> lender;

  Strategy strategy = Strategy::none;
  std::int64_t desired = 1;
  std::int64_t max_surge = 0;
  std::int64_t max_unavailable = 0;
  bool routed = false;  ///< A traffic router stands before it.
  bool paused = false;  ///< `spec.paused`
  Duration scale_down_delay = Duration::from_seconds(30);
  std::optional<Duration> abort_delay;         ///< None: what is left of an abort stays.
  std::optional<std::int64_t> revision_limit;  ///< `scaleDownDelayRevisionLimit`
  std::int64_t preview_replicas = 0;
  std::vector<std::string> services;  ///< Keys of all Services that it names.
  std::string active_service;         ///< Key; blue-green.
  std::string preview_service;        ///< Key; blue-green.
  /// Those through which traffic comes: of blue-green the active one.
  std::vector<std::string> serving_services() const;

  std::string stable_hash;
  std::string current_hash;
  std::string step_hash;
  std::optional<std::int64_t> step;
  std::string phase;
  bool abort = false;
  bool aborted_at = false;
  bool promote_full = false;
  bool controller_pause = false;
  std::int64_t observed_generation = 0;
  std::int64_t collision_count = 0;

  /// So many available pods of the new version are all that an update waits for.
  std::int64_t enough() const { return enough_of(desired); }
  /// How many of so many wanted pods are enough for a step.
  std::int64_t enough_of(std::int64_t wanted) const;

  /// Its own, or the lender's. Null where it has neither.
  const Json& pod_template() const;
  /// The status tells of all that people have asked for, in the spec and at the lender.
  bool is_told() const;

  /// Whether the status has a condition of that type, and for that reason where one is given.
  bool has_condition(std::string_view type, std::string_view reason = {}) const;

  const Json& status() const { return (*json)["status"]; }
  const Json& spec() const { return (*json)["spec"]; }
  const Json& steps() const;
  std::int64_t step_count() const { return static_cast<std::int64_t>(steps().size()); }
  const Json& pauses() const { return status()["pauseConditions"]; }
  /// When the pause of that reason began, as written down.
  std::optional<Instant> pause_start(std::string_view reason) const;
  /// How long a `pause` step lasts: none where `step` is no pause or has no end.
  std::optional<Duration> pause_duration(std::int64_t at) const;
  bool is_pause(std::int64_t at) const;
  std::string text() const { return "Rollout " + key; }
};

struct ServiceView {
  std::string key;
  std::string hash;  ///< Of the pods that it selects; empty where it selects by no hash.
};

PodView pod_view(const Json& json, const std::string& key);
ReplicaSetView replica_set_view(std::shared_ptr<const Json> json, const std::string& key);
RolloutView rollout_view(std::shared_ptr<const Json> json, const std::string& key);
ServiceView service_view(const Json& json, const std::string& key);

}  // namespace slipway::simulation
