#pragma once

#include "kubernetes/http/credentials.h"

namespace slipway::kubernetes {

/// Runs the exec plugin of `config` as a process of its own, at most a minute; five where a person
/// at the terminal may have to log in.
RunPlugin run_plugin_process(RealEventLoop& loop, const ConnectionConfig& config);

}  // namespace slipway::kubernetes
