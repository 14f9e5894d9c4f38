#pragma once

#include <vector>

#include "simulation/properties/judge.h"
#include "simulation/run.h"
#include "simulation/scene.h"

namespace slipway::simulation {

/// Hands what happens to the judge, and notes what people will want to see of it.
class Verdict final : public Audience {
 public:
  Verdict(const Scene& scene, bool keep_timeline)
      : scene_(scene), judge_(scene), keep_timeline_(keep_timeline) {}

  void on_commit(const Commit& commit) override;
  void on_request(const SentRequest& request) override;
  void on_answer(const SentRequest& request) override;
  void on_delivery(std::string_view replica, ObjectKind kind, std::string_view key,
                   std::uint64_t revision) override {
    judge_.delivered(replica, kind, key, revision);
  }
  void on_reconcile(std::string_view replica, std::string_view rollout) override {
    judge_.reconciled(replica, rollout);
  }
  void at_heal() override { judge_.heal(); }
  void at_quiet() override { judge_.quiet(); }
  void at_handover(Leavings leavings) override { judge_.handover(leavings); }
  void at_emptied(std::size_t remembered) override { judge_.emptied(remembered); }
  void at_end() override { judge_.end(); }
  /// It went on and on, long after everything had healed.
  void never_settled();

  void write_to(RunResult& result);

 private:
  void note(const Commit& commit);

  const Scene& scene_;
  Judge judge_;
  bool keep_timeline_;
  bool unsettled_ = false;
  std::uint64_t commits_ = 0;
  std::vector<TimelineEntry> timeline_;
  std::map<std::uint64_t, std::uint64_t> bases_;  ///< By request.
};

}  // namespace slipway::simulation
