#include "cli/demo/screen.h"

#include <ostream>

#include <fmt/format.h>

#include "api/defaults.h"
#include "cli/render.h"

namespace slipway::cli {
namespace {

/// Narration lines that stay on the live page.
constexpr std::size_t narration_max = 4;

std::string step_name(const api::CanaryStep& step) {
  if (step.set_weight) return fmt::format("{}%", *step.set_weight);
  if (!step.pause) return "step";
  const auto duration = api::pause_duration(*step.pause);
  if (!duration || !*duration) return "pause";
  return "pause " + format_human_duration(**duration);
}

/// ", 7s left" of a timed pause, ", waits for a promotion" of one without end.
std::string time_left(const api::Rollout& rollout, const api::CanaryStep& step, Instant now) {
  if (!step.pause || rollout.status.pause_conditions.empty()) return {};
  const auto duration = api::pause_duration(*step.pause);
  if (!duration) return {};
  if (!*duration) return ", waits for a promotion";
  const auto& started = rollout.status.pause_conditions.front().start_time;
  if (!started) return {};
  const Duration left = *started + **duration - now;
  return left.nanoseconds <= 0 ? "" : ", " + format_human_duration(left) + " left";
}

}  // namespace

std::string clock_text(Duration since_start) {
  const std::int64_t seconds = since_start.whole_seconds();
  return fmt::format("{:02}:{:02}", seconds / 60, seconds % 60);
}

std::string steps_line(const api::Rollout& rollout, const Painter& paint, Instant now) {
  const auto& canary = rollout.spec.strategy.canary;
  if (!canary || canary->steps.empty()) return {};
  const auto current = static_cast<std::size_t>(rollout.status.current_step_index.value_or(0));
  std::string line;
  for (std::size_t i = 0; i < canary->steps.size(); ++i) {
    if (!line.empty()) line += "  ";
    const std::string name = step_name(canary->steps[i]);
    if (i < current) {
      line += paint("✔", Colour::green) + " " + name;
    } else if (i == current) {
      line += paint("▶ " + name, Colour::yellow) + time_left(rollout, canary->steps[i], now);
    } else {
      line += "· " + name;
    }
  }
  return line;
}

std::string plain_line(const RolloutObjects& objects, Instant now) {
  const RolloutView view = view_of(objects, now);
  std::string line = fmt::format("{} {}", view.name, view.phase.phase);
  if (!view.step.empty()) line += fmt::format(", step {}, weight {}", view.step, view.set_weight);
  for (const TreeRow& revision : view.tree.children) {
    for (const TreeRow& row : revision.children) {
      if (row.kind != "ReplicaSet" || row.status == "ScaledDown") continue;
      std::size_t running = 0;
      for (const TreeRow& pod : row.children) running += pod.status == "Running" ? 1 : 0;
      std::string tags;
      for (const Tag& tag : row.info) tags += (tags.empty() ? "" : ",") + tag.text;
      line += fmt::format(" | {} {} {}/{}", revision.name, tags, running, row.children.size());
    }
  }
  return line;
}

void Screen::tell(const std::string& sentence, Instant now) {
  const std::string line = clock_text(now - start_) + "  " + sentence;
  if (mode_ == Mode::plain) out_ << line << std::endl;
  narration_.push_back(line);
  if (narration_.size() > narration_max) narration_.erase(narration_.begin());
}

void Screen::show(const std::vector<RolloutObjects>& rollouts, Instant now) {
  if (mode_ == Mode::plain) {
    for (const RolloutObjects& objects : rollouts) {
      const std::string line = plain_line(objects, now);
      std::string& last = last_lines_[objects.rollout.metadata.name];
      if (line == last) continue;
      last = line;
      out_ << clock_text(now - start_) << "  " << line << std::endl;
    }
    return;
  }
  const Painter paint(true);
  std::string page =
      "\x1b[H\x1b[2J" + fmt::format("Slipway demo   {}\n\n", clock_text(now - start_));
  for (const std::string& line : narration_) page += line + "\n";
  for (const RolloutObjects& objects : rollouts) {
    const RolloutView view = view_of(objects, now);
    page += "\n";
    const std::string steps = steps_line(objects.rollout, paint, now);
    if (!steps.empty()) page += steps + "\n\n";
    page += render_tree(view.tree, paint, now);
  }
  out_ << page << std::flush;
}

}  // namespace slipway::cli
