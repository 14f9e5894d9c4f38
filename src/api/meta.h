#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/codec.h"
#include "api/kinds.h"
#include "api/unknown_fields.h"
#include "base/json.h"
#include "base/time.h"

namespace slipway::api {

using StringMap = std::map<std::string, std::string, std::less<>>;

/// One entry of `metadata.ownerReferences`.
struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  std::optional<bool> controller;
  std::optional<bool> block_owner_deletion;

  static constexpr void fields(auto&& visit) {
    visit("apiVersion", &OwnerReference::api_version, Facets{.required = true});
    visit("kind", &OwnerReference::kind, Facets{.required = true});
    visit("name", &OwnerReference::name, Facets{.required = true});
    visit("uid", &OwnerReference::uid, Facets{.required = true});
    visit("controller", &OwnerReference::controller);
    visit("blockOwnerDeletion", &OwnerReference::block_owner_deletion);
  }
  bool operator==(const OwnerReference&) const = default;
};

/// The metadata every object has. `managedFields` and `selfLink`, on which nobody decides, count as
/// unknown; informers leave `managedFields` out before decoding.
struct ObjectMeta {
  std::string name;
  std::string generate_name;
  std::string namespace_;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::optional<Instant> creation_timestamp;
  std::optional<Instant> deletion_timestamp;
  std::optional<std::int64_t> deletion_grace_period_seconds;
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owner_references;
  std::vector<std::string> finalizers;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("name", &ObjectMeta::name);
    visit("generateName", &ObjectMeta::generate_name);
    visit("namespace", &ObjectMeta::namespace_);
    visit("uid", &ObjectMeta::uid);
    visit("resourceVersion", &ObjectMeta::resource_version);
    visit("generation", &ObjectMeta::generation);
    visit("creationTimestamp", &ObjectMeta::creation_timestamp);
    visit("deletionTimestamp", &ObjectMeta::deletion_timestamp);
    visit("deletionGracePeriodSeconds", &ObjectMeta::deletion_grace_period_seconds);
    visit("labels", &ObjectMeta::labels);
    visit("annotations", &ObjectMeta::annotations);
    visit("ownerReferences", &ObjectMeta::owner_references);
    visit("finalizers", &ObjectMeta::finalizers);
  }
  bool operator==(const ObjectMeta&) const = default;

  ObjectKey key() const { return {namespace_, name}; }
  /// The owner with `controller: true`, or nothing.
  const OwnerReference* controller() const;
  /// The label's or annotation's value, or nothing where the key is absent. Present but empty is a
  /// value: who confuses the two writes the founding bug again.
  const std::string* label(std::string_view key) const;
  const std::string* annotation(std::string_view key) const;
};

/// `metav1.LabelSelector`.
struct LabelSelectorRequirement {
  std::string key;
  std::string op;  ///< In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;

  static constexpr void fields(auto&& visit) {
    visit("key", &LabelSelectorRequirement::key, Facets{.required = true});
    visit("operator", &LabelSelectorRequirement::op, Facets{.required = true});
    visit("values", &LabelSelectorRequirement::values,
          Facets{.schema = R"("x-kubernetes-list-type":"atomic")"});
  }
  bool operator==(const LabelSelectorRequirement&) const = default;
};

struct LabelSelector {
  StringMap match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;

  static constexpr void fields(auto&& visit) {
    visit("matchLabels", &LabelSelector::match_labels);
    visit("matchExpressions", &LabelSelector::match_expressions,
          Facets{.schema = R"("x-kubernetes-list-type":"atomic")"});
  }
  bool operator==(const LabelSelector&) const = default;

  bool empty() const { return match_labels.empty() && match_expressions.empty(); }
};

/// Whether the labels satisfy the selector. An empty selector matches everything. An unknown
/// operator matches nothing.
bool matches(const LabelSelector& selector, const StringMap& labels);

/// "app=web,tier in (a,b),!zone": the text form that URLs and `status.selector` use, keys sorted.
/// Source: metav1.FormatLabelSelector.
std::string format_selector(const LabelSelector& selector);

/// Reads the text form: `=`, `==`, `!=`, `in`, `notin`, `key`, `!key`, joined by commas.
Result<LabelSelector> parse_selector(std::string_view text);

/// `intstr.IntOrString`: 3 or "25%".
struct IntOrString {
  bool is_string = false;
  std::int32_t number = 0;
  std::string text;

  static IntOrString of(std::int32_t n) { return {false, n, {}}; }
  static IntOrString of(std::string s) { return {true, 0, std::move(s)}; }
  bool operator==(const IntOrString&) const = default;
};

/// Which object a write, an event or a message is about. Always names one very object by its uid.
struct ObjectRef {
  Kind kind;
  ObjectKey key;
  std::string uid;
  std::string resource_version;

  /// "ReplicaSet shop/web-5d4"
  std::string text() const;

  bool operator==(const ObjectRef&) const = default;
};

/// An object as it was seen: what a conditional write starts from.
struct Object {
  ObjectRef ref;
  Json content;  ///< All that was seen of it, at the paths the API has.

  /// Reads kind-independent identity from `content.metadata`.
  static Object of(const Kind& kind, Json content);
};

/// The typed object as an Object. T has a static `kind` and a `metadata`.
template <class T>
Object seen(const T& object) {
  return Object::of(T::kind, encode(object));
}

/// Compares resource versions: by length, then by digits, since they are opaque decimal numbers of
/// any length. Returns whether `a` is newer than `b`; an empty one is older than any other.
bool newer_version(std::string_view a, std::string_view b);

}  // namespace slipway::api
