#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/experiment.h"
#include "api/rollout.h"
#include "api/workload.h"
#include "cli/paint.h"

namespace slipway::cli {

/// All that `get rollout` reads of one namespace.
struct RolloutObjects {
  api::Rollout rollout;
  std::vector<api::ReplicaSet> replica_sets;
  std::vector<api::Pod> pods;
  std::vector<api::AnalysisRun> analysis_runs;
  std::vector<api::Experiment> experiments;
};

/// The phase and message that people see (`GetRolloutPhase`): the status's own, unless the
/// controller has not yet seen the newest spec.
struct Phase {
  std::string phase;
  std::string message;
  bool operator==(const Phase&) const = default;
};
Phase shown_phase(const api::Rollout& rollout);

/// "2/6"; empty where there are no steps or no index.
std::string step_text(const api::Rollout& rollout);
/// The weight that the present step asks for: 0 when aborted, the maximum past the last step.
int set_weight(const api::Rollout& rollout);
/// "Canary", "BlueGreen" or empty.
std::string strategy_text(const api::Rollout& rollout);
/// Healthy, Progressing, ReplicaFailure or ScaledDown.
std::string replica_set_status(const api::ReplicaSet& replica_set);

struct Tag {
  std::string text;
  Colour colour = Colour::plain;
};

/// One line of the tree, with what hangs below it.
struct TreeRow {
  std::string kind;  ///< "Revision" rows show neither kind nor status.
  std::string name;
  Colour name_colour = Colour::plain;
  std::string status;
  std::optional<Instant> created;
  std::vector<Tag> info;
  std::vector<TreeRow> children;
};

struct ImageLine {
  std::string image;
  std::vector<Tag> tags;
};

/// The page that `get rollout` prints, before it is text.
struct RolloutView {
  std::string name;
  std::string namespace_;
  Phase phase;
  std::string strategy;
  std::string step;
  std::string set_weight;
  std::string actual_weight;
  std::vector<ImageLine> images;
  int desired = 0;
  int current = 0;
  int updated = 0;
  int ready = 0;
  int available = 0;
  TreeRow tree;
};

RolloutView view_of(const RolloutObjects& objects, Instant now);

}  // namespace slipway::cli
