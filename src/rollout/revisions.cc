#include "rollout/revisions.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "rollout/keys.h"

namespace slipway::rollout {
namespace {

/// Beyond this an annotation is rubbish, and adding one must not overflow.
constexpr std::int64_t highest_revision = 1'000'000'000'000'000;

/// What speaks of one object alone.
constexpr std::array not_inherited = {
    keys::last_applied,
    keys::revision,
    keys::revision_history,
    keys::revision_for,
    keys::desired_replicas,
    keys::notified,
    keys::scale_down_deadline,
    keys::scale_down_deadline_as_documented,
    keys::claim,
    keys::ephemeral_metadata,
    keys::pods_behind,
};

std::int64_t parse_revision(std::string_view text) {
  const std::int64_t revision = parse_integer(text).value_or(0);
  return revision < 0 || revision > highest_revision ? 0 : revision;
}

/// The history starts with the lowest.
std::int64_t first_revision(const api::ObjectMeta& metadata) {
  const std::string* history = metadata.annotation(keys::revision_history);
  const std::int64_t first =
      history ? parse_revision(std::string_view(*history).substr(0, history->find(','))) : 0;
  return first > 0 ? first : revision_of(metadata);
}

Instant created(const api::ReplicaSet& replica_set) {
  return replica_set.metadata.creation_timestamp.value_or(Instant{});
}

}  // namespace

std::int64_t revision_of(const api::ObjectMeta& metadata) {
  const std::string* text = metadata.annotation(keys::revision);
  return text ? parse_revision(*text) : 0;
}

std::int64_t wanted_revision(const std::vector<const api::ReplicaSet*>& owned,
                             const api::ReplicaSet* newest) {
  std::int64_t highest = 0;
  for (const auto* replica_set : owned) {
    if (replica_set != newest) highest = std::max(highest, revision_of(replica_set->metadata));
  }
  return highest + 1;
}

std::string extended_history(const api::ObjectMeta& metadata) {
  const std::string* history = metadata.annotation(keys::revision_history);
  const std::string was = std::to_string(revision_of(metadata));
  return history && !history->empty() ? *history + "," + was : was;
}

api::StringMap inherited_annotations(const api::Rollout& rollout) {
  api::StringMap inherited;
  for (const auto& [key, value] : rollout.metadata.annotations) {
    if (std::ranges::find(not_inherited, key) == not_inherited.end()) inherited.emplace(key, value);
  }
  return inherited;
}

std::weak_ordering compare_age(const api::ReplicaSet& a, const api::ReplicaSet& b) {
  if (created(a) != created(b)) {
    return created(a) < created(b) ? std::weak_ordering::less : std::weak_ordering::greater;
  }
  return first_revision(a.metadata) <=> first_revision(b.metadata);
}

void sort_by_revision(std::vector<const api::ReplicaSet*>& replica_sets) {
  std::stable_sort(replica_sets.begin(), replica_sets.end(), [](const auto* a, const auto* b) {
    const std::int64_t a_revision = revision_of(a->metadata);
    const std::int64_t b_revision = revision_of(b->metadata);
    return a_revision != b_revision ? a_revision > b_revision : created(*a) > created(*b);
  });
}

}  // namespace slipway::rollout
