#include "cluster/server/metadata.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view label_text =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view subdomain_text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view dns1035_text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view label_value_text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr std::string_view name_part_text =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

constexpr std::size_t label_size_max = 63;
constexpr std::size_t subdomain_size_max = 253;
constexpr std::size_t annotations_size_max = 256 * 1024;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_dns_label(std::string_view text) {
  const auto edge = [](char c) { return is_lower(c) || is_digit(c); };
  return !text.empty() && edge(text.front()) && edge(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return edge(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  return std::ranges::all_of(split(text, '.'), is_dns_label);
}

/// The characters of label values and of names in qualified names.
bool is_label_word(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(
             text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string no_more_than(std::size_t limit) {
  return "must be no more than " + std::to_string(limit) + " characters";
}

std::string path_segment_complaint(std::string_view name) {
  if (name == "." || name == "..") return "may not be '" + std::string(name) + "'";
  if (name.find('/') != std::string_view::npos) return "may not contain '/'";
  return name.find('%') != std::string_view::npos ? "may not contain '%'" : "";
}

}  // namespace

std::string name_complaint(NameRule rule, std::string_view name) {
  switch (rule) {
    case NameRule::path_segment:
      return path_segment_complaint(name);
    case NameRule::subdomain:
      if (name.size() > subdomain_size_max) return no_more_than(subdomain_size_max);
      return is_subdomain(name) ? std::string() : std::string(subdomain_text);
    case NameRule::label:
      if (name.size() > label_size_max) return no_more_than(label_size_max);
      return is_dns_label(name) ? std::string() : std::string(label_text);
    case NameRule::dns1035_label:
      if (name.size() > label_size_max) return no_more_than(label_size_max);
      if (is_dns_label(name) && is_lower(name.front())) return {};
      return std::string(dns1035_text);
  }
  return {};
}

std::string label_value_complaint(std::string_view value) {
  if (value.size() > label_size_max) return no_more_than(label_size_max);
  return value.empty() || is_label_word(value) ? std::string() : std::string(label_value_text);
}

std::string qualified_name_complaint(std::string_view name) {
  std::string_view part = name;
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = name.substr(0, slash);
    part = name.substr(slash + 1);
    if (prefix.empty()) return "prefix part must be non-empty";
    if (prefix.size() > subdomain_size_max)
      return "prefix part " + no_more_than(subdomain_size_max);
    if (!is_subdomain(prefix)) return "prefix part " + std::string(subdomain_text);
  }
  if (part.empty()) return "name part must be non-empty";
  if (part.size() > label_size_max) return "name part " + no_more_than(label_size_max);
  return is_label_word(part) ? std::string() : std::string(name_part_text);
}

void validate_labels(const Json& labels, const std::string& field, FieldErrors& errors) {
  if (!labels.is_object()) return;
  for (const auto& [key, value] : labels.as_object()) {
    if (const std::string why = qualified_name_complaint(key); !why.empty()) {
      errors.push_back(invalid_field(field, Json(std::string_view(key)), why));
    }
    if (const std::string why = label_value_complaint(value.string_or_empty()); !why.empty()) {
      errors.push_back(invalid_field(field, value, why));
    }
  }
}

namespace {

void validate_annotations(const Json& annotations, FieldErrors& errors) {
  if (!annotations.is_object()) return;
  std::size_t size = 0;
  for (const auto& [key, value] : annotations.as_object()) {
    // Keys are judged without regard to case, unlike those of labels.
    if (const std::string why = qualified_name_complaint(to_lower(key)); !why.empty()) {
      errors.push_back(invalid_field("metadata.annotations", Json(std::string_view(key)), why));
    }
    size += key.size() + value.string_or_empty().size();
  }
  if (size > annotations_size_max) {
    errors.push_back(too_long_field("metadata.annotations", annotations_size_max));
  }
}

void validate_owners(const Json& owners, FieldErrors& errors) {
  if (!owners.is_array()) return;
  int controllers = 0;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const Json& owner = owners.at(i);
    const std::string field = "metadata.ownerReferences[" + std::to_string(i) + "]";
    const std::pair<std::string_view, std::string_view> required[] = {
        {"apiVersion", "version must not be empty"},
        {"kind",       "must not be empty"        },
        {"name",       "must not be empty"        },
        {"uid",        "must not be empty"        },
    };
    for (const auto& [key, why] : required) {
      if (owner[key].string_or_empty().empty()) {
        errors.push_back(invalid_field(field + "." + std::string(key), Json(""), why));
      }
    }
    if (owner["controller"].bool_or(false) && ++controllers == 2) {
      errors.push_back(invalid_field("metadata.ownerReferences", owners,
                                     "Only one reference can have Controller set to true."));
    }
  }
}

void validate_finalizers(const Json& metadata, FieldErrors& errors) {
  bool orphan = false;
  bool foreground = false;
  for (const std::string& finalizer : finalizers_of(metadata)) {
    if (const std::string why = qualified_name_complaint(finalizer); !why.empty()) {
      errors.push_back(
          invalid_field("metadata.finalizers", Json(std::string_view(finalizer)), why));
    }
    orphan = orphan || finalizer == "orphan";
    foreground = foreground || finalizer == "foregroundDeletion";
  }
  if (orphan && foreground) {
    errors.push_back(invalid_field("metadata.finalizers", metadata["finalizers"],
                                   "finalizer orphan and foregroundDeletion cannot be both set"));
  }
}

}  // namespace

void validate_metadata(const Resource& resource, const Json& metadata, FieldErrors& errors) {
  const Json& generate_name = metadata["generateName"];
  const std::string_view name = metadata["name"].string_or_empty();
  if (name.empty() && generate_name.string_or_empty().empty()) {
    errors.push_back(required_field("metadata.name", "name or generateName is required"));
  } else if (const std::string why = name_complaint(resource.name_rule, name); !why.empty()) {
    errors.push_back(invalid_field("metadata.name", Json(name), why));
  }
  validate_labels(metadata["labels"], "metadata.labels", errors);
  validate_annotations(metadata["annotations"], errors);
  validate_owners(metadata["ownerReferences"], errors);
  validate_finalizers(metadata, errors);
}

void validate_metadata_update(const Json& metadata, const Json& old, FieldErrors& errors) {
  FieldErrors found;
  if (!old["deletionTimestamp"].is_null()) {
    const std::vector<std::string> before = finalizers_of(old);
    std::string added;
    for (const std::string& finalizer : finalizers_of(metadata)) {
      if (std::ranges::find(before, finalizer) != before.end()) continue;
      added.append(added.empty() ? "" : ", ").append(quote(finalizer));
    }
    if (!added.empty()) {
      found.push_back(forbidden_field("metadata.finalizers",
                                      "no new finalizers can be added if the object is being "
                                      "deleted, found new finalizers []string{" +
                                          added + "}"));
    }
  }
  for (const std::string_view key : {"name", "namespace", "uid", "creationTimestamp"}) {
    if (metadata[key] != old[key]) {
      found.push_back(
          invalid_field("metadata." + std::string(key), metadata[key], "field is immutable"));
    }
  }
  // The real server checks once for all kinds and once in each kind's rules.
  for (int i = 0; i < 2; ++i) errors.insert(errors.end(), found.begin(), found.end());
}

void fill_new_metadata(const Resource& resource, Json& metadata, Instant now, Random& random) {
  metadata.set("uid", random.uuid());
  metadata.erase("resourceVersion");
  metadata.erase("selfLink");
  metadata.erase("managedFields");
  metadata.erase("deletionTimestamp");
  metadata.erase("deletionGracePeriodSeconds");
  if (resource.counts_generation) {
    metadata.set("generation", 1);
  } else {
    metadata.erase("generation");
  }
  metadata.set("creationTimestamp", format_rfc3339(now));
}

void keep_server_metadata(Json& metadata, const Json& old) {
  metadata.erase("managedFields");
  metadata.erase("selfLink");
  // Absent means unchanged; a different one is for validation to refuse.
  for (const std::string_view key : {"namespace", "uid", "creationTimestamp"}) {
    if (metadata[key].string_or_empty().empty() && old.find(key) != nullptr) {
      metadata.set(key, old[key]);
    }
  }
  for (const std::string_view key :
       {"generation", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    if (const Json* kept = old.find(key)) {
      metadata.set(key, *kept);
    } else {
      metadata.erase(key);
    }
  }
}

std::vector<std::string> finalizers_of(const Json& metadata) {
  std::vector<std::string> finalizers;
  const Json& list = metadata["finalizers"];
  for (std::size_t i = 0; i < list.size(); ++i)
    finalizers.emplace_back(list.at(i).string_or_empty());
  return finalizers;
}

void set_finalizers(Json& metadata, const std::vector<std::string>& finalizers) {
  if (finalizers.empty()) {
    metadata.erase("finalizers");
    return;
  }
  Json list = Json::array();
  for (const std::string& finalizer : finalizers) list.push_back(Json(std::string_view(finalizer)));
  metadata.set("finalizers", std::move(list));
}

}  // namespace slipway::cluster
