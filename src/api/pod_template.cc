#include "api/pod_template.h"

#include <mutex>
#include <unordered_map>

#include "api/canary_step.h"
#include "api/core_conform.h"
#include "api/go_encoding.h"
#include "api/packed_text.h"
#include "base/ensure.h"

namespace slipway::api {

struct PodTemplate::Blob {
  Hash128 content_hash;
  PackedText packed;
  std::shared_ptr<const Blob> base;  ///< What `packed` is the difference to, if it is one.
  mutable std::once_flag meant;
  mutable Hash128 meaning;  ///< Once `meant`.

  Blob(Hash128 hash, PackedText text, std::shared_ptr<const Blob> packed_against)
      : content_hash(hash), packed(std::move(text)), base(std::move(packed_against)) {}
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  ~Blob();

  std::string text() const { return base == nullptr ? packed.text() : packed.text(base->text()); }
};

/// All contents of the process by their hash, so that equal ones are kept once.
struct TemplateIndex {
  using Blob = PodTemplate::Blob;

  struct HashOfHash {
    std::size_t operator()(const Hash128& hash) const { return hash.low; }
  };

  std::mutex mutex;
  std::unordered_map<Hash128, std::weak_ptr<const Blob>, HashOfHash> blobs;

  static TemplateIndex& instance() {
    // Never destroyed: templates in static objects may outlive any order of destruction.
    static auto* const instance = new TemplateIndex;
    return *instance;
  }

  std::shared_ptr<const Blob> find(const Hash128& hash) {
    const std::lock_guard lock(mutex);
    const auto found = blobs.find(hash);
    return found == blobs.end() ? nullptr : found->second.lock();
  }

  /// Keeps the blob and returns it, or the one that another thread kept meanwhile.
  std::shared_ptr<const Blob> keep(const std::shared_ptr<const Blob>& blob) {
    const std::lock_guard lock(mutex);
    std::weak_ptr<const Blob>& entry = blobs[blob->content_hash];
    if (std::shared_ptr<const Blob> other = entry.lock()) return other;
    entry = blob;
    return blob;
  }

  void drop(const Hash128& hash) {
    const std::lock_guard lock(mutex);
    const auto found = blobs.find(hash);
    // A successor of equal content may have taken the place.
    if (found != blobs.end() && found->second.expired()) blobs.erase(found);
  }
};

namespace {

/// Revisions of one Rollout come next to each other in a list, and differ in little.
class TemplatePacker {
 public:
  std::shared_ptr<const TemplateIndex::Blob> pack(const Hash128& hash, std::string_view text) {
    using Blob = TemplateIndex::Blob;
    if (std::shared_ptr<const Blob> base = base_.lock()) {
      PackedText difference = PackedText::difference(text, base_text_);
      if (difference.packed_size() * worth_it <= text.size()) {
        return std::make_shared<const Blob>(hash, std::move(difference), std::move(base));
      }
    }
    auto packed = std::make_shared<const Blob>(
        hash, PackedText(text, PackedText::Family::templates), nullptr);
    base_ = packed;
    base_text_ = text;
    return packed;
  }

 private:
  /// A dictionary alone leaves a fifth to a tenth.
  static constexpr std::size_t worth_it = 12;

