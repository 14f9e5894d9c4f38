#include "kubernetes/kubeconfig_file.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml.h"

namespace slipway::kubernetes {
namespace {

std::string_view type_name(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_bool()) return "true or false";
  if (value.is_string()) return "text";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "a mapping";
  return "a number";
}

Failure wrong_type(std::string where, const Json& found, std::string_view expected) {
  return fail(ErrorCode::invalid, std::move(where),
              fmt::format("found {}, expected {}", type_name(found), expected),
              expected == "text" && !found.is_array() && !found.is_object()
                  ? "put the value in quotes"
                  : "compare with kubectl config view");
}

/// A list of {name, <content_key>} as a map by name.
Result<Kubeconfig::Entries> read_entries(const Json& config, const std::string& list_key,
                                         const std::string& content_key, const std::string& file) {
  Kubeconfig::Entries entries;
  const Json& list = config[list_key];
  if (list.is_null()) return entries;
  if (!list.is_array()) return wrong_type(file + ": " + list_key, list, "a list");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& item = list.at(i);
    const std::string where = fmt::format("{}: {}[{}]", file, list_key, i);
    if (!item.is_object()) return wrong_type(where, item, "a mapping");
    const Json& name = item["name"];
    if (!name.is_string()) return wrong_type(where + ".name", name, "text");
    const Json& content = item[content_key];
    if (!content.is_null() && !content.is_object()) {
      return wrong_type(where + "." + content_key, content, "a mapping");
    }
    const std::string& text = name.as_string();
    KubeconfigEntry entry{content, file, content_key + " " + text};
    if (!entries.emplace(text, std::move(entry)).second) {
      return fail(ErrorCode::invalid, where, "a second " + content_key + " named " + quote(text),
                  "rename or remove one of the two");
    }
  }
  return entries;
}

}  // namespace

std::string KubeconfigEntry::place(std::string_view key) const {
  return fmt::format("{}: {}: {}", file, name, key);
}

std::string KubeconfigEntry::resolve(const std::string& path) const {
  if (path.empty() || path.front() == '/') return path;
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

Result<std::string> KubeconfigEntry::text(std::string_view key) const {
  const Json& value = content[key];
  if (value.is_null()) return std::string();
  if (!value.is_string()) return wrong_type(place(key), value, "text");
  return value.as_string();
}

Result<bool> KubeconfigEntry::flag(std::string_view key) const {
  const Json& value = content[key];
  if (value.is_null()) return false;
  if (!value.is_bool()) return wrong_type(place(key), value, "true or false");
  return value.as_bool();
}

Result<std::vector<std::string>> KubeconfigEntry::texts(std::string_view key) const {
  const Json& list = content[key];
  std::vector<std::string> texts;
  if (list.is_null()) return texts;
  if (!list.is_array()) return wrong_type(place(key), list, "a list");
  for (const Json& item : list.as_array()) {
    if (!item.is_string()) {
      return wrong_type(fmt::format("{}[{}]", place(key), texts.size()), item, "text");
    }
    texts.push_back(item.as_string());
  }
  return texts;
}

Result<KubeconfigEntry> KubeconfigEntry::part(std::string_view key) const {
  const Json& value = content[key];
  if (!value.is_null() && !value.is_object()) return wrong_type(place(key), value, "a mapping");
  return KubeconfigEntry{value, file, fmt::format("{}: {}", name, key)};
}

Result<std::vector<KubeconfigEntry>> KubeconfigEntry::parts(std::string_view key) const {
  const Json& list = content[key];
  std::vector<KubeconfigEntry> parts;
  if (list.is_null()) return parts;
  if (!list.is_array()) return wrong_type(place(key), list, "a list");
  for (const Json& item : list.as_array()) {
    const std::string part = fmt::format("{}: {}[{}]", name, key, parts.size());
    if (!item.is_object()) return wrong_type(file + ": " + part, item, "a mapping");
    parts.push_back({item, file, part});
  }
  return parts;
}

bool Kubeconfig::empty() const {
  return current_context.empty() && contexts.empty() && clusters.empty() && users.empty();
}

void Kubeconfig::merge(Kubeconfig later) {
  if (current_context.empty()) {
    current_context = std::move(later.current_context);
    current_context_file = std::move(later.current_context_file);
  }
  contexts.merge(later.contexts);
  clusters.merge(later.clusters);
  users.merge(later.users);
}

Result<Kubeconfig> parse_kubeconfig(const std::string& file, std::string_view text) {
  Result<std::vector<Json>> documents = parse_yaml(text);
  if (!documents) {
    Error error = std::move(documents).error();
    error.where = file + ": " + error.where;
    return Failure(std::move(error));
  }
  Kubeconfig config;
  if (documents->empty()) return config;  // kubectl, too, takes an empty file for no settings.
  const Json& document = documents->front();
  if (!document.is_object()) return wrong_type(file, document, "a mapping");
  const Json& context = document["current-context"];
  if (!context.is_null() && !context.is_string()) {
    return wrong_type(file + ": current-context", context, "text");
  }
  config.current_context = context.string_or_empty();
  config.current_context_file = file;
  config.contexts = TRY(read_entries(document, "contexts", "context", file));
  config.clusters = TRY(read_entries(document, "clusters", "cluster", file));
  config.users = TRY(read_entries(document, "users", "user", file));
  return config;
}

}  // namespace slipway::kubernetes
