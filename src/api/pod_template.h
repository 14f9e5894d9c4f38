#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "api/meta.h"
#include "base/hash.h"
#include "base/json.h"

namespace slipway::api {

struct PodTemplateMetadata;

/// The label that ties a ReplicaSet, its pods and a Service's selector to one pod template.
inline constexpr std::string_view pod_template_hash_label = "rollouts-pod-template-hash";

/// A pod template: an opaque, immutable, shared blob. Copying costs a pointer. Two templates are
/// equal if they mean the same to a server: its defaults applied, the hash label and an injected
/// anti-affinity term ignored, empty and absent alike, quantities by value, `spec.serviceAccount`
/// and its successor alike (behaviour.md 2.3, rule 3).
///
/// Contents are kept compressed, and each once in the process, however many templates hold it.
///
/// *Threads*: any.
class PodTemplate {
 public:
  PodTemplate() = default;  ///< No template (`template` absent).
  /// Null means no template, too. A string that begins with a brace is the text of one
  /// that was left unread (JsonParseOptions::unread).
  explicit PodTemplate(const Json& content);
  /// From its JSON text, which is read only when somebody asks what it says. One that turns out to
  /// be no JSON then has no content.
  static PodTemplate unread(std::string_view text);

  bool absent() const { return blob_ == nullptr; }
  /// The template as it came, unknown fields included. Unpacks it: some 20 µs.
  Json content() const;
  /// Of the meaning, as described above: equal hashes are equal templates. Zero when absent.
  /// Fields that the table of core types doesn't know mean nothing, so that no newer server's
  /// defaults can make two templates differ. Takes some 30 µs the first time, and is remembered.
  Hash128 meaning() const;
  /// The same without the keys of `injected` in its metadata. Unpacks it.
  Hash128 meaning_without(const PodTemplateMetadata& injected) const;

  /// Equality by meaning.
  bool operator==(const PodTemplate& other) const {
    return blob_ == other.blob_ || meaning() == other.meaning();
  }

 private:
  struct Blob;
  friend struct TemplateIndex;
  std::shared_ptr<const Blob> blob_;
};

/// Whether `affinity` (of a pod's spec) has a term that keeps pods away from those of one revision,
/// as antiAffinity injects it: its selector asks for one value of the hash label and for nothing
/// else.
bool has_injected_term(const Json& affinity);
/// Takes injected terms off the affinity of a pod's spec, and what is empty for that.
void remove_injected_terms(Json& pod_spec);

/// What the templates of the process hold in memory: for benchmarks and metrics.
struct PodTemplateMemory {
  std::size_t templates = 0;     ///< Different contents.
  std::size_t packed_bytes = 0;  ///< As kept.
  std::size_t text_bytes = 0;    ///< As JSON text.
};
PodTemplateMemory pod_template_memory();

/// The template as an API server would store it: its defaults applied, unknown fields dropped.
///
/// *Errors*: `invalid`, as `conform` has them.
Result<Json> pod_template_defaults(const Json& pod_template);

/// The name of a template: FNV-1a over Go's JSON of the PodTemplateSpec as Argo Rollouts 1.9 and
/// later write it (behaviour.md 2.1), safe-encoded. `collision_count` is status.collisionCount.
std::string pod_template_hash(const Json& pod_template,
                              std::optional<std::int32_t> collision_count);

/// The same as Argo Rollouts up to 1.8 had it, which wrote `creationTimestamp` as null. Only names
/// that such a version gave can be told by it; nothing new is ever named so.
std::string pod_template_hash_before_1_9(const Json& pod_template,
                                         std::optional<std::int32_t> collision_count);

/// The same over the canary steps, `null` where there are none (behaviour.md 2.2). `steps` is the
/// JSON array of spec.strategy.canary.steps.
std::string step_hash(const Json& steps);

}  // namespace slipway::api
