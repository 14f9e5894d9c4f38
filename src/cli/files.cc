#include "cli/files.h"

#include <fstream>
#include <sstream>

namespace slipway::cli {

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) return fail(ErrorCode::not_found, path, "cannot be read", "check the path");
  return text.str();
}

}  // namespace slipway::cli
