#pragma once

#include "cli/session.h"
#include "rollout/observed.h"

namespace slipway::cli {

/// Reads live all that a plan about this Rollout rests on, pods included. Changes nothing.
Result<rollout::Observed> gather(Session& session, const Json& rollout);

}  // namespace slipway::cli
