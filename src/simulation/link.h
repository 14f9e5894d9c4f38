#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kubernetes/transport.h"
#include "simulation/stage.h"

namespace slipway::simulation {

class Channel;

/// The way of one process to the API server, over a network and a server that may fail in all the
/// ways of the fault model. What it sends goes on even if it dies meanwhile.
class Link final : public kubernetes::Transport {
 public:
  enum class Side : std::uint8_t {
    replica,  ///< Of our controller: all faults may strike, all requests are noted.
    cluster,  ///< Of a controller of Kubernetes' own: it may be slow, or lack a quota.
  };
  struct Options {
    Side side = Side::cluster;
    int page_size = 0;       ///< Of lists; 0: what the client asks.
    bool contested = false;  ///< FJ5: somebody writes before each of our writes.
  };
  /// A fault that concerns the whole process: the owner kills, stops or skews it.
  using ProcessFault = std::function<void(Fault fault, std::uint64_t size, bool before_request)>;

  Link(Stage& stage, ActorLoop& loop, std::string actor, Options options);
  ~Link() override;

  void send(kubernetes::Request request, Done done) override;
  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override;
  std::string server() const override { return "the simulated API server"; }

  void on_process_fault(ProcessFault act) { process_fault_ = std::move(act); }
  /// The process is gone: nothing goes out and nothing comes in any more.
  void cut();
  /// All trouble ends: windows close, streams flow, late writes land now.
  void heal();
  const std::string& actor() const { return actor_; }

 private:
  struct Call;
  struct Fate;
  class Handle;
  using CallPtr = std::shared_ptr<Call>;
  using ChannelPtr = std::shared_ptr<Channel>;

  /// A time during which something does not work, and by which fault.
  struct Window {
    Instant until;
    Fault fault = Fault::fi1;
    std::uint64_t size = 0;
    bool open(Instant now) const { return now < until; }
  };

  void begin(const CallPtr& call);
  void strike_process(Call& call);
  void open_windows(const Call& call);
  Fate decide(Call& call);
  Fate decide_write(const Call& call);
  bool fail_by_window(const Call& call, Fate& fate) const;
  bool may_be_stale(const Call& call);
  void shape_list(Call& call, Fate& fate);
  void arrive(const CallPtr& call, const Fate& fate);
  void disturb(const Call& call, const Fate& fate);
  kubernetes::Response apply(Call& call);
  /// Tells the audience which versions an answer to a read brings.
  void tell_of(const Call& call, const kubernetes::Response& response) const;
  static bool tells_of_now(const Call& call, const Result<kubernetes::Response>& response,
                           const Fate& fate);
  void tell_of_write(const Call& call, const kubernetes::Response& response) const;
  void answer(const CallPtr& call, Result<kubernetes::Response> response, const Fate& fate);

  Stage& stage_;
  ActorLoop& loop_;
  const std::string actor_;
  const Options options_;
  ProcessFault process_fault_;
  bool dead_ = false;
  Window cut_;         ///< FI1, FI6, FI7: nothing passes.
  Window no_answers_;  ///< FI3
  Window no_etcd_;     ///< FI4
  Window forbidden_;   ///< FC12
  Window burst_;       ///< FC13
  Window no_lease_;    ///< FD5
  Window no_names_;    ///< FI5
  Window slow_;        ///< FD11: one object's requests.
  std::string slow_object_;
  Window no_quota_;                                         ///< FF3
  std::map<std::string, int, std::less<>> stale_in_a_row_;  ///< Lists, by kind.
  bool listed_once_ = false;
  std::vector<std::weak_ptr<Channel>> channels_;
  std::list<CallPtr> late_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::simulation
