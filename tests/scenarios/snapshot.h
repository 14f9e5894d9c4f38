#pragma once

#include <string>
#include <vector>

#include "cluster/testing.h"

namespace slipway::scenarios {

/// A cluster as a version of Argo Rollouts left it on a real API server: tests/data/snapshots.
struct Snapshot {
  std::string version;  ///< Of Argo Rollouts: "1.9.1".
  std::string name;     ///< "canary-paused"
  std::vector<Json> items;

  /// The first item of that kind and name; an empty name means any.
  const Json& item(std::string_view kind, std::string_view name = {}) const;
};

inline const std::vector<std::string> snapshot_versions = {"1.7.1", "1.9.1", "1.10"};

Snapshot read_snapshot(const std::string& version, const std::string& name);

/// The kind of an object of a snapshot.
const api::Kind& kind_of(const Json& item);

/// Makes the snapshot's objects anew, in namespace "default", between two moments of virtual time:
/// no controller of the cluster sees half of them. All is as it was but for what a server gives
/// out: uids and resourceVersions are the new ones wherever they are named, generations are brought
/// to where they were. All times are moved by the same length, so that the snapshot is five seconds
/// old.
void load(const Snapshot& snapshot, cluster::TestCluster& cluster);

}  // namespace slipway::scenarios
