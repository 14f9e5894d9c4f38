#include "cluster/server/request_path.h"

#include "base/text.h"

namespace slipway::cluster {

Query::Query(std::string_view text) {
  if (text.empty()) return;
  for (const std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    const std::size_t sign = part.find('=');
    const std::string_view value =
        sign == std::string_view::npos ? std::string_view() : part.substr(sign + 1);
    values_.emplace_back(url_decode(part.substr(0, sign)), url_decode(value));
  }
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return {};
}

bool Query::has(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return true;
  }
  return false;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const auto& [key, value] : values_) {
    if (key == name) all.push_back(value);
  }
  return all;
}

bool Query::is_true(std::string_view name) const {
  const std::string_view value = get(name);
  return value == "1" || value == "true" || value == "True" || value == "t";
}

std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

RequestPath parse_request_path(std::string_view path) {
  RequestPath parsed;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty()) parsed.parts.push_back(url_decode(part, false));
  }
  const std::vector<std::string>& parts = parsed.parts;
  std::size_t at = 0;
  if (parts.size() > 2 && parts[0] == "api") {
    parsed.version = parts[1];
    at = 2;
  } else if (parts.size() > 3 && parts[0] == "apis") {
    parsed.group = parts[1];
    parsed.version = parts[2];
    at = 3;
  } else {
    return parsed;
  }
  // "namespaces" is a resource of its own, unless a resource of another kind follows the name.
  const std::size_t rest = parts.size() - at;
  if (parts[at] == "namespaces" && rest > 2 && parts[at + 2] != "status" &&
      parts[at + 2] != "finalize") {
    parsed.namespace_ = parts[at + 1];
    at += 2;
  }
  parsed.resource = parts[at];
  if (parts.size() > at + 1) parsed.name = parts[at + 1];
  for (std::size_t i = at + 2; i < parts.size(); ++i) {
    parsed.subresource.append(parsed.subresource.empty() ? "" : "/").append(parts[i]);
  }
  return parsed;
}

}  // namespace slipway::cluster
