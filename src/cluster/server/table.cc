#include "cluster/server/table.h"

#include "base/text.h"

namespace slipway::cluster {

namespace {

Served<IncludedObject> included_object_of(std::string_view text) {
  if (text.empty() || text == "Metadata") return IncludedObject::metadata;
  if (text == "None") return IncludedObject::none;
  if (text == "Object") return IncludedObject::whole;
  return Refusal(bad_request(
      "Unable to convert to Table as requested: includeObject: Invalid value: " + quote(text) +
      ": must be 'Metadata', 'Object', 'None', or empty"));
}

}  // namespace

Served<TableOptions> table_options_of(const Call& call) {
  TableOptions options;
  options.include = SERVE(included_object_of(call.query.get("includeObject")));
  options.shape_version = call.form.shape_version;
  return options;
}

Json partial_metadata(const Json& object, std::string_view shape_version) {
  return Json::object({
      {"kind",       "PartialObjectMetadata"                    },
      {"apiVersion", "meta.k8s.io/" + std::string(shape_version)},
      {"metadata",   object["metadata"]                         }
  });
}

Json make_table(const Resource& resource, const std::vector<const Json*>& objects, Instant now,
                const TableOptions& options) {
  Json columns;
  if (options.with_columns) {
    columns = Json::array();
    for (const Column& column : resource.columns.definitions) {
      columns.push_back(Json::object({
          {"name",        Json(std::string_view(column.name))       },
          {"type",        Json(std::string_view(column.type))       },
          {"format",      Json(std::string_view(column.format))     },
          {"description", Json(std::string_view(column.description))},
          {"priority",    Json(column.priority)                     }
      }));
    }
  }
  Json rows = Json::array();
  for (const Json* object : objects) {
    Json shown;
    if (options.include == IncludedObject::metadata) {
      shown = partial_metadata(*object, options.shape_version);
    } else if (options.include == IncludedObject::whole) {
      shown = *object;
    }
    rows.push_back(Json::object({
        {"cells", Json(resource.columns.cells(*object, now))},
        {"object", std::move(shown)}
    }));
  }
  return Json::object({
      {"kind",              "Table"                                            },
      {"apiVersion",        "meta.k8s.io/" + std::string(options.shape_version)},
      {"metadata",          Json::object()                                     },
      {"columnDefinitions", std::move(columns)                                 },
      {"rows",              std::move(rows)                                    }
  });
}

std::string age_text(const Json& time, Instant now) {
  const Result<Instant> at = parse_rfc3339(time.string_or_empty());
  return at ? format_human_duration(now - *at) : "<unknown>";
}

}  // namespace slipway::cluster
