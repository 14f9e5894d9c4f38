#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/properties/ledger.h"
#include "simulation/properties/situations.h"
#include "simulation/property.h"

namespace slipway::simulation {

using Properties = std::vector<std::unique_ptr<Property>>;
/// All that are checked, by their ids.
Properties all_properties();

/// Hands what happens to each property, and keeps what they find. The engine calls it in the order
/// in which things happen.
///
/// *Assumes*: ids of requests rise. A commit of ours names the request that brought it, and comes
/// after its `sent`, before its `answered`; a late or repeated one may come at any time after.
class Judge {
 public:
  /// `truth` must outlive the judge.
  Judge(const Truth& truth, Properties properties);
  explicit Judge(const Truth& truth) : Judge(truth, all_properties()) {}

  void committed(const Commit& commit);
  void sent(const SentRequest& request);
  /// The sender learns how its request ended: outcome, status and time are set now.
  void answered(const SentRequest& request);
  /// A replica was told of an object in this version (of a deletion: the revision of that).
  void delivered(std::string_view replica, ObjectKind kind, std::string_view key,
                 std::uint64_t revision);
  /// A replica is about to plan for this Rollout ("namespace/name").
  void reconciled(std::string_view replica, std::string_view rollout);
  void heal();
  void quiet();
  void handover(Leavings leavings);
  void emptied(std::size_t remembered);
  void end();

  const std::vector<Violation>& violations() const { return violations_; }
  std::vector<PropertyCount> counts() const;
  const std::vector<SituationCount>& situations() const { return situations_.counts(); }
  const Ledger& ledger() const { return ledger_; }

 private:
  Ledger ledger_;
  Properties properties_;
  Situations situations_;
  std::vector<Violation> violations_;
};

/// "D2 at 00:01:30, revision 412, ReplicaSet default/web-5d4: ...", for people.
std::string text_of(const Violation& violation);

}  // namespace slipway::simulation
