#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cluster/server/status.h"

namespace slipway::cluster {

/// Hands out the cluster IPs and node ports of Services: 10.96.0.0/16 and 30000 to 32767, the
/// customary ranges. An address counts as free again once its Service is gone.
class ServiceAddresses {
 public:
  /// Gives the Service's spec what it lacks, and takes what it names.
  void allocate(Json& spec, FieldErrors& errors);
  void release(const Json& spec);

 private:
  void allocate_address(Json& spec, FieldErrors& errors);
  void allocate_ports(Json& spec, FieldErrors& errors);

  std::set<std::uint32_t> addresses_;  ///< As offsets in the range.
  std::set<std::uint32_t> ports_;
  std::uint32_t next_address_ = 1;
  std::uint32_t next_port_ = 30000;
};

}  // namespace slipway::cluster
