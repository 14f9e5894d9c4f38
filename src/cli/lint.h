#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace slipway::cli {

/// One thing that is wrong with a file, as people fix it.
struct LintFinding {
  std::string file;
  int line = 1;
  std::string field;     ///< As the controller would name it in InvalidSpec; empty: the whole text.
  std::string found;     ///< May be empty: what is missing is not found.
  std::string expected;  ///< In the words of Argo Rollouts where it has any.
  std::string hint;
  std::string as_upstream;  ///< "Invalid value: -1: must be greater than or equal to 0"
  std::string text() const;
};

struct LintFile {
  std::string name;
  std::string text;
};

/// Checks Rollouts, analysis kinds and Experiments for what can't be read, fields that don't exist
/// and broken rules. A Rollout's Services, workload, analysis templates, Ingresses and routes are
/// checked where the files hold them; what they don't hold may well be in the cluster. Pure.
std::vector<LintFinding> find_lint(const std::vector<LintFile>& files);

struct LintOptions {
  std::vector<std::string> files;
  std::string filename;  ///< The plugin's `-f`: its output then reads as upstream's.
};
/// Exit status 1 where anything is found.
Result<int> lint(const LintOptions& options, Streams streams);

}  // namespace slipway::cli
