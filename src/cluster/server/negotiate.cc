#include "cluster/server/negotiate.h"

#include "base/text.h"

namespace slipway::cluster {

std::string_view MediaRange::type() const {
  return trim(text_.substr(0, text_.find(';')));
}

std::string_view MediaRange::parameter(std::string_view name) const {
  for (const std::string_view part : split(text_, ';')) {
    const std::size_t sign = part.find('=');
    if (sign != std::string_view::npos && trim(part.substr(0, sign)) == name) {
      return trim(part.substr(sign + 1));
    }
  }
  return {};
}

namespace {

std::optional<Representation> read_range(const MediaRange& range) {
  const std::string_view type = range.type();
  Representation form;
  if (type == "application/yaml") {
    form.yaml = true;
  } else if (type != "application/json" && type != "*/*" && type != "application/*") {
    return std::nullopt;
  }
  const std::string_view as = range.parameter("as");
  if (as.empty()) return form;
  if (range.parameter("g") != "meta.k8s.io") return std::nullopt;
  form.shape_version = range.parameter("v");
  if (form.shape_version != "v1" && form.shape_version != "v1beta1") return std::nullopt;
  if (as == "Table") {
    form.shape = Representation::Shape::table;
  } else if (as == "PartialObjectMetadata") {
    form.shape = Representation::Shape::metadata;
  } else if (as == "PartialObjectMetadataList") {
    form.shape = Representation::Shape::metadata_list;
  } else {
    return std::nullopt;
  }
  return form;
}

}  // namespace

std::optional<Representation> negotiate(std::string_view accept) {
  if (trim(accept).empty()) return Representation{};
  for (const std::string_view range : split(accept, ',')) {
    if (auto form = read_range(MediaRange(range))) return form;
  }
  return std::nullopt;
}

}  // namespace slipway::cluster
