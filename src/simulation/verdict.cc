#include "simulation/verdict.h"

#include <fmt/format.h>

namespace slipway::simulation {
namespace {

constexpr std::size_t timeline_max = 20'000;
constexpr std::size_t value_length_max = 60;

std::string short_text(const Json& value) {
  std::string text = to_text(value);
  if (text.size() > value_length_max) text.replace(value_length_max, std::string::npos, "...");
  return text;
}

/// The paths that a person would look at first.
constexpr std::string_view worth_showing[] = {
    "/spec/replicas",
    "/spec/paused",
    "/spec/selector/rollouts-pod-template-hash",
    "/spec/template/spec/containers/0/image",
    "/metadata/annotations/scale-down-deadline",
    "/metadata/labels/rollouts-pod-template-hash",
    "/metadata/annotations/rollout.argoproj.io~1revision",
    "/metadata/deletionTimestamp",
    "/status/phase",
    "/status/currentStepIndex",
    "/status/abort",
    "/status/pauseConditions",
    "/status/stableRS",
    "/status/readyReplicas",
    "/status/availableReplicas",
};

std::string difference(const Json& before, const Json& after) {
  std::string text;
  for (const std::string_view path : worth_showing) {
    const Json* old = before.find_pointer(path);
    const Json* now = after.find_pointer(path);
    if (old == now || (old != nullptr && now != nullptr && *old == *now)) continue;
    text += fmt::format("{}{}: {} -> {}", text.empty() ? "" : ", ", path.substr(1),
                        old == nullptr ? "none" : short_text(*old),
                        now == nullptr ? "none" : short_text(*now));
  }
  return text;
}

}  // namespace

void Verdict::on_commit(const Commit& commit) {
  ++commits_;
  judge_.committed(commit);
  if (keep_timeline_ && timeline_.size() < timeline_max) note(commit);
}

void Verdict::on_request(const SentRequest& request) {
  if (keep_timeline_) bases_[request.id] = request.decided_on;
  judge_.sent(request);
}

void Verdict::on_answer(const SentRequest& request) {
  judge_.answered(request);
}

void Verdict::note(const Commit& commit) {
  if (commit.kind == ObjectKind::event || commit.kind == ObjectKind::lease ||
      commit.kind == ObjectKind::pod || commit.kind == ObjectKind::other) {
    return;
  }
  TimelineEntry entry{.at = commit.at, .revision = commit.revision, .writer = commit.writer};
  entry.object = fmt::format("{} {}", to_string(commit.kind), commit.key);
  if (const auto basis = bases_.find(commit.request); basis != bases_.end()) {
    entry.basis = basis->second;
  }
  if (commit.before == nullptr) {
    entry.change = "created, " + difference(Json(), *commit.after);
  } else if (commit.after == nullptr) {
    entry.change = "deleted";
  } else {
    entry.change = difference(*commit.before, *commit.after);
    if (entry.change.empty()) return;
  }
  timeline_.push_back(std::move(entry));
}

void Verdict::never_settled() {
  unsettled_ = true;
}

void Verdict::write_to(RunResult& result) {
  result.violations = judge_.violations();
  result.properties = judge_.counts();
  result.situations = judge_.situations();
  result.commits = commits_;
  result.timeline = std::move(timeline_);
  if (unsettled_) {
    result.violations.push_back(
        {.property = "L1",
         .at = scene_.now(),
         .object = "the cluster",
         .text = "something is still being written three days after all faults ended"});
  }
}

}  // namespace slipway::simulation
