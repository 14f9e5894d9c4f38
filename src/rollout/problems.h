#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/rollout.h"
#include "base/result.h"

namespace slipway::rollout {

/// Collects errors in the words of Kubernetes' field errors.
class Problems {
 public:
  void invalid(std::string where, const std::string& found, std::string_view expected,
               std::string hint);
  void invalid(std::string where, std::int64_t found, std::string_view expected, std::string hint);
  void required(std::string where, std::string_view text, std::string hint);
  void internal(std::string where, std::string_view text, std::string hint);
  void add(std::string where, std::string message, std::string hint);
  std::vector<Error> take() { return std::move(errors_); }

 private:
  std::vector<Error> errors_;
};

/// The rules about traffic routing, ping-pong and what only routers can do. Source:
/// defaults-validation.tsv.
void check_traffic(const api::CanaryStrategy& canary, Problems& problems);
/// The same for one step; `at` is its path.
void check_traffic_step(const api::CanaryStrategy& canary, const api::CanaryStep& step,
                        const std::string& at, Problems& problems);

}  // namespace slipway::rollout
