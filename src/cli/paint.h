#pragma once

#include <string>
#include <string_view>

namespace slipway::cli {

/// ANSI colours by their code. Source: the plugin of Argo Rollouts.
enum class Colour { plain = 0, red = 31, green = 32, yellow = 33, bright_blue = 94 };

/// Wraps words in escape sequences, or doesn't (`--no-color`, TERM=dumb).
class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string operator()(std::string_view word, Colour colour) const;

 private:
  bool colour_;
};

/// A symbol before a status word, with its colour.
struct Icon {
  std::string_view symbol;
  Colour colour;
  bool operator==(const Icon&) const = default;
};

/// The icon of a status of this kind ("Rollout", "ReplicaSet", "Pod", "AnalysisRun", "Experiment",
/// "Job"); a blank for a status nobody knows.
Icon icon_of(std::string_view kind, std::string_view status);

/// The symbol that marks a kind in the tree: ⟳ for a Rollout.
std::string_view tree_symbol(std::string_view kind);

}  // namespace slipway::cli
