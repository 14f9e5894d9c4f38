#pragma once

#include <string>

namespace slipway::controller {

/// The standard `process_*` metrics (CPU seconds, resident memory, open files, start time), read
/// from /proc, in Prometheus' text format.
std::string process_metrics_text();

}  // namespace slipway::controller
