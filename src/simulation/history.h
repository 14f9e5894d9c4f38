#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "kubernetes/transport.h"

namespace slipway::simulation {

/// The kinds that properties speak of. All others are `other`.
enum class ObjectKind : std::uint8_t {
  rollout,
  replica_set,
  pod,
  service,
  event,
  lease,
  deployment,
  pod_template,
  other,
};
/// Of a kind's plural name, as a path spells it: "replicasets".
ObjectKind object_kind_of_plural(std::string_view plural);
std::string_view to_string(ObjectKind kind);

/// Which object a request is about, read from its path.
struct Addressed {
  ObjectKind kind = ObjectKind::other;
  std::string plural;       ///< "replicasets"
  std::string key;          ///< "namespace/name"; of a collection "namespace/".
  std::string subresource;  ///< "status", or empty.
  bool collection = false;  ///< A list, a watch or a create.
};
Addressed addressed_by(std::string_view target);

/// One change of the store: what is true from then on, whoever knows.
struct Commit {
  std::uint64_t revision = 0;
  Instant at;          ///< True time.
  std::string writer;  ///< The actor: "controller-0", "nodes", "user".
  bool ours = false;   ///< Asked for by a replica of the controller, be it late or twice.
  ObjectKind kind = ObjectKind::other;
  std::string key;                     ///< "namespace/name"
  std::shared_ptr<const Json> before;  ///< Null where there was none.
  std::shared_ptr<const Json> after;   ///< Null where there is none any more.
  std::uint64_t request = 0;           ///< `SentRequest::id`; 0 where it is not ours.
};

/// How a request of the controller ended, as its sender was told.
enum class Outcome : std::uint8_t {
  pending,    ///< Not yet.
  answered,   ///< With `status`.
  ambiguous,  ///< With an error that leaves open whether it was carried out.
};

/// One request on its way from a replica of the controller.
struct SentRequest {
  std::uint64_t id = 0;
  Instant at;           ///< True time.
  std::string replica;  ///< The actor: "controller-0". One that is restarted gets another name.
  kubernetes::Method method = kubernetes::Method::get;
  std::string target;
  std::string content_type;
  std::string body;
  Addressed about;
  /// The resourceVersion of the object that the decision was made on, as the sender says
  /// (`kubernetes::Request::basis`). 0 where it doesn't: reads, creates, events.
  std::uint64_t decided_on = 0;

  // Known once it is answered.
  Outcome outcome = Outcome::pending;
  int status = 0;
  bool whole = true;  ///< The answer could be read: its body was not cut short.
  Instant answered_at;
};

/// Whose a cluster's objects are when a replica of ours begins anew.
enum class Leavings : std::uint8_t {
  ours,      ///< As we left them, however long ago.
  anothers,  ///< As another controller of the same API leaves them: without what only we write.
};

/// What is true, whatever the controller knows. Asked by properties, answered by the engine.
class Truth {
 public:
  virtual ~Truth() = default;

  virtual Instant now() const = 0;
  /// Faults may still be injected. False from `at_heal` on.
  virtual bool faults_on() const = 0;
  /// How far any clock of any replica may be from true time, at most, in this run.
  virtual Duration clock_error_max() const = 0;
  /// The replica's own clock, for properties of what it writes down. True time for one unknown.
  virtual Instant clock_of(std::string_view replica) const = 0;
  /// How much later than asked all tasks of the replica run now. None for one unknown.
  virtual Duration late_of(std::string_view replica) const = 0;
  /// Whether the containers of that pod serve, as its kubelet knows. What the store says, where
  /// kubelets never lie.
  virtual bool pod_serves(std::string_view uid, bool store_says) const {
    (void)uid;
    return store_says;
  }
};

}  // namespace slipway::simulation
