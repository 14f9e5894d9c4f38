#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/meta.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

enum class EventType { normal, warning };
std::string_view to_string(EventType type);

/// Something that happened to an object, for people (`kubectl describe`, `kubectl get events`).
struct EventNote {
  EventType type = EventType::normal;
  std::string reason;  ///< "ScalingReplicaSet"
  std::string message;
  bool operator==(const EventNote&) const = default;
};

/// Writes core/v1 Events. Repeats of one (object, type, reason, message) within 10 minutes raise
/// the count of the first; per object and type at most a burst of 25, then one in 5 minutes, so
/// that an event storm can't load the API server. Events are best effort: a failed write is retried
/// a few times, then logged; it never holds up a reconcile.
class EventRecorder {
 public:
  /// `component` is the source that people see ("rollouts-controller").
  EventRecorder(EventLoop& loop, Transport& transport, std::string component, std::uint64_t seed);
  ~EventRecorder();

  void record(const api::ObjectRef& about, const EventNote& note);
  /// Events not yet written.
  std::size_t pending() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace slipway::kubernetes
