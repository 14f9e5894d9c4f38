#include "cluster/server/event_alias.h"

namespace slipway::cluster {
namespace {

/// The same field in both forms, in the order of events.k8s.io.
struct FieldPair {
  std::string_view alias;
  std::string_view core;
};
constexpr FieldPair field_pairs[] = {
    {"metadata",                 "metadata"          },
    {"eventTime",                "eventTime"         },
    {"series",                   "series"            },
    {"reportingController",      "reportingComponent"},
    {"reportingInstance",        "reportingInstance" },
    {"action",                   "action"            },
    {"reason",                   "reason"            },
    {"regarding",                "involvedObject"    },
    {"related",                  "related"           },
    {"note",                     "message"           },
    {"type",                     "type"              },
    {"deprecatedSource",         "source"            },
    {"deprecatedFirstTimestamp", "firstTimestamp"    },
    {"deprecatedLastTimestamp",  "lastTimestamp"     },
    {"deprecatedCount",          "count"             },
};

Json to_core(const Json& alias) {
  Json core = Json::object({
      {"kind",       "Event"},
      {"apiVersion", "v1"   }
  });
  for (const FieldPair& pair : field_pairs) {
    const Json* value = alias.find(pair.alias);
    if (value != nullptr) {
      core.set(pair.core, *value);
    } else if (pair.alias.starts_with("reporting")) {
      core.set(pair.core, "");
    }
  }
  return core;
}

}  // namespace

Json event_under_alias(const Json& core) {
  Json alias = Json::object({
      {"kind",       "Event"           },
      {"apiVersion", "events.k8s.io/v1"}
  });
  for (const FieldPair& pair : field_pairs) {
    const Json* value = core.find(pair.core);
    // The core form shows its reporter even where nobody is named.
    const bool is_unnamed =
        pair.alias.starts_with("reporting") && value != nullptr && value->string_or_empty().empty();
    if (value != nullptr && !is_unnamed) alias.set(pair.alias, *value);
  }
  return alias;
}

namespace {

/// The core events' rules; only what comes in has other field names.
class AliasRules final : public KindRules {
 public:
  explicit AliasRules(std::shared_ptr<const KindRules> core) : core_(std::move(core)) {}

  Result<void> decode(Json& object, std::vector<std::string>* unknown) const override {
    if (unknown != nullptr && object.is_object()) {
      for (const auto& [key, value] : object.as_object()) {
        if (key != "kind" && key != "apiVersion" && !is_known(key)) unknown->push_back(key);
      }
    }
    Json core = to_core(object);
    TRY_DONE(core_->decode(core, unknown));
    object = event_under_alias(core);
    return {};
  }
  void prepare_create(Json& object) const override { core_->prepare_create(object); }
  void prepare_update(Json& object, const Json& old, Subresource way) const override {
    core_->prepare_update(object, old, way);
  }
  bool raises_generation(const Json& object, const Json& old) const override {
    return core_->raises_generation(object, old);
  }
  void validate(const Json& object, FieldErrors& errors) const override {
    core_->validate(object, errors);
  }
  void validate_update(const Json& object, const Json& old, Subresource way,
                       FieldErrors& errors) const override {
    core_->validate_update(object, old, way, errors);
  }

 private:
  static bool is_known(std::string_view key) {
    for (const FieldPair& pair : field_pairs) {
      if (pair.alias == key) return true;
    }
    return false;
  }

  std::shared_ptr<const KindRules> core_;
};

}  // namespace

ResourcePtr make_event_alias(const Resource& core_events) {
  auto alias = std::make_shared<Resource>(core_events);
  alias->group = "events.k8s.io";
  alias->field_labels = {"regarding.kind",
                         "regarding.namespace",
                         "regarding.name",
                         "regarding.uid",
                         "reason",
                         "reportingController",
                         "type"};
  alias->type = nullptr;  // Its patches merge as plain objects do.
  alias->rules = std::make_shared<const AliasRules>(core_events.rules);
  alias->from_stored = event_under_alias;
  alias->to_stored = [](Json object) { return to_core(object); };
  alias->columns.cells = [cells = core_events.columns.cells](const Json& object, Instant now) {
    return cells(to_core(object), now);
  };
  return alias;
}

}  // namespace slipway::cluster
