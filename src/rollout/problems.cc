#include "rollout/problems.h"

#include <fmt/format.h>

namespace slipway::rollout {

void Problems::invalid(std::string where, const std::string& found, std::string_view expected,
                       std::string hint) {
  add(std::move(where), fmt::format("Invalid value: {}: {}", found, expected), std::move(hint));
}

void Problems::invalid(std::string where, std::int64_t found, std::string_view expected,
                       std::string hint) {
  invalid(std::move(where), std::to_string(found), expected, std::move(hint));
}

void Problems::required(std::string where, std::string_view text, std::string hint) {
  add(std::move(where), fmt::format("Required value: {}", text), std::move(hint));
}

void Problems::internal(std::string where, std::string_view text, std::string hint) {
  add(std::move(where), fmt::format("Internal error: {}", text), std::move(hint));
}

void Problems::add(std::string where, std::string message, std::string hint) {
  errors_.push_back({ErrorCode::invalid, std::move(where), std::move(message), std::move(hint)});
}

}  // namespace slipway::rollout
