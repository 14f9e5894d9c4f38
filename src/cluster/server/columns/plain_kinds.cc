#include "base/text.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

long count_of(const Json& object, std::string_view key) {
  return static_cast<long>(object[key].size());
}

const Json& name_of(const Json& object) {
  return object["metadata"]["name"];
}

}  // namespace

Columns config_map_columns() {
  return {
      {name_column(), {.name = "Data", .description = "Entries in the object."}, age_column()},
      [](const Json& object, Instant now) {
        return std::vector<Json>{name_of(object),
                                 count_of(object, "data") + count_of(object, "binaryData"),
                                 age_cell(object, now)};
       }
  };
}

Columns secret_columns() {
  return {
      {name_column(),
       {.name = "Type", .description = "What the secret's data is for."},
       {.name = "Data", .description = "Entries in the object."},
       age_column()},
      [](const Json& object, Instant now) {
        return std::vector<Json>{name_of(object), object["type"], count_of(object, "data"),
                                 age_cell(object, now)};
       }
  };
}

Columns service_account_columns() {
  return {
      {name_column(),
       {.name = "Secrets", .description = "Secrets the account's pods may use."},
       age_column()},
      [](const Json& object, Instant now) {
        return std::vector<Json>{name_of(object), count_of(object, "secrets"),
                                 age_cell(object, now)};
       }
  };
}

Columns namespace_columns() {
  return {
      {name_column(),
       {.name = "Status", .description = "The status of the namespace"},
       age_column()},
      [](const Json& object, Instant now) {
        return std::vector<Json>{name_of(object), object["status"]["phase"], age_cell(object, now)};
       }
  };
}

namespace {

std::string node_status(const Json& node) {
  std::string status = "Unknown";
  const Json& conditions = node["status"]["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Json& one = conditions.at(i);
    if (one["type"].string_or_empty() != "Ready") continue;
    status = one["status"].string_or_empty() == "True" ? "Ready" : "NotReady";
  }
  if (node["spec"]["unschedulable"].bool_or(false)) status += ",SchedulingDisabled";
  return status;
}

std::string node_roles(const Json& node) {
  constexpr std::string_view prefix = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  const Json& labels = node["metadata"]["labels"];
  if (labels.is_object()) {
    for (const auto& [key, value] : labels.as_object()) {
      if (key.starts_with(prefix) && key.size() > prefix.size()) {
        roles.push_back(key.substr(prefix.size()));
      }
    }
  }
  return roles.empty() ? "<none>" : join(roles, ",");
}

Json node_address(const Json& node, std::string_view type) {
  const Json& addresses = node["status"]["addresses"];
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (addresses.at(i)["type"].string_or_empty() == type) return addresses.at(i)["address"];
  }
  return "<none>";
}

Json or_unknown(const Json& text) {
  return text.string_or_empty().empty() ? Json("<unknown>") : text;
}

}  // namespace

Columns node_columns() {
  return {
      {name_column(),
       {.name = "Status", .description = "The status of the node"},
       {.name = "Roles", .description = "The roles of the node"},
       age_column(),
       {.name = "Version", .description = "Kubelet version reported by the node."},
       {.name = "Internal-IP", .description = "The node's internal address.", .priority = 1},
       {.name = "External-IP", .description = "The node's external address.", .priority = 1},
       {.name = "OS-Image", .description = "Operating system of the node.", .priority = 1},
       {.name = "Kernel-Version", .description = "Kernel of the node.", .priority = 1},
       {.name = "Container-Runtime",
        .description = "Container runtime of the node.",
        .priority = 1}},
      [](const Json& object, Instant now) {
        const Json& info = object["status"]["nodeInfo"];
        return std::vector<Json>{name_of(object),
                                 node_status(object),
                                 node_roles(object),
                                 age_cell(object, now),
                                 info["kubeletVersion"],
                                 node_address(object, "InternalIP"),
                                 node_address(object, "ExternalIP"),
                                 or_unknown(info["osImage"]),
                                 or_unknown(info["kernelVersion"]),
                                 or_unknown(info["containerRuntimeVersion"])};
       }
  };
}

namespace {

/// The newest of the times that an event bears.
const Json& last_seen(const Json& event) {
  const Json& series = event["series"]["lastObservedTime"];
  if (!series.is_null()) return series;
  const Json& last = event["lastTimestamp"];
  if (!last.is_null()) return last;
  const Json& once = event["eventTime"];
  return once.is_null() ? event["metadata"]["creationTimestamp"] : once;
}

const Json& first_seen(const Json& event) {
  const Json& first = event["firstTimestamp"];
  return first.is_null() ? last_seen(event) : first;
}

}  // namespace

Columns event_columns() {
  return {
      {{.name = "Last Seen", .description = "When the event was last seen."},
       {.name = "Type", .description = "Normal or Warning."},
       {.name = "Reason", .description = "Why, in one word for programs."},
       {.name = "Object", .description = "What the event is about."},
       {.name = "Subobject", .description = "The part it is about.", .priority = 1},
       {.name = "Source", .description = "Who reports it.", .priority = 1},
       {.name = "Message", .description = "Why, in words for people."},
       {.name = "First Seen", .description = "When it was first seen.", .priority = 1},
       {.name = "Count", .description = "How often it was seen.", .priority = 1},
       {.name = "Name", .format = "name", .description = name_column().description, .priority = 1}},
      [](const Json& object, Instant now) {
        const Json& about = object["involvedObject"];
        std::string source(object["source"]["component"].string_or_empty());
        if (source.empty()) source = object["reportingComponent"].string_or_empty();
        const std::string_view host = object["source"]["host"].string_or_empty();
        if (!host.empty()) source.append(", ").append(host);
        const long count = object["count"].integer_or(0) > 0 ? object["count"].as_integer() : 1;
        return std::vector<Json>{
            age_text(last_seen(object), now),
            object["type"],
            object["reason"],
            to_lower(about["kind"].string_or_empty()) + "/" +
                std::string(about["name"].string_or_empty()),
            about["fieldPath"].string_or_empty(),
            source,
            trim(object["message"].string_or_empty()),
            age_text(first_seen(object), now),
            object["series"].is_object() ? object["series"]["count"] : Json(count),
            name_of(object)};
       }
  };
}

Columns lease_columns() {
  return {
      {name_column(), {.name = "Holder", .description = "Who holds the lease."}, age_column()},
      [](const Json& object, Instant now) {
        return std::vector<Json>{name_of(object),
                                 object["spec"]["holderIdentity"].string_or_empty(),
                                 age_cell(object, now)};
       }
  };
}

Columns role_columns() {
  return plain_columns();
}

Columns role_binding_columns() {
  return {
      {name_column(), {.name = "Role", .description = "The role that is granted."}, age_column()},
      [](const Json& object, Instant now) {
        const Json& role = object["roleRef"];
        return std::vector<Json>{name_of(object),
                                 std::string(role["kind"].string_or_empty()) + "/" +
                                     std::string(role["name"].string_or_empty()),
                                 age_cell(object, now)};
       }
  };
}

}  // namespace slipway::cluster