  std::weak_ptr<const TemplateIndex::Blob> base_;  ///< Those that differ from it keep it alive.
  std::string base_text_;
};

const CoreType& pod_template_type() {
  static const CoreType* const type = find_core_type("PodTemplateSpec");
  ASSERT(type != nullptr);
  return *type;
}

Hash128 meaning_as_is(const Json& content) {
  return hash128(encode_as_go_text(pod_template_type(), content,
                                   {.by_meaning = true, .ignored_label = pod_template_hash_label}));
}

constexpr std::string_view required_terms = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view preferred_terms = "preferredDuringSchedulingIgnoredDuringExecution";

bool is_injected_term(const Json& pod_affinity_term) {
  const Json& selector = pod_affinity_term["labelSelector"];
  if (!selector["matchLabels"].empty() || selector["matchExpressions"].size() != 1) return false;
  const Json& expression = selector["matchExpressions"].as_array().front();
  return expression["key"].string_or_empty() == pod_template_hash_label &&
         expression["operator"].string_or_empty() == "In" && expression["values"].size() == 1;
}

bool is_injected(std::string_view list, const Json& item) {
  return is_injected_term(list == preferred_terms ? item["podAffinityTerm"] : item);
}

Hash128 meaning_of(const Json& content) {
  if (!has_injected_term(content["spec"]["affinity"])) return meaning_as_is(content);
  Json without = content;
  remove_injected_terms(without.member("spec"));
  return meaning_as_is(without);
}

void erase_keys(Json& metadata, std::string_view map, const StringMap& keys) {
  Json* entries = metadata.find(map);
  if (entries == nullptr || !entries->is_object()) return;
  for (const auto& [key, value] : keys) entries->erase(key);
}

std::string hash_of(std::string_view text, std::optional<std::int32_t> collision_count) {
  Fnv32a hash;
  hash.add(text);
  if (collision_count) {
    // Eight bytes, of which Argo Rollouts fills the first four, little-endian.
    std::string bytes(8, '\0');
    const auto count = static_cast<std::uint32_t>(*collision_count);
    for (int i = 0; i < 4; ++i)
      bytes[static_cast<std::size_t>(i)] = static_cast<char>(count >> 8 * i);
    hash.add(bytes);
  }
  return safe_encode(hash.value());
}

}  // namespace

PodTemplate::Blob::~Blob() {
  TemplateIndex::instance().drop(content_hash);
}

PodTemplate::PodTemplate(const Json& content) {
  if (content.is_null()) return;
  const bool was_unread = content.string_or_empty().starts_with('{');
  *this = unread(was_unread ? content.as_string() : to_text(content));
}

PodTemplate PodTemplate::unread(std::string_view text) {
  const Hash128 hash = hash128(text);
  TemplateIndex& index = TemplateIndex::instance();
  PodTemplate made;
  made.blob_ = index.find(hash);
  if (made.blob_ == nullptr) {
    thread_local TemplatePacker packer;
    made.blob_ = index.keep(packer.pack(hash, text));
  }
  return made;
}

Json PodTemplate::content() const {
  if (absent()) return Json();
  return parse_json(blob_->text()).value_or(Json());
}

Hash128 PodTemplate::meaning() const {
  if (absent()) return {};
  std::call_once(blob_->meant, [this] { blob_->meaning = meaning_of(content()); });
  return blob_->meaning;
}

Hash128 PodTemplate::meaning_without(const PodTemplateMetadata& injected) const {
  if (absent()) return meaning();
  Json without = content();
  if (Json* metadata = without.find("metadata")) {
    erase_keys(*metadata, "labels", injected.labels);
    erase_keys(*metadata, "annotations", injected.annotations);
  }
  return meaning_of(without);
}

bool has_injected_term(const Json& affinity) {
  const Json& anti_affinity = affinity["podAntiAffinity"];
  for (const std::string_view list : {required_terms, preferred_terms}) {
    if (!anti_affinity[list].is_array()) continue;
    for (const Json& item : anti_affinity[list].as_array()) {
      if (is_injected(list, item)) return true;
    }
  }
  return false;
}

void remove_injected_terms(Json& pod_spec) {
  Json* affinity = pod_spec.find("affinity");
  if (affinity == nullptr || !has_injected_term(*affinity)) return;
  Json* anti_affinity = affinity->find("podAntiAffinity");
  for (const std::string_view list : {required_terms, preferred_terms}) {
    const Json* items = anti_affinity->find(list);
    if (items == nullptr || !items->is_array()) continue;
    Json kept = Json::array();
    for (const Json& item : items->as_array()) {
      if (!is_injected(list, item)) kept.push_back(item);
    }
    if (kept.empty()) {
      anti_affinity->erase(list);
    } else {
      anti_affinity->set(list, std::move(kept));
    }
  }
  if (anti_affinity->empty()) affinity->erase("podAntiAffinity");
  if (affinity->empty()) pod_spec.erase("affinity");
}

PodTemplateMemory pod_template_memory() {
  TemplateIndex& index = TemplateIndex::instance();
  PodTemplateMemory memory;
  std::vector<std::shared_ptr<const TemplateIndex::Blob>> alive;  // Freed after the lock.
  const std::lock_guard lock(index.mutex);
  for (const auto& [hash, entry] : index.blobs) {
    const std::shared_ptr<const TemplateIndex::Blob>& blob = alive.emplace_back(entry.lock());
    if (blob == nullptr) continue;
    ++memory.templates;
    memory.packed_bytes += blob->packed.packed_size();
    memory.text_bytes += blob->packed.text_size();
  }
  return memory;
}

Result<Json> pod_template_defaults(const Json& pod_template) {
  return conform_with_defaults(pod_template_type(), pod_template);
}

std::string pod_template_hash(const Json& pod_template,
                              std::optional<std::int32_t> collision_count) {
  return hash_of(encode_as_go_text(pod_template_type(), pod_template, {}), collision_count);
}

std::string pod_template_hash_before_1_9(const Json& pod_template,
                                         std::optional<std::int32_t> collision_count) {
  return hash_of(
      encode_as_go_text(pod_template_type(), pod_template, {.null_creation_timestamp = true}),
      collision_count);
}

std::string step_hash(const Json& steps) {
  static const CoreType* const type = find_core_type("CanaryStep");
  // An empty list is lost when Argo Rollouts writes the Rollout out once before it hashes.
  const Json& list = steps.empty() ? Json() : steps;
  return hash_of(encode_list_as_go_text(*type, list, {}), std::nullopt);
}

}  // namespace slipway::api
