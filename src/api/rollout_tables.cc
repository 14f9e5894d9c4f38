#include "api/field_table.h"
#include "api/rollout.h"

namespace slipway::api {

template const TypeTable& table_of<Rollout>();
// Also decoded and encoded on their own.
template const TypeTable& table_of<RolloutSpec>();
template const TypeTable& table_of<RolloutStatus>();
template const TypeTable& table_of<CanaryStep>();
template const TypeTable& table_of<LabelSelector>();
template const TypeTable& table_of<ObjectMeta>();
template const TypeTable& table_of<OwnerReference>();

}  // namespace slipway::api
