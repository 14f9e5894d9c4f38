#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cluster/server/server.h"

namespace slipway::cluster {

/// How much of each object a table's rows carry, from `includeObject`.
enum class IncludedObject { metadata, none, whole };

struct TableOptions {
  IncludedObject include = IncludedObject::metadata;
  std::string shape_version = "v1";
  bool with_columns = true;  ///< A watch sends the definitions with its first event only.
};

/// What the call asks of a table.
/// *Errors*: 400 for an unknown `includeObject`.
Served<TableOptions> table_options_of(const Call& call);

/// A meta.k8s.io Table of these objects, without `metadata`.
Json make_table(const Resource& resource, const std::vector<const Json*>& objects, Instant now,
                const TableOptions& options);

/// A meta.k8s.io PartialObjectMetadata of an object.
Json partial_metadata(const Json& object, std::string_view shape_version);

/// "5m", or "<unknown>" without a time: an RFC 3339 text as kubectl's AGE columns show it.
std::string age_text(const Json& time, Instant now);

}  // namespace slipway::cluster
