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

constexpr std::string_view qualified_name_text =
    "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
    "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain "
    "prefix and '/' (e.g. 'example.com/MyName')";

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
      if (is_dns_label(name)) return {};
      return is_subdomain(name) ? std::string("must not contain dots") : std::string(label_text);
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
    if (part.find('/') != std::string_view::npos) return std::string(qualified_name_text);
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

void validate_owner(const Json& owner, FieldErrors& errors) {
  const std::string field = "metadata.ownerReferences";
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
  if (owner["kind"].string_or_empty() == "Event" && owner["apiVersion"].string_or_empty() == "v1") {
    errors.push_back(
        invalid_field(field, owner, "/v1, Kind=Event is disallowed from being an owner"));
  }
}

void validate_owners(const Json& owners, FieldErrors& errors) {
  if (!owners.is_array()) return;
  const auto named = [](const Json& owner) {
    return std::string(owner["kind"].string_or_empty()) + "/" +
           std::string(owner["name"].string_or_empty());
  };
  const Json* controller = nullptr;
  for (const Json& owner : owners.as_array()) {
    validate_owner(owner, errors);
    if (!owner["controller"].bool_or(false)) continue;
    if (controller != nullptr) {
      errors.push_back(invalid_field(
          "metadata.ownerReferences", owners,
          "Only one reference can have Controller set to true. Found \"true\" in references for " +
              named(*controller) + " and " + named(owner)));
    }
    controller = &owner;
  }
}

bool is_plain_finalizer(std::string_view name) {
  return name == "kubernetes" || name == "orphan" || name == "foregroundDeletion";
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

/// Why a name can't begin like this: a dash at its end is followed by something.
std::string prefix_complaint(NameRule rule, std::string_view prefix) {
  if (prefix.empty()) return {};
  std::string start(prefix);
  if (start.size() > 1 && start.ends_with('-')) start.replace(start.size() - 2, 2, "a");
  return name_complaint(rule, start);
}

}  // namespace

void validate_finalizer_domains(const Json& metadata, FieldErrors& errors) {
  const std::vector<std::string> finalizers = finalizers_of(metadata);
  for (std::size_t i = 0; i < finalizers.size(); ++i) {
    if (is_plain_finalizer(finalizers[i]) || finalizers[i].find('/') != std::string::npos) continue;
    errors.push_back(invalid_field(
        "metadata.finalizers[" + std::to_string(i) + "]", Json(std::string_view(finalizers[i])),
        "name is neither a standard finalizer name nor is it fully qualified"));
  }
}

std::vector<std::string> finalizer_warnings(const Json& metadata, const Json& old) {
  const std::vector<std::string> known = finalizers_of(old);
  std::vector<std::string> warnings;
  for (const std::string& finalizer : finalizers_of(metadata)) {
    if (std::ranges::find(known, finalizer) != known.end()) continue;
    if (is_plain_finalizer(finalizer) || finalizer.find('/') != std::string::npos) continue;
    warnings.push_back("metadata.finalizers: " + quote(finalizer) +
                       ": prefer a domain-qualified finalizer name to avoid accidental conflicts "
                       "with other finalizer writers");
  }
  return warnings;
}

std::string drop_double_owners(Json& metadata, std::string_view when) {
  Json* owners = metadata.find("ownerReferences");
  if (owners == nullptr || !owners->is_array()) return {};
  std::vector<std::string> doubled;
  Json kept = Json::array();
  for (const Json& owner : owners->as_array()) {
    if (std::ranges::find(kept.as_array(), owner) == kept.as_array().end()) {
      kept.push_back(owner);
    } else {
      doubled.emplace_back(owner["uid"].string_or_empty());
    }
  }
  if (doubled.empty()) return {};
  *owners = std::move(kept);
  return ".metadata.ownerReferences contains duplicate entries" + std::string(when) +
         "; API server dedups owner references in 1.20+, and may reject such requests as early as "
         "1.24; please fix your requests; duplicate UID(s) observed: " +
         join(doubled, ", ");
}

void validate_metadata(const Resource& resource, const Json& metadata, FieldErrors& errors) {
  const Json& generate_name = metadata["generateName"];
  const std::string_view name = metadata["name"].string_or_empty();
  if (const std::string why = prefix_complaint(resource.name_rule, generate_name.string_or_empty());
      !why.empty()) {
    errors.push_back(invalid_field("metadata.generateName", generate_name, why));
  }
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
  for (const std::string_view key : {"name", "namespace", "uid"}) {
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
  // Kinds that don't count keep what their creator says.
  if (resource.counts_generation) metadata.set("generation", 1);
  metadata.set("creationTimestamp", format_rfc3339(now));
}

void keep_server_metadata(Json& metadata, const Json& old) {
  metadata.erase("managedFields");
  metadata.erase("selfLink");
  // Absent means unchanged; a different one is for validation to refuse.
  for (const std::string_view key : {"namespace", "uid"}) {
    if (metadata[key].string_or_empty().empty() && old.find(key) != nullptr) {
      metadata.set(key, old[key]);
    }
  }
  for (const std::string_view key :
       {"creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
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
