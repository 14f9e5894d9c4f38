#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/meta.h"
#include "base/time.h"

namespace slipway::rollout {

/// What a ReplicaSet's annotations say about its end.
struct Absent {
  bool operator==(const Absent&) const = default;
};
/// There is something, and it is no time: empty text, rubbish. It means the same as Absent to
/// every decision, and is mended where it is found.
struct Malformed {
  std::string text;
  bool operator==(const Malformed&) const = default;
};
struct At {
  Instant time;
  bool operator==(const At&) const = default;
};
using Deadline = std::variant<Absent, Malformed, At>;

/// The one reader of deadlines. The bare key counts; where it holds no time, the spelling that
/// Argo Rollouts' documents print does.
Deadline parse_deadline(const api::ObjectMeta& metadata);

/// Whether the annotations need mending: a malformed text, or the documents' spelling in use.
bool deadline_needs_mending(const api::ObjectMeta& metadata);

/// What is written down: rounded up to whole seconds, so that no deadline is early.
Instant deadline_after(Instant now, Duration delay);

/// The deadline is still to come. One that has passed is not live, wherever one asks.
bool is_live(const Deadline& deadline, Instant now);

struct ScaleDown {
  enum class Do { arrange, repair, wait, scale_to_zero } what;
  std::optional<Duration> look_again_in;  ///< Set unless the ReplicaSet goes to zero now.
  bool operator==(const ScaleDown&) const = default;
};

/// Decides the fate of an old ReplicaSet that still has pods. Every answer either ends it or says
/// when to look again, so no input, however odd, leaves one running for ever.
///
/// Compat: with a delay of 0 Argo Rollouts keeps the ReplicaSet for ever, asking for itself without
/// end (its issues 1639 and 1992). Its documents promise the end, and so it is here.
ScaleDown decide_scale_down(const Deadline& deadline, Duration delay, Instant now);

/// The same for several at once, newest revision first: of those that wait, only the first
/// `revision_limit` may. The answers come in the order of `deadlines`.
std::vector<ScaleDown> decide_scale_downs(const std::vector<Deadline>& deadlines, Duration delay,
                                          std::int32_t revision_limit, Instant now);

}  // namespace slipway::rollout
