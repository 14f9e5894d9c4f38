#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/meta.h"
#include "base/hash.h"
#include "base/json.h"

namespace slipway::api {

/// The label that ties a ReplicaSet, its pods and a Service's selector to one pod template.
inline constexpr std::string_view pod_template_hash_label = "rollouts-pod-template-hash";

/// A pod template: an opaque, immutable, shared blob. Copying costs a pointer. Two templates are
/// equal if they mean the same to a server: its defaults applied, the hash label ignored, empty and
/// absent alike, quantities by value, `spec.serviceAccount` ignored (behaviour.md 2.3, rule 3).
class PodTemplate {
 public:
  PodTemplate() = default;  ///< No template (`template` absent).
  explicit PodTemplate(const Json& content);

  bool absent() const { return blob_ == nullptr; }
  /// The template as it was read, unknown fields included.
  Json content() const;
  /// Of the meaning, as described above: equal hashes are equal templates. Zero when absent.
  Hash128 meaning() const;
  /// The hash label among the template's labels, or empty.
  std::string hash_label() const;

  /// Equality by meaning.
  bool operator==(const PodTemplate& other) const { return meaning() == other.meaning(); }

 private:
  struct Blob;
  std::shared_ptr<const Blob> blob_;
};

/// The name of a template: FNV-1a over Go's JSON of the PodTemplateSpec as Argo Rollouts 1.9 and
/// later write it (behaviour.md 2.1), safe-encoded. `collision_count` is status.collisionCount.
std::string pod_template_hash(const Json& pod_template,
                              std::optional<std::int32_t> collision_count);

/// The same over the canary steps, `null` where there are none (behaviour.md 2.2). `steps` is the
/// JSON array of spec.strategy.canary.steps.
std::string step_hash(const Json& steps);

}  // namespace slipway::api
