#include "cluster/controllers/pod_ranking.h"

#include <bit>

#include "base/text.h"

namespace slipway::cluster {

namespace {

struct Ranked {
  PodPointer pod;
  int neighbours = 0;  ///< Related pods on the same node.
};

int phase_rank(const api::Pod& pod) {
  if (pod.status.phase == "Pending" || pod.status.phase.empty()) return 0;
  return pod.status.phase == "Unknown" ? 1 : 2;
}

std::int64_t deletion_cost(const api::Pod& pod) {
  const std::string* cost = pod.metadata.annotation(pod_deletion_cost_annotation);
  return cost == nullptr ? 0 : parse_integer(*cost).value_or(0);
}

int restarts(const api::Pod& pod) {
  int most = 0;
  for (const api::ContainerStatus& container : pod.status.container_statuses) {
    most = std::max(most, container.restart_count);
  }
  return most;
}

/// The age's power of two, -1 for none: what lies within one power counts as equally old.
int age_rank(Instant since, Instant now) {
  const std::int64_t age = (now - since).nanoseconds;
  return age <= 0 ? -1 : std::bit_width(static_cast<std::uint64_t>(age)) - 1;
}

/// Negative when `a` goes before `b`: the younger one does. Unknown times are the youngest.
int compare_age(std::optional<Instant> a, std::optional<Instant> b, Instant now) {
  if (a.has_value() != b.has_value()) return a.has_value() ? 1 : -1;
  return a ? age_rank(*a, now) - age_rank(*b, now) : 0;
}

int compare(const Ranked& a, const Ranked& b, Instant now) {
  const api::Pod& left = *a.pod;
  const api::Pod& right = *b.pod;
  const bool left_bound = !left.spec.node_name.empty();
  const bool right_bound = !right.spec.node_name.empty();
  if (left_bound != right_bound) return left_bound ? 1 : -1;
  if (const int order = phase_rank(left) - phase_rank(right); order != 0) return order;
  if (is_ready(left) != is_ready(right)) return is_ready(left) ? 1 : -1;
  const std::int64_t left_cost = deletion_cost(left);
  const std::int64_t right_cost = deletion_cost(right);
  if (left_cost != right_cost) return left_cost < right_cost ? -1 : 1;
  if (a.neighbours != b.neighbours) return b.neighbours - a.neighbours;
  if (is_ready(left)) {
    const std::optional<Instant> left_since = ready_since(left);
    const std::optional<Instant> right_since = ready_since(right);
    if (left_since != right_since) {
      if (const int order = compare_age(left_since, right_since, now); order != 0) return order;
      return left.metadata.uid.compare(right.metadata.uid);
    }
  }
  if (const int order = restarts(right) - restarts(left); order != 0) return order;
  const std::optional<Instant> left_born = left.metadata.creation_timestamp;
  const std::optional<Instant> right_born = right.metadata.creation_timestamp;
  if (left_born != right_born) {
    if (const int order = compare_age(left_born, right_born, now); order != 0) return order;
  }
  return left.metadata.uid.compare(right.metadata.uid);
}

}  // namespace

std::vector<PodPointer> choose_pods_to_delete(std::vector<PodPointer> candidates,
                                              const std::vector<PodPointer>& related,
                                              std::size_t count, Instant now) {
  std::map<std::string_view, int> on_node;
  for (const PodPointer& pod : related) {
    if (is_active(*pod)) ++on_node[pod->spec.node_name];
  }
  std::vector<Ranked> ranked;
  for (PodPointer& pod : candidates) {
    const auto found = on_node.find(pod->spec.node_name);
    const int neighbours = found == on_node.end() ? 0 : found->second;
    ranked.push_back({std::move(pod), neighbours});
  }
  std::sort(ranked.begin(), ranked.end(),
            [now](const Ranked& a, const Ranked& b) { return compare(a, b, now) < 0; });
  std::vector<PodPointer> chosen;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) {
    chosen.push_back(std::move(ranked[i].pod));
  }
  return chosen;
}

}  // namespace slipway::cluster
