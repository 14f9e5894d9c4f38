#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api_server.h"
#include "simulation/clock.h"
#include "simulation/fault.h"
#include "simulation/history.h"
#include "simulation/schedule.h"

namespace slipway::simulation {

/// Told of all that happens, in its order.
class Audience {
 public:
  virtual ~Audience() = default;
  virtual void on_commit(const Commit& commit) = 0;
  virtual void on_request(const SentRequest& request) = 0;
  virtual void on_answer(const SentRequest& request) = 0;
  virtual void on_delivery(std::string_view replica, ObjectKind kind, std::string_view key,
                           std::uint64_t revision) = 0;
  /// A replica is about to plan for this Rollout.
  virtual void on_reconcile(std::string_view replica, std::string_view rollout) = 0;
  virtual void at_heal() = 0;
  virtual void at_quiet() = 0;
  virtual void at_handover(Leavings leavings) = 0;
  virtual void at_emptied(std::size_t remembered) = 0;
  virtual void at_end() = 0;
};

/// How often a fault struck, and how often that reached somebody: an error that a living caller
/// got, a write that landed where it was not expected, an event that came late.
struct FaultCount {
  std::uint64_t injected = 0;
  std::uint64_t felt = 0;
};
using FaultCounts = std::array<FaultCount, fault_count>;

/// What all on the stage share: time, the API server, the schedule of faults, and the notes that
/// are taken of the run.
class Stage {
 public:
  Stage(std::uint64_t run_seed, TrueTime& true_time, cluster::ApiServer& api_server,
        std::unique_ptr<Schedule> faults)
      : seed(run_seed), time(true_time), server(api_server), schedule_(std::move(faults)) {}

  /// Whether the fault strikes here, and how: notes it if so. Never after `heal`.
  std::optional<std::uint64_t> strikes(Fault fault, const Point& point);
  /// The same in two parts, where several faults may want the same place and one gets it.
  std::optional<std::uint64_t> draw(Fault fault, const Point& point);
  void note(Fault fault, const Point& point, std::uint64_t size);
  /// Notes that a fault struck which is no matter of chance.
  void injected(Fault fault) { ++counts_[static_cast<std::size_t>(fault)].injected; }
  void felt(Fault fault) { ++counts_[static_cast<std::size_t>(fault)].felt; }
  const FaultCounts& counts() const { return counts_; }
  const std::vector<Strike>& struck() const { return struck_; }
  /// From here on nothing goes wrong any more.
  void heal() { healed_ = true; }
  bool healed() const { return healed_; }

  std::uint32_t ordinal(const std::string& what) { return ordinals_.next(what); }
  /// How long a request or event named so takes on its way: the same in every run of this seed.
  Duration latency(const Point& point) const;

  /// Carries out a request in the name of an actor.
  kubernetes::Response carry_out(const kubernetes::Request& request, std::string_view actor,
                                 bool ours, std::uint64_t request_id);
  /// Who is writing now.
  std::string_view writer() const { return writer_; }
  bool writer_is_ours() const { return ours_; }
  std::uint64_t writing_request() const { return request_id_; }

  std::uint64_t next_request_id() { return ++request_ids_; }
  std::uint64_t requests() const { return request_ids_; }
  /// Mixes a text and a number into the run's hash.
  void trace(std::string_view text, std::uint64_t number);
  std::uint64_t trace_hash() const { return trace_; }

  /// Ends every replica, and brings them back after that long to what another controller left.
  std::function<void(Duration)> hand_over;

  const std::uint64_t seed;
  TrueTime& time;
  cluster::ApiServer& server;
  Audience* audience = nullptr;

 private:
  std::unique_ptr<Schedule> schedule_;
  Ordinals ordinals_;
  FaultCounts counts_{};
  std::vector<Strike> struck_;
  std::string_view writer_ = "cluster";
  bool ours_ = false;
  bool healed_ = false;
  std::uint64_t request_id_ = 0;
  std::uint64_t request_ids_ = 0;
  std::uint64_t trace_ = 0;
};

}  // namespace slipway::simulation
