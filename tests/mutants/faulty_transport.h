#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/random.h"
#include "cluster/api_server.h"
#include "kubernetes/event_loop.h"
#include "simulation/properties/judge.h"

namespace slipway::mutants {

/// How often what goes wrong, in thousandths of all requests.
struct FaultRates {
  int conflict = 0;     ///< FC1: refused with 409, as if others had written.
  int lost_answer = 0;  ///< FC3: carried out, the answer lost.
  int lost = 0;         ///< FC4: not carried out, an error told.
  int late = 0;         ///< FC5: an error told, carried out later.
  int twice = 0;        ///< FC6: carried out twice.
  int busy = 0;         ///< FC13: 429 or 503.
  int cut = 0;          ///< FB1: of all watch events, those at which the stream ends.
  Duration lag_max;     ///< FA1, FA2: each watch has its own lag, up to this.
};

/// What all replicas of a trial share: the server, who writes just now, who judges, and chance.
struct TrialWire {
  kubernetes::EventLoop& loop;
  cluster::ApiServer& server;
  simulation::Judge& judge;
  Random& random;
  FaultRates rates;
  std::string writer = "cluster";  ///< Who makes the commits of this very moment.
  std::uint64_t request = 0;       ///< Which request does; 0 where it is not the controller's.
  std::uint64_t last_request = 0;
  std::uint64_t faults = 0;
};

/// The way of one replica of the controller to the server: slow, and it breaks. The judge hears of
/// all that goes over it.
class FaultyTransport final : public kubernetes::Transport {
 public:
  FaultyTransport(TrialWire& wire, std::string replica);

  void send(kubernetes::Request request, Done done) override;
  std::unique_ptr<kubernetes::Stream> open(kubernetes::Request request,
                                           kubernetes::StreamEvents events) override;
  std::string server() const override { return "the embedded cluster"; }

 private:
  enum class Fate { answered, conflict, lost_answer, lost, late, twice, busy };
  class LaggingStream;
  struct Exchange;

  Fate draw_fate(const kubernetes::Request& request);
  void arrive(const std::shared_ptr<Exchange>& exchange);
  void answer(const std::shared_ptr<Exchange>& exchange, Result<kubernetes::Response> response);
  static kubernetes::Response carry_out(TrialWire& wire, const std::string& replica,
                                        const Exchange& exchange);
  void tell_of_objects(const Exchange& exchange, const kubernetes::Response& response);

  TrialWire& wire_;
  std::string replica_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::mutants
