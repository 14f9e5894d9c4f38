#include "cli/version.h"

#include <fmt/format.h>

#include "build_info.h"

namespace slipway::cli {

const BuildInfo& build_info() {
  static const BuildInfo info{
      .version = SLIPWAY_VERSION,
      .commit = SLIPWAY_COMMIT,
      .tree_state = SLIPWAY_TREE_STATE,
      .compiler = "g++ " __VERSION__,
#if defined(__aarch64__)
      .platform = "linux/arm64",
#else
      .platform = "linux/amd64",
#endif
  };
  return info;
}

std::string version_text() {
  const BuildInfo& info = build_info();
  if (info.commit == "unknown") return info.version + "+unknown";
  return info.version + "+" + info.commit.substr(0, 7) +
         (info.tree_state == "clean" ? "" : ".dirty");
}

std::string describe_version(const std::string& program, bool short_form) {
  const BuildInfo& info = build_info();
  std::string text = fmt::format("{}: {}\n", program, version_text());
  if (short_form) return text;
  return text + fmt::format("  GitCommit: {}\n  GitTreeState: {}\n  Compiler: {}\n  Platform: {}\n",
                            info.commit, info.tree_state, info.compiler, info.platform);
}

}  // namespace slipway::cli
