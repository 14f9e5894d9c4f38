#include "cli/rollout_view.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "api/defaults.h"
#include "base/text.h"
#include "cli/pod_status.h"
#include "rollout/scale_down.h"

namespace slipway::cli {
namespace {

constexpr std::string_view revision_annotation = "rollout.argoproj.io/revision";

std::int64_t revision_of(const api::ObjectMeta& metadata) {
  const std::string* text = metadata.annotation(revision_annotation);
  return text == nullptr ? 0 : parse_integer(*text).value_or(0);
}

bool owned_by(const api::ObjectMeta& metadata, const std::string& uid) {
  return std::any_of(metadata.owner_references.begin(), metadata.owner_references.end(),
                     [&](const api::OwnerReference& owner) { return owner.uid == uid; });
}

std::string hash_of(const api::ReplicaSet& replica_set) {
  const std::string* label = replica_set.metadata.label(api::pod_template_hash_label);
  return label == nullptr ? std::string() : *label;
}

bool no_step_left(const api::Rollout& rollout) {
  const auto& canary = rollout.spec.strategy.canary;
  if (!canary || canary->steps.empty()) return true;
  const auto index = rollout.status.current_step_index;
  return index && *index >= static_cast<int>(canary->steps.size());
}

/// The roles of a ReplicaSet as tags, in the order in which the plugin shows them.
std::vector<Tag> role_tags(const api::Rollout& rollout, const std::string& hash) {
  std::vector<Tag> tags;
  if (hash.empty()) return tags;
  const api::RolloutStatus& status = rollout.status;
  const bool stable = hash == status.stable_rs;
  if (rollout.spec.strategy.canary) {
    const bool canary = !stable && hash == status.current_pod_hash;
    if (stable) tags.push_back({"stable", Colour::green});
    if (canary) tags.push_back({"canary", Colour::yellow});
    if (rollout.spec.strategy.canary->ping_pong && (stable || canary)) {
      const bool ping_is_stable = status.canary.stable_ping_pong == "ping";
      tags.push_back({stable == ping_is_stable ? "ping" : "pong", Colour::bright_blue});
    }
  } else if (rollout.spec.strategy.blue_green) {
    if (stable) tags.push_back({"stable", Colour::green});
    if (hash == status.blue_green.active_selector) {
      tags.push_back({"active", Colour::green});
    } else if (hash == status.blue_green.preview_selector) {
      tags.push_back({"preview", Colour::bright_blue});
    }
  }
  return tags;
}

std::string delay_text(const api::ReplicaSet& replica_set, Instant now) {
  const rollout::Deadline deadline = rollout::parse_deadline(replica_set.metadata);
  if (const auto* at = std::get_if<rollout::At>(&deadline)) {
    return at->time <= now ? "delay:passed" : "delay:" + format_human_duration(at->time - now);
  }
  return std::holds_alternative<rollout::Absent>(deadline) ? std::string() : "delay:";
}

TreeRow pod_row(const api::Pod& pod) {
  const PodSummary summary = summarise(pod);
  TreeRow row{.kind = "Pod",
              .name = pod.metadata.name,
              .status = summary.status,
              .created = pod.metadata.creation_timestamp};
  row.info.push_back({fmt::format("ready:{}/{}", summary.ready, summary.total)});
  if (summary.restarts > 0) row.info.push_back({fmt::format("restarts:{}", summary.restarts)});
  return row;
}

TreeRow replica_set_row(const api::ReplicaSet& replica_set, std::vector<Tag> tags,
                        const RolloutObjects& objects, Instant now) {
  TreeRow row{.kind = "ReplicaSet",
              .name = replica_set.metadata.name,
              .status = replica_set_status(replica_set),
              .created = replica_set.metadata.creation_timestamp,
              .info = std::move(tags)};
  if (!row.info.empty()) row.name_colour = row.info.back().colour;
  const std::string delay = delay_text(replica_set, now);
  if (!delay.empty()) row.info.push_back({delay});

  std::vector<const api::Pod*> pods;
  for (const api::Pod& pod : objects.pods) {
    if (owned_by(pod.metadata, replica_set.metadata.uid)) pods.push_back(&pod);
  }
  std::sort(pods.begin(), pods.end(), [](const api::Pod* a, const api::Pod* b) {
    const auto& left = a->metadata;
    const auto& right = b->metadata;
    if (left.creation_timestamp != right.creation_timestamp) {
      return left.creation_timestamp < right.creation_timestamp;
    }
    return left.name < right.name;
  });
  for (const api::Pod* pod : pods) row.children.push_back(pod_row(*pod));
  return row;
}

TreeRow analysis_run_row(const api::AnalysisRun& run) {
  TreeRow row{.kind = "AnalysisRun",
              .name = run.metadata.name,
              .status = run.status.phase,
              .created = run.metadata.creation_timestamp};
  const bool unfinished = row.status == "Pending" || row.status == "Running";
  row.name_colour = unfinished ? Colour::bright_blue : Colour::plain;
  int successful = 0, failed = 0, inconclusive = 0, error = 0;
  for (const api::MetricResult& metric : run.status.metric_results) {
    successful += metric.successful;
    failed += metric.failed;
    inconclusive += metric.inconclusive;
    error += metric.error;
    for (const api::Measurement& measurement : metric.measurements) {
      const auto job = measurement.metadata.find("job-name");
      if (job == measurement.metadata.end()) continue;
      row.children.push_back({.kind = "Job",
                              .name = job->second,
                              .status = measurement.phase,
                              .created = measurement.started_at});
    }
  }
  const std::pair<int, std::string_view> counts[] = {
      {successful,   "Successful"  },
      {failed,       "Failed"      },
      {inconclusive, "Inconclusive"},
      {error,        "Error"       },
  };
  for (const auto& [count, status] : counts) {
    const Icon icon = icon_of("AnalysisRun", status);
    if (count > 0) row.info.push_back({fmt::format("{} {}", icon.symbol, count), icon.colour});
  }
  return row;
}

TreeRow experiment_row(const api::Experiment& experiment, const RolloutObjects& objects,
                       Instant now) {
  TreeRow row{.kind = "Experiment",
              .name = experiment.metadata.name,
              .status = experiment.status.phase,
              .created = experiment.metadata.creation_timestamp};
  const bool unfinished = row.status == "Pending" || row.status == "Running";
  row.name_colour = unfinished ? Colour::bright_blue : Colour::plain;
  for (const api::ReplicaSet& replica_set : objects.replica_sets) {
    if (owned_by(replica_set.metadata, experiment.metadata.uid)) {
      row.children.push_back(replica_set_row(replica_set, {}, objects, now));
    }
  }
  for (const api::AnalysisRun& run : objects.analysis_runs) {
    if (owned_by(run.metadata, experiment.metadata.uid)) {
      row.children.push_back(analysis_run_row(run));
    }
  }
  return row;
}

template <class T>
std::vector<const T*> of_revision(const std::vector<T>& all, const std::string& owner,
                                  std::int64_t revision) {
  std::vector<const T*> found;
  for (const T& object : all) {
    if (owned_by(object.metadata, owner) && revision_of(object.metadata) == revision) {
      found.push_back(&object);
    }
  }
  return found;
}

template <class T>
bool older_then_name_descending(const T* a, const T* b) {
  if (a->metadata.creation_timestamp != b->metadata.creation_timestamp) {
    return a->metadata.creation_timestamp < b->metadata.creation_timestamp;
  }
  return a->metadata.name > b->metadata.name;
}

TreeRow revision_row(const RolloutObjects& objects, std::int64_t revision, Instant now) {
  const std::string& owner = objects.rollout.metadata.uid;
  TreeRow row{.kind = "Revision", .name = fmt::format("revision:{}", revision)};

  auto replica_sets = of_revision(objects.replica_sets, owner, revision);
  std::sort(replica_sets.begin(), replica_sets.end(),
            [](auto* a, auto* b) { return a->metadata.name < b->metadata.name; });
  for (const api::ReplicaSet* replica_set : replica_sets) {
    row.children.push_back(replica_set_row(
        *replica_set, role_tags(objects.rollout, hash_of(*replica_set)), objects, now));
  }
  auto experiments = of_revision(objects.experiments, owner, revision);
  std::sort(experiments.begin(), experiments.end(), older_then_name_descending<api::Experiment>);
  for (const api::Experiment* experiment : experiments) {
    row.children.push_back(experiment_row(*experiment, objects, now));
  }
  auto runs = of_revision(objects.analysis_runs, owner, revision);
  std::sort(runs.begin(), runs.end(), older_then_name_descending<api::AnalysisRun>);
  for (const api::AnalysisRun* run : runs) row.children.push_back(analysis_run_row(*run));
  return row;
}

TreeRow tree_of(const RolloutObjects& objects, Instant now) {
  const std::string& owner = objects.rollout.metadata.uid;
  std::set<std::int64_t, std::greater<>> revisions;
  const auto collect = [&](const auto& all) {
    for (const auto& object : all) {
      if (owned_by(object.metadata, owner)) revisions.insert(revision_of(object.metadata));
    }
  };
  collect(objects.replica_sets);
  collect(objects.experiments);
  collect(objects.analysis_runs);

  TreeRow root{.kind = "Rollout",
               .name = objects.rollout.metadata.name,
               .status = shown_phase(objects.rollout).phase,
               .created = objects.rollout.metadata.creation_timestamp};
  for (const std::int64_t revision : revisions) {
    root.children.push_back(revision_row(objects, revision, now));
  }
  return root;
}

/// The images of a ReplicaSet's main containers.
std::vector<std::string> images_of(const api::ReplicaSet& replica_set) {
  std::vector<std::string> images;
  const Json content = replica_set.spec.template_.content();
  const Json& containers = content["spec"]["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    images.emplace_back(containers.at(i)["image"].string_or_empty());
  }
  return images;
}

void add_image(std::vector<ImageLine>& lines, const std::string& image,
               const std::vector<Tag>& tags) {
  const auto same = std::find_if(lines.begin(), lines.end(),
                                 [&](const ImageLine& line) { return line.image == image; });
  if (same == lines.end()) {
    lines.push_back({image, tags});
    return;
  }
  for (const Tag& tag : tags) {
    const bool known = std::any_of(same->tags.begin(), same->tags.end(),
                                   [&](const Tag& other) { return other.text == tag.text; });
    if (!known) same->tags.push_back(tag);
  }
  std::sort(same->tags.begin(), same->tags.end(),
            [](const Tag& a, const Tag& b) { return a.text < b.text; });
}

std::vector<ImageLine> image_lines(const RolloutObjects& objects) {
  std::vector<ImageLine> lines;
  for (const api::ReplicaSet& replica_set : objects.replica_sets) {
    if (replica_set.status.replicas == 0) continue;
    std::vector<Tag> tags;
    if (owned_by(replica_set.metadata, objects.rollout.metadata.uid)) {
      tags = role_tags(objects.rollout, hash_of(replica_set));
    } else if (const std::string* name =
                   replica_set.metadata.annotation("experiment.argoproj.io/template-name")) {
      tags.push_back({"Σ:" + *name, Colour::plain});
    } else {
      continue;
    }
    for (const std::string& image : images_of(replica_set)) add_image(lines, image, tags);
  }
  std::sort(lines.begin(), lines.end(),
            [](const ImageLine& a, const ImageLine& b) { return a.image < b.image; });
  return lines;
}

std::string actual_weight(const RolloutObjects& objects) {
  const api::Rollout& rollout = objects.rollout;
  const auto& canary = *rollout.spec.strategy.canary;
  const int max = api::max_traffic_weight(rollout);
  if (no_step_left(rollout)) return std::to_string(max);
  if (rollout.status.available_replicas == 0) return "0";
  if (canary.traffic_routing) {
    const auto& weights = rollout.status.canary.weights;
    return std::to_string(weights ? weights->canary.weight : set_weight(rollout));
  }
  for (const api::ReplicaSet& replica_set : objects.replica_sets) {
    const std::string hash = hash_of(replica_set);
    if (!owned_by(replica_set.metadata, rollout.metadata.uid)) continue;
    if (hash != rollout.status.current_pod_hash || hash == rollout.status.stable_rs) continue;
    const std::int64_t share = std::int64_t{replica_set.status.available_replicas} * max;
    return std::to_string(share / rollout.status.available_replicas);
  }
  return "0";
}

}  // namespace

Phase shown_phase(const api::Rollout& rollout) {
  const api::RolloutStatus& status = rollout.status;
  const auto observed = parse_integer(status.observed_generation);
  if (status.observed_generation.empty() || (observed && *observed < rollout.metadata.generation)) {
    return {"Progressing", "waiting for rollout spec update to be observed"};
  }
  if (status.controller_pause && status.pause_conditions.empty()) {
    return {"Progressing", "waiting for rollout to unpause"};
  }
  if (rollout.spec.workload_ref) {
    const std::string* generation =
        rollout.metadata.annotation("rollout.argoproj.io/workload-generation");
    if (generation != nullptr && status.workload_observed_generation != *generation) {
      return {"Progressing",
              "waiting for rollout spec update to be observed for the reference workload"};
    }
  }
  if (!status.phase.empty()) return {status.phase, status.message};
  return {"Progressing", "waiting for the controller to report a phase"};
}

std::string step_text(const api::Rollout& rollout) {
  const auto& canary = rollout.spec.strategy.canary;
  if (!canary || canary->steps.empty() || !rollout.status.current_step_index) return {};
  return fmt::format("{}/{}", *rollout.status.current_step_index, canary->steps.size());
}

int set_weight(const api::Rollout& rollout) {
  const auto& canary = rollout.spec.strategy.canary;
  if (rollout.status.abort) return 0;
  if (!canary || no_step_left(rollout)) return api::max_traffic_weight(rollout);
  for (int index = rollout.status.current_step_index.value_or(0); index >= 0; --index) {
    const auto& weight = canary->steps[static_cast<std::size_t>(index)].set_weight;
    if (weight) return *weight;
  }
  return 0;
}

std::string strategy_text(const api::Rollout& rollout) {
  if (rollout.spec.strategy.canary) return "Canary";
  return rollout.spec.strategy.blue_green ? "BlueGreen" : "";
}

std::string replica_set_status(const api::ReplicaSet& replica_set) {
  if (replica_set.metadata.generation > replica_set.status.observed_generation) {
    return "Progressing";
  }
  for (const api::Condition& condition : replica_set.status.conditions) {
    if (condition.type == "ReplicaFailure" && condition.status == "True") return "ReplicaFailure";
  }
  const int desired = replica_set.spec.replicas.value_or(1);
  if (replica_set.status.available_replicas < desired) return "Progressing";
  return desired == 0 ? "ScaledDown" : "Healthy";
}

RolloutView view_of(const RolloutObjects& objects, Instant now) {
  const api::Rollout& rollout = objects.rollout;
  RolloutView view{.name = rollout.metadata.name,
                   .namespace_ = rollout.metadata.namespace_,
                   .phase = shown_phase(rollout),
                   .strategy = strategy_text(rollout)};
  if (rollout.spec.strategy.canary) {
    view.step = step_text(rollout);
    view.set_weight = std::to_string(set_weight(rollout));
    view.actual_weight = actual_weight(objects);
  }
  view.images = image_lines(objects);
  view.desired = rollout.spec.replicas.value_or(1);
  view.current = rollout.status.replicas;
  view.updated = rollout.status.updated_replicas;
  view.ready = rollout.status.ready_replicas;
  view.available = rollout.status.available_replicas;
  view.tree = tree_of(objects, now);
  return view;
}

}  // namespace slipway::cli
