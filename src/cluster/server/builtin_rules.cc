#include "cluster/server/builtin_rules.h"

#include <algorithm>

#include "api/core_conform.h"
#include "base/ensure.h"

namespace slipway::cluster {
namespace {

void list_paths(const Json& value, const std::string& path, std::vector<std::string>& paths) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) {
      const std::string here = path.empty() ? key : path + "." + key;
      paths.push_back(here);
      list_paths(member, here, paths);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      list_paths(value.at(i), path + "[" + std::to_string(i) + "]", paths);
    }
  }
}

/// Brings fields into the order in which Go meets them: that of the document.
void sort_as_written(const Json& object, std::vector<std::string>& fields) {
  std::vector<std::string> paths;
  list_paths(object, "", paths);
  std::ranges::stable_sort(fields, {}, [&](const std::string& field) {
    return std::ranges::find(paths, field) - paths.begin();
  });
}

class BuiltinRules final : public KindRules {
 public:
  BuiltinRules(const api::CoreType* type, KindFunctions functions)
      : type_(type), functions_(functions) {
    const api::CoreField* status = type == nullptr ? nullptr : type->find("status");
    if (status == nullptr || status->type == nullptr) return;
    Result<Json> empty = api::conform_with_defaults(*status->type, Json::object());
    ASSERT(empty.has_value());
    empty_status_ = std::move(*empty);
  }

  Result<void> decode(Json& object, std::vector<std::string>* unknown) const override {
    if (type_ == nullptr) return decode_metadata(object, unknown);
    Json conformed = TRY(api::conform_with_defaults(*type_, object, unknown));
    if (unknown != nullptr && unknown->size() > 1) sort_as_written(object, *unknown);
    object = std::move(conformed);
    return {};
  }

  void prepare_create(Json& object) const override {
    if (!functions_.keeps_status) {
      if (empty_status_.is_null()) {
        object.erase("status");
      } else {
        object.set("status", empty_status_);
      }
    }
    if (functions_.prepare_create != nullptr) functions_.prepare_create(object);
  }

  void prepare_update(Json& object, const Json& old, Subresource way) const override {
    keep(object, old, way == Subresource::status ? "spec" : "status");
    if (functions_.prepare_update != nullptr) functions_.prepare_update(object, old, way);
  }

  bool raises_generation(const Json& object, const Json& old) const override {
    if (functions_.counts_all) return !same_but_metadata(object, old);
    if (object["spec"] != old["spec"]) return true;
    return functions_.counts_annotations &&
           object["metadata"]["annotations"] != old["metadata"]["annotations"];
  }

  void validate(const Json& object, FieldErrors& errors) const override {
    if (functions_.validate != nullptr) functions_.validate(object, errors);
  }

  void validate_update(const Json& object, const Json& old, Subresource way,
                       FieldErrors& errors) const override {
    if (functions_.validate_update != nullptr && way != Subresource::status) {
      functions_.validate_update(object, old, errors);
    }
    if (functions_.validate_status != nullptr && way == Subresource::status) {
      functions_.validate_status(object, errors);
    }
  }

  std::vector<std::string> warnings(const Json& object, const Json* old) const override {
    return functions_.warnings == nullptr ? std::vector<std::string>()
                                          : functions_.warnings(object, old);
  }

 private:
  static void keep(Json& object, const Json& old, std::string_view key) {
    const Json* kept = old.find(key);
    if (kept == nullptr) {
      object.erase(key);
    } else if (object[key] != *kept) {
      object.set(key, *kept);
    }
  }

  static bool same_but_metadata(const Json& a, const Json& b) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a.as_object()) {
      if (key != "metadata" && value != b[key]) return false;
    }
    return true;
  }

  const api::CoreType* type_;
  KindFunctions functions_;
  Json empty_status_;
};

}  // namespace

Result<void> decode_metadata(Json& object, std::vector<std::string>* unknown) {
  static const api::CoreType* const type = api::find_core_type("ObjectMeta");
  Json* metadata = object.find("metadata");
  if (metadata == nullptr) return {};
  std::vector<std::string> found;
  *metadata = TRY(api::conform(*type, *metadata, &found));
  if (unknown != nullptr) {
    for (const std::string& field : found) unknown->push_back("metadata." + field);
  }
  return {};
}

std::shared_ptr<const KindRules> make_builtin_rules(const api::CoreType* type,
                                                    KindFunctions functions) {
  return std::make_shared<const BuiltinRules>(type, functions);
}

}  // namespace slipway::cluster
