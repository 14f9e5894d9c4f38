#pragma once

#include <string>

namespace slipway::cli {

/// What this binary was built from.
struct BuildInfo {
  std::string version;     ///< "v0.1.0"
  std::string commit;      ///< 40 hex digits, or "unknown" outside a checkout.
  std::string tree_state;  ///< "clean" or "dirty"
  std::string compiler;
  std::string platform;  ///< "linux/amd64"
};
const BuildInfo& build_info();

/// "v0.1.0+1a2b3c4", with ".dirty" for a tree that was changed.
std::string version_text();

/// The lines of `version`; only the first with `short_form`. `program` is the name it goes by.
std::string describe_version(const std::string& program, bool short_form);

}  // namespace slipway::cli
