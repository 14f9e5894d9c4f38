#include "cluster/server/service_addresses.h"

#include "base/text.h"

namespace slipway::cluster {
namespace {

constexpr std::uint32_t address_count = 1 << 16;
constexpr std::uint32_t port_first = 30000;
constexpr std::uint32_t port_last = 32767;

std::string address_text(std::uint32_t offset) {
  return "10.96." + std::to_string(offset >> 8) + "." + std::to_string(offset & 0xff);
}

/// The offset of an address in the range; nothing for one outside.
std::optional<std::uint32_t> address_offset(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 4 || parts[0] != "10" || parts[1] != "96") return std::nullopt;
  const auto high = parse_integer(parts[2]);
  const auto low = parse_integer(parts[3]);
  if (!high || !low || *high < 0 || *high > 255 || *low < 0 || *low > 255) return std::nullopt;
  return static_cast<std::uint32_t>(*high << 8 | *low);
}

bool wants_address(const Json& spec) {
  return spec["type"].string_or_empty() != "ExternalName" &&
         spec["clusterIP"].string_or_empty() != "None";
}

bool wants_ports(const Json& spec) {
  const std::string_view type = spec["type"].string_or_empty();
  return type == "NodePort" || type == "LoadBalancer";
}

}  // namespace

void ServiceAddresses::allocate(Json& spec, FieldErrors& errors) {
  if (wants_address(spec)) allocate_address(spec, errors);
  if (wants_ports(spec)) allocate_ports(spec, errors);
}

void ServiceAddresses::allocate_address(Json& spec, FieldErrors& errors) {
  const std::string_view wanted = spec["clusterIP"].string_or_empty();
  if (!wanted.empty()) {
    const auto offset = address_offset(wanted);
    if (!offset) {
      errors.push_back(invalid_field("spec.clusterIPs", Json::array({Json(wanted)}),
                                     "failed to allocate IP " + std::string(wanted) +
                                         ": the provided IP is not in the valid range. The range "
                                         "of valid IPs is 10.96.0.0/16"));
    } else if (!addresses_.insert(*offset).second) {
      errors.push_back(invalid_field(
          "spec.clusterIPs", Json::array({Json(wanted)}),
          "failed to allocate IP " + std::string(wanted) + ": provided IP is already allocated"));
    }
    return;
  }
  // The first and the last address of the range are no hosts.
  if (addresses_.size() >= address_count - 2) {
    errors.push_back(invalid_field("spec.clusterIP", Json(""), "the range is full"));
    return;
  }
  while (next_address_ == 0 || next_address_ == address_count - 1 ||
         !addresses_.insert(next_address_).second) {
    next_address_ = (next_address_ + 1) % address_count;
  }
  const std::string address = address_text(next_address_);
  spec.set("clusterIP", address);
  spec.set("clusterIPs", Json::array({Json(address)}));
}

void ServiceAddresses::allocate_ports(Json& spec, FieldErrors& errors) {
  Json* ports = spec.find("ports");
  if (ports == nullptr || !ports->is_array()) return;
  for (Json& port : ports->as_array()) {
    const std::int64_t wanted = port["nodePort"].integer_or(0);
    if (wanted != 0) {
      if (wanted < port_first || wanted > port_last ||
          !ports_.insert(static_cast<std::uint32_t>(wanted)).second) {
        errors.push_back(invalid_field("spec.ports[].nodePort", port["nodePort"],
                                       "provided port is already allocated, or not within "
                                       "30000-32767"));
      }
      continue;
    }
    if (ports_.size() > port_last - port_first) {
      errors.push_back(invalid_field("spec.ports[].nodePort", Json(0), "the range is full"));
      return;
    }
    while (!ports_.insert(next_port_).second) {
      next_port_ = next_port_ == port_last ? port_first : next_port_ + 1;
    }
    port.set("nodePort", next_port_);
  }
}

void ServiceAddresses::release(const Json& spec) {
  if (const auto offset = address_offset(spec["clusterIP"].string_or_empty())) {
    addresses_.erase(*offset);
  }
  const Json& ports = spec["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    ports_.erase(static_cast<std::uint32_t>(ports.at(i)["nodePort"].integer_or(0)));
  }
}

}  // namespace slipway::cluster
