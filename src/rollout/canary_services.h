#pragma once

#include "rollout/replica_arithmetic.h"
#include "rollout/work.h"

namespace slipway::rollout {

/// Where the Services of a canary without a router go: to the side that they are named for, once
/// that serves and as long as it is to have pods. `want` is the split that the step asks for.
void plan_canary_services(Work& work, const Split& want);

/// A Service selects it, and no switch of this plan changes that.
bool stays_selected(const Work& work, const api::ReplicaSet* replica_set);

/// To be called when all sizes are decided. Each Service that would be left on a ReplicaSet whose
/// last pod this plan takes is pointed elsewhere first, so that C7 holds also where no surge leaves
/// room to keep a pod until the update is through.
void move_services_off_the_emptied(Work& work);

}  // namespace slipway::rollout
