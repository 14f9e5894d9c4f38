#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/history.h"

namespace slipway::simulation {

class Ledger;
struct Change;

/// One broken promise.
struct Violation {
  std::string property;        ///< "D2"
  Instant at;                  ///< True time.
  std::uint64_t revision = 0;  ///< Of the commit that broke it; of the store, where none did.
  std::uint64_t request = 0;   ///< The request that broke it, or brought the commit.
  std::string object;          ///< "ReplicaSet default/web-5d4"
  std::string text;            ///< A sentence: what was found, and what was promised.
};

/// How often a property was looked at where it could have been broken.
struct PropertyCount {
  std::string id;
  std::string sentence;
  std::uint64_t checks = 0;
  std::uint64_t violations = 0;
};

/// One promise of reliability.md, section 3. A property sees all that happens in its order and says
/// when the promise is broken. It knows nothing of how the controller decides, and takes no word of
/// its arithmetic: an oracle that shares the code shares the error.
class Property {
 public:
  Property(std::string id, std::string sentence)
      : id_(std::move(id)), sentence_(std::move(sentence)) {}
  virtual ~Property() = default;
  Property(const Property&) = delete;
  Property& operator=(const Property&) = delete;

  const std::string& id() const { return id_; }
  /// What is promised, in one sentence.
  const std::string& sentence() const { return sentence_; }

  /// After each commit; the ledger already holds it, `change.before` is what was before.
  virtual void on_commit(const Change& change, const Ledger& ledger) { (void)change, (void)ledger; }
  /// A replica sends a request, reads included (watches are no requests).
  virtual void on_request(const SentRequest& request, const Ledger& ledger) {
    (void)request, (void)ledger;
  }
  /// The sender learns how it ended.
  virtual void on_answer(const SentRequest& request, const Ledger& ledger) {
    (void)request, (void)ledger;
  }
  /// A replica has been told of an object in this version, by a watch or a list.
  virtual void on_delivery(std::string_view replica, ObjectKind kind, std::string_view key,
                           std::uint64_t revision, const Ledger& ledger) {
    (void)replica, (void)kind, (void)key, (void)revision, (void)ledger;
  }
  /// A replica has planned for this Rollout.
  virtual void on_reconcile(std::string_view replica, std::string_view rollout,
                            const Ledger& ledger) {
    (void)replica, (void)rollout, (void)ledger;
  }
  /// All faults are off from here on, and nobody asks for anything new.
  virtual void at_heal(const Ledger& ledger) { (void)ledger; }
  /// Time enough has passed for everything to settle: from here on all must be silent.
  virtual void at_quiet(const Ledger& ledger) { (void)ledger; }
  /// No replica of ours runs any more; one that begins later finds these leavings.
  virtual void at_handover(Leavings leavings, const Ledger& ledger) {
    (void)leavings, (void)ledger;
  }
  /// All Rollouts, ReplicaSets and Services were deleted a while ago, and of so many objects a
  /// replica still remembers something.
  virtual void at_emptied(std::size_t remembered, const Ledger& ledger) {
    (void)remembered, (void)ledger;
  }
  /// The run is over, but for what is left to see once all is deleted.
  virtual void at_end(const Ledger& ledger) { (void)ledger; }

  using Report = std::function<void(Violation)>;
  void report_to(Report report) { report_ = std::move(report); }
  PropertyCount count() const { return {id_, sentence_, checks_, violations_}; }

 protected:
  /// Something was at stake, and was looked at.
  void checked() { ++checks_; }
  void broken(Violation violation) {
    ++violations_;
    violation.property = id_;
    if (report_) report_(std::move(violation));
  }

 private:
  std::string id_;
  std::string sentence_;
  std::uint64_t checks_ = 0;
  std::uint64_t violations_ = 0;
  Report report_;
};

}  // namespace slipway::simulation
