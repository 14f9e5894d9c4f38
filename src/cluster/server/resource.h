#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/core_schema.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "cluster/server/status.h"

namespace slipway::cluster {

/// How names of a kind must look. Source: the kinds' `ValidateName`.
enum class NameRule { subdomain, label, dns1035_label, path_segment };

/// Which part of an object a write may change.
enum class Subresource { none, status, scale, finalize };

/// One column of a table, as kubectl prints it.
struct Column {
  std::string name;
  std::string type = "string";
  std::string format = {};
  std::string description = {};
  int priority = 0;  ///< Above 0: shown by `-o wide` only.
};

/// What kubectl's `get` shows of a kind.
struct Columns {
  std::vector<Column> definitions;
  /// One row; as many cells as definitions.
  std::function<std::vector<Json>(const Json& object, Instant now)> cells;
};

/// The rules of one kind: what a write turns into before it is stored. All pure: the arguments
/// decide. Objects begin with `kind` and `apiVersion` and hold `metadata`.
class KindRules {
 public:
  virtual ~KindRules() = default;

  /// Checks types, drops unknown fields and names them in `unknown`, fills in defaults.
  /// *Errors*: worded as Go's decoder words them.
  virtual Result<void> decode(Json& object, std::vector<std::string>* unknown) const = 0;
  /// Drops what a creator can't set, adds what the server starts with.
  virtual void prepare_create(Json& object) const = 0;
  /// Puts back what an update by this way can't change. Labels, annotations and the like of
  /// `metadata` are the caller's.
  virtual void prepare_update(Json& object, const Json& old, Subresource way) const = 0;
  /// Whether the change from `old` raises `metadata.generation`.
  virtual bool raises_generation(const Json& object, const Json& old) const = 0;
  virtual void validate(const Json& object, FieldErrors& errors) const = 0;
  virtual void validate_update(const Json& object, const Json& old, Subresource way,
                               FieldErrors& errors) const = 0;
  /// Warnings for whoever creates (`old` is nothing then) or updates: texts without code and
  /// quotes.
  virtual std::vector<std::string> warnings(const Json& object, const Json* old) const {
    (void)object, (void)old;
    return {};
  }
};

/// A subresource as discovery shows it.
struct SubresourceInfo {
  std::string name;        ///< "status", "scale"
  std::string kind;        ///< "Scale"
  std::string group = {};  ///< Only where it differs from the resource's: "autoscaling".
  std::string version = {};
  std::vector<std::string_view> verbs = {"get", "patch", "update"};
};

/// Where the scale subresource finds its numbers. Paths have dots: ".spec.replicas".
struct ScalePaths {
  std::string replicas;
  std::string status_replicas;
  std::string selector;  ///< Empty: the kind's `spec.selector`, else a text in the object.
};

struct Server;

/// What a write of some kinds means for the server as a whole.
struct WriteHooks {
  /// Called last before a new or changed object is stored: may complete it, or refuse it. `old` is
  /// nothing for a new one. In a dry run its effects on the server's addresses are taken back.
  std::function<void(Server&, Json& object, const Json* old, FieldErrors& errors)> before = {};
  /// Called once the change is stored; `now` is nothing for a deletion, `old` for a creation.
  std::function<void(Server&, const Json* now, const Json* old)> after = {};
};

/// One kind at one version, as it is served. Shared by all requests in flight, so that a change of
/// a CustomResourceDefinition does not pull it from under them.
struct Resource {
  std::string group;  ///< Empty for the core group.
  std::string version;
  std::string kind;
  std::string plural;
  std::string singular;
  std::string list_kind;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<std::string_view> verbs;  ///< In discovery's order.
  std::vector<SubresourceInfo> subresources;
  bool namespaced = true;
  bool custom = false;             ///< Defined by a CustomResourceDefinition.
  bool counts_generation = false;  ///< `metadata.generation` starts at 1.
  bool creates_on_update = false;  ///< A PUT of a missing object creates it.
  bool returns_deleted = false;    ///< Deleting answers the object, not a Status.
  NameRule name_rule = NameRule::subdomain;
  std::string table;         ///< Of the store: shared by versions and aliases of a kind.
  std::string storage_path;  ///< "/registry/configmaps": named by some conflicts.
  std::vector<std::string> field_labels;  ///< What field selectors may ask, besides metadata.
  const api::CoreType* type = nullptr;    ///< Nothing for custom kinds and plain objects.
  std::shared_ptr<const KindRules> rules;
  WriteHooks hooks;
  Columns columns;
  ScalePaths scale;

  /// Turns the stored form into this version's and back. Empty: they are the same.
  std::function<Json(const Json& stored)> from_stored;
  std::function<Json(Json object)> to_stored;

  /// "apps/v1", "v1"
  std::string api_version() const;
  GroupResource group_resource() const { return {group, plural}; }
  const SubresourceInfo* find_subresource(std::string_view name) const;
  bool allows(std::string_view verb) const;
  /// `{"kind":"Pod","apiVersion":"v1",`: how the text of a stored object begins.
  std::size_t text_prefix_size() const;
};
using ResourcePtr = std::shared_ptr<const Resource>;

/// Every kind that is served, by group and version. Groups keep the order in which they came, as
/// discovery shows them; resources are sorted by their plural.
class Registry {
 public:
  struct Version {
    std::string name;
    std::vector<ResourcePtr> resources;
  };
  struct Group {
    std::string name;
    std::vector<Version> versions;  ///< The preferred one first.
  };

  void add(ResourcePtr resource);
  void remove(const Resource& resource);

  ResourcePtr find(std::string_view group, std::string_view version, std::string_view plural) const;
  const Version* find_version(std::string_view group, std::string_view version) const;
  const Group* find_group(std::string_view group) const;
  const std::vector<Group>& groups() const { return groups_; }
  /// Rises with each change: caches of discovery and OpenAPI compare it.
  std::uint64_t generation() const { return generation_; }

 private:
  std::vector<Group> groups_;
  std::uint64_t generation_ = 0;
};

}  // namespace slipway::cluster
