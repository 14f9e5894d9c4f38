#include "api/field_table.h"
#include "api/workload.h"

namespace slipway::api {

template const TypeTable& table_of<ReplicaSet>();
template const TypeTable& table_of<Pod>();
template const TypeTable& table_of<Service>();
// Also decoded and encoded on their own.
template const TypeTable& table_of<ReplicaSetSpec>();
template const TypeTable& table_of<ReplicaSetStatus>();
template const TypeTable& table_of<PodSpec>();
template const TypeTable& table_of<PodStatus>();
template const TypeTable& table_of<ServiceSpec>();
template const TypeTable& table_of<Condition>();
template const TypeTable& table_of<ContainerStatus>();

}  // namespace slipway::api
