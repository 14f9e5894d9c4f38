#pragma once

namespace slipway::cli {

/// The whole program: parses the command line, runs the command, prints errors as
/// "Error: ..." on stderr. Returns the exit status: 0, 1 for a failed command, 2 for a command line
/// that makes no sense.
int run(int argc, const char* const* argv);

}  // namespace slipway::cli
