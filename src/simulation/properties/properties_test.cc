#include <doctest/doctest.h>

#include <set>

#include "simulation/properties/tales_for_test.h"

namespace slipway::simulation {
namespace {

void check(std::span<const Tale> tales, std::set<std::string>& told) {
  for (const Tale& tale : tales) {
    CAPTURE(tale.property);
    CAPTURE(tale.name);
    Story story(tale.property);
    tale.happens(story);
    CAPTURE(story.text());
    CHECK((story.broken() > 0) == tale.breaks);
    told.insert(std::string(tale.property) + (tale.breaks ? " breaks" : " keeps"));
  }
}

TEST_CASE("each property is broken by what breaks it, and not by what comes near") {
  std::set<std::string> told;
  check(capacity_tales(), told);
  check(identity_tales(), told);
  check(deadlines_tales(), told);
  check(steps_tales(), told);
  check(writes_tales(), told);
  check(liveness_tales(), told);
  for (const auto& property : all_properties()) {
    CAPTURE(property->id());
    CHECK(told.contains(property->id() + " breaks"));
    CHECK(told.contains(property->id() + " keeps"));
  }
}

}  // namespace
}  // namespace slipway::simulation
