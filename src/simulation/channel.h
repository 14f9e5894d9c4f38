#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "kubernetes/transport.h"
#include "simulation/stage.h"

namespace slipway::simulation {

/// A watch on its way from an API server to a client: the lines keep their order, and come late,
/// twice, under another name or never, as the faults of groups A and B have it.
class Channel final : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Stage& stage, ActorLoop& loop, std::string actor, kubernetes::StreamEvents events,
          bool faulty)
      : stage_(stage),
        loop_(loop),
        actor_(std::move(actor)),
        events_(std::move(events)),
        faulty_(faulty) {}

  /// Watches for real.
  void open(kubernetes::Request request);
  /// Says no.
  void refuse(kubernetes::Response response);
  /// No callback comes after this.
  void close();

  /// Nothing passes before then.
  void hold_until(Instant until);
  /// Nothing passes any more; then the connection is found to be broken.
  void break_at(Instant when);
  /// What was held passes now. A stream that has fallen silent is found to be broken.
  void flow();

 private:
  struct Item {
    enum class What : std::uint8_t { opened, line, refused, broken, ended } what = What::line;
    Instant due;
    std::string line;
    std::string key;
    ObjectKind kind = ObjectKind::other;
    std::uint64_t revision = 0;
    int status = 0;
    std::optional<kubernetes::Response> response;
    std::optional<Fault> fault;  ///< Felt when this is delivered.
  };

  bool opens_badly(kubernetes::Request& request);
  void receive(std::string_view line);
  void swallow_then_expire(Fault fault, Duration after);
  void put(Item item, Duration lag = {});
  void schedule();
  void pump();
  void deliver(Item item);

  Stage& stage_;
  ActorLoop& loop_;
  const std::string actor_;
  kubernetes::StreamEvents events_;
  const bool faulty_;
  std::unique_ptr<kubernetes::Stream> inner_;
  std::string what_;                     ///< "controller-0 EVENT replicasets/"
  ObjectKind kind_ = ObjectKind::other;  ///< As what its events make their objects known.
  Duration lag_;                         ///< Of all its events.
  bool lag_felt_ = false;
  std::deque<Item> queue_;
  Instant held_until_;
  bool closed_ = false;
  bool swallowing_ = false;
  bool silent_ = false;
  std::uint64_t turn_ = 0;
};

/// An answer of the API server that is a refusal.
kubernetes::Response refusal(int status, std::string_view message);

}  // namespace slipway::simulation
