#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/paint.h"
#include "cli/rollout_view.h"

namespace slipway::cli {

/// "00:23"
std::string clock_text(Duration since_start);

/// The steps of a canary on one line, with what is done, where it stands, and how long a pause
/// still lasts: "✔ 20%  ▶ pause 10s, 7s left  · 60%". Empty for other strategies.
std::string steps_line(const api::Rollout& rollout, const Painter& paint, Instant now);

/// One line on where a Rollout stands: for terminals that can't redraw, and for logs.
std::string plain_line(const RolloutObjects& objects, Instant now);

/// Shows the demo: a page that redraws itself, or plain lines when something has changed.
class Screen {
 public:
  enum class Mode { live, plain };
  Screen(std::ostream& out, Mode mode, Instant start) : out_(out), mode_(mode), start_(start) {}

  /// A line of narration. The live page keeps the last few.
  void tell(const std::string& sentence, Instant now);
  void show(const std::vector<RolloutObjects>& rollouts, Instant now);

 private:
  std::ostream& out_;
  Mode mode_;
  Instant start_;
  std::vector<std::string> narration_;
  std::map<std::string, std::string> last_lines_;  ///< By Rollout, without the clock.
};

}  // namespace slipway::cli
