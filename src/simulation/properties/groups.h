#pragma once

#include "simulation/properties/judge.h"

/// The groups of reliability.md, section 3. Each adds its properties, in the order of their ids.
namespace slipway::simulation {

void add_capacity_properties(Properties& all);
void add_step_size_properties(Properties& all);
void add_identity_properties(Properties& all);
void add_deadline_properties(Properties& all);
void add_step_properties(Properties& all);
void add_command_properties(Properties& all);
void add_write_properties(Properties& all);
void add_robustness_properties(Properties& all);
void add_conduct_properties(Properties& all);
void add_liveness_properties(Properties& all);
void add_handover_properties(Properties& all);
void add_service_properties(Properties& all);
void add_telling_properties(Properties& all);

}  // namespace slipway::simulation
