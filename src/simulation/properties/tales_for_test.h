#pragma once

#include <span>

#include "simulation/properties/story_for_test.h"

namespace slipway::simulation {

/// What happens, and whether that breaks the property.
struct Tale {
  const char* property;
  const char* name;
  void (*happens)(Story&);
  bool breaks;
};

inline constexpr bool breaks = true;
inline constexpr bool keeps = false;

inline constexpr const char* canary = R"({"canary":{"maxSurge":1,"maxUnavailable":1}})";
inline constexpr const char* with_steps =
    R"({"canary":{"steps":[{"setWeight":50},{"pause":{}},{"pause":{"duration":10}},{"setWeight":100}]}})";
inline constexpr const char* blue_green =
    R"({"blueGreen":{"activeService":"active","previewService":"preview"}})";

// By group, each in a file of its own.
std::span<const Tale> capacity_tales();
std::span<const Tale> identity_tales();
std::span<const Tale> deadlines_tales();
std::span<const Tale> steps_tales();
std::span<const Tale> writes_tales();
std::span<const Tale> liveness_tales();
std::span<const Tale> waits_tales();
std::span<const Tale> handover_tales();
std::span<const Tale> service_tales();
std::span<const Tale> telling_tales();

}  // namespace slipway::simulation
