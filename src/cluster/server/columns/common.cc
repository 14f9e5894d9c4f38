#include "base/text.h"
#include "cluster/server/columns/columns.h"
#include "cluster/server/selectors.h"
#include "cluster/server/table.h"

namespace slipway::cluster {

Column name_column() {
  return {.name = "Name",
          .format = "name",
          .description =
              "Name must be unique within a namespace. Is required when creating resources, "
              "although some resources may allow a client to request the generation of an "
              "appropriate name automatically. Name is primarily intended for creation "
              "idempotence and configuration definition. Cannot be updated. More info: "
              "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"};
}

Column age_column() {
  return {.name = "Age",
          .description =
              "CreationTimestamp is a timestamp representing the server time when this object was "
              "created. It is not guaranteed to be set in happens-before order across separate "
              "operations. Clients may not set this value. It is represented in RFC3339 form and "
              "is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "
              "https://git.k8s.io/community/contributors/devel/sig-architecture/"
              "api-conventions.md#metadata"};
}

Json text_or_none(std::string_view text) {
  return Json(text.empty() ? std::string_view("<none>") : text);
}

Json age_cell(const Json& object, Instant now) {
  return Json(age_text(object["metadata"]["creationTimestamp"], now));
}

namespace {

std::string joined(const Json& pod_spec, std::string_view key) {
  std::vector<std::string> texts;
  const Json& containers = pod_spec["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    texts.emplace_back(containers.at(i)[key].string_or_empty());
  }
  return join(texts, ",");
}

}  // namespace

std::string container_names(const Json& pod_spec) {
  return joined(pod_spec, "name");
}

std::string container_images(const Json& pod_spec) {
  return joined(pod_spec, "image");
}

std::string selector_cell(const Json& selector) {
  const std::string text = label_selector_text(selector);
  return text.empty() ? "<none>" : text;
}

std::string map_cell(const Json& map) {
  if (map.empty() || !map.is_object()) return "<none>";
  std::vector<std::string> parts;
  for (const auto& [key, value] : map.as_object()) {
    parts.push_back(key + "=" + std::string(value.string_or_empty()));
  }
  std::ranges::sort(parts);
  return join(parts, ",");
}

std::string list_cell(const std::vector<std::string>& texts, std::size_t most) {
  if (texts.empty()) return "<none>";
  const std::vector<std::string> shown(
      texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(std::min(most, texts.size())));
  std::string text = join(shown, ",");
  if (texts.size() > most) text += " + " + std::to_string(texts.size() - most) + " more...";
  return text;
}

Columns plain_columns() {
  return {
      {name_column(),
       {.name = "Created At", .type = "date", .description = age_column().description}},
      [](const Json& object, Instant) {
        return std::vector<Json>{object["metadata"]["name"],
                                 object["metadata"]["creationTimestamp"]};
       }
  };
}

}  // namespace slipway::cluster
