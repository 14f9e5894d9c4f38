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
  check(waits_tales(), told);
  check(handover_tales(), told);
  check(service_tales(), told);
  check(telling_tales(), told);
  for (const auto& property : all_properties()) {
    CAPTURE(property->id());
    CHECK(told.contains(property->id() + " breaks"));
    CHECK(told.contains(property->id() + " keeps"));
  }
}

TEST_CASE("situations are counted by what happened") {
  Story story("C1");
  story.begin(canary);
  story.hears_all();
  story.others(ObjectKind::rollout, "web", R"({"status":{"abort":true}})");
  story.ours(ObjectKind::rollout, "web", R"({"status":{"abortedAt":"2026-01-01T00:00:00Z"}})");
  story.deadline("web-new", R"("")");
  story.deadline("web-new", "null", true);
  story.ask(ObjectKind::replica_set, "web-new", {.status = 422});
  story.ask(ObjectKind::replica_set, "web-new", {.outcome = Outcome::ambiguous});
  for (const char* name :
       {"a person aborts", "an abort takes effect", "a deadline is garbled",
        "a garbled deadline is mended", "a patch is refused: the world has moved",
        "a write without an answer was not carried out"}) {
    CAPTURE(name);
    CHECK(story.times(name) == 1);
  }
  CHECK(story.times("a version is promoted") == 0);
}

}  // namespace
}  // namespace slipway::simulation
