#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "api/defaults.h"
#include "base/text.h"
#include "rollout/canary_steps.h"
#include "rollout/keys.h"
#include "rollout/pausing.h"
#include "rollout/revisions.h"
#include "rollout/scale_down.h"
#include "rollout/services.h"
#include "rollout/simulated_world.h"

/// Properties of reliability.md by their ids, held to every write of random lives.
namespace slipway::rollout {
namespace {

std::string annotation(const Json& object, std::string_view key) {
  return std::string(object["metadata"]["annotations"][key].string_or_empty());
}

void check_replica_set(const SimulatedWorld::Change& change, const api::Rollout& rollout) {
  const Json& before = change.before;
  const Json& after = change.after;
  const auto was = before["spec"]["replicas"].integer_or(0);
  const auto is = after["spec"]["replicas"].integer_or(0);
  const bool canary = rollout.spec.strategy.canary.has_value();
  const std::int32_t desired = api::desired_replicas(rollout);
  INFO(change.write.text());
  INFO(change.world.sizes());
  std::string lately;
  for (const std::string& line : change.world.log) lately += "\n" + line;
  INFO(lately.substr(lately.size() > 6000 ? lately.size() - 6000 : 0));

  // I7, W3, W5.
  REQUIRE(!(before == after));
  if (!before.is_null()) {
    REQUIRE(before["spec"]["template"] == after["spec"]["template"]);
    REQUIRE(before["spec"]["selector"] == after["spec"]["selector"]);
    REQUIRE(before["metadata"]["labels"] == after["metadata"]["labels"]);
  }
  // C1.
  if (canary && is < was && change.pods_after < change.pods_before) {
    REQUIRE(change.pods_after >= desired - api::max_unavailable(rollout));
  }
  // C4.
  std::int64_t sum = 0;
  for (const api::ReplicaSet& one : change.world.replica_sets()) {
    if (!is_live(parse_deadline(one.metadata), change.world.now)) sum += spec_replicas(one);
  }
  const bool blue_green_stable =
      !canary && after["metadata"]["labels"][api::pod_template_hash_label].string_or_empty() ==
                     rollout.status.stable_rs;
  const bool waits_for_end = !annotation(after, keys::scale_down_deadline).empty();
  if (is > was && !blue_green_stable &&
      !waits_for_end) {  // That one comes first, whatever else there is.
    const std::int32_t cap = canary ? desired + api::max_surge(rollout)
                                    : desired + std::max(desired, api::preview_replicas(rollout));
    REQUIRE(sum <= cap);
  }
  // C6.
  const std::string hash(
      after["metadata"]["labels"][api::pod_template_hash_label].string_or_empty());
  const bool same_desired = annotation(before, keys::desired_replicas) == std::to_string(desired);
  bool same_update = false;  // A new template ends an abort.
  for (const api::ReplicaSet& one : change.world.replica_sets()) {
    same_update |= hash_of(one) == rollout.status.current_pod_hash &&
                   one.spec.template_ == rollout.spec.template_;
  }
  if (rollout.status.abort && !rollout.status.promote_full && same_update &&
      hash == rollout.status.stable_rs && same_desired && is < was) {
    REQUIRE(is >= desired);
  }
  // D1, D2.
  const Deadline old_deadline =
      parse_deadline(api::decode<api::ObjectMeta>(before["metadata"]).value_or(api::ObjectMeta{}));
  const std::string text = annotation(after, keys::scale_down_deadline);
  if (!text.empty() && text != annotation(before, keys::scale_down_deadline)) {
    const auto at = parse_rfc3339(text);
    REQUIRE(at);
    if (const At* moved = std::get_if<At>(&old_deadline)) {
      REQUIRE(moved->time == *at);
    } else {
      REQUIRE(*at > change.world.now);
      const Duration longest = std::max(api::scale_down_delay(rollout),
                                        api::abort_scale_down_delay(rollout).value_or(0_s));
      REQUIRE(*at <= change.world.now + longest + 1_s);
    }
  }
  // I6.
  std::set<std::int64_t> revisions;
  for (const api::ReplicaSet& one : change.world.replica_sets()) {
    REQUIRE(revisions.insert(revision_of(one.metadata)).second);
  }
}

void check_rollout(const SimulatedWorld::Change& change) {
  INFO(change.write.text());
  const auto before = api::decode<api::Rollout>(change.before);
  const auto after = api::decode<api::Rollout>(change.after);
  REQUIRE(before);
  REQUIRE(after);
  REQUIRE(before->spec == after->spec);  // C10.
  REQUIRE(!(change.before["status"] == change.after["status"] &&
            change.before["metadata"]["annotations"] == change.after["metadata"]["annotations"]));
  const api::RolloutStatus& was = before->status;
  const api::RolloutStatus& is = after->status;
  const std::int32_t count = step_count(*after);
  // P1.
  const std::int32_t from = was.current_step_index.value_or(0);
  const std::int32_t to = is.current_step_index.value_or(0);
  const bool same_epoch =
      was.current_pod_hash == is.current_pod_hash && was.current_step_hash == is.current_step_hash;
  if (same_epoch && was.current_step_index && is.current_step_index && !is.abort) {
    REQUIRE((to == from || to == from + 1 || to == count));
  }
  // P3.
  const auto* pause = find_pause(was, pause_reasons::canary_step);
  if (same_epoch && pause && from < count && to > from && !was.promote_full) {
    const auto& step = after->spec.strategy.canary->steps[static_cast<std::size_t>(from)];
    if (step.pause && !step.pause->duration) REQUIRE(is.stable_rs == is.current_pod_hash);
  }
  // P7: of each status that is written.
  if (is.phase == "Healthy" && !(is == was)) {
    REQUIRE(is.observed_generation == std::to_string(after->metadata.generation));
  }
  // P8: to a version with all its pods, but for the very first.
  if (was.stable_rs != is.stable_rs) {
    REQUIRE(!is.stable_rs.empty());
    if (!was.stable_rs.empty()) {
      for (const api::ReplicaSet& one : change.world.replica_sets()) {
        if (hash_of(one) == is.stable_rs) {
          REQUIRE(one.status.available_replicas >= api::desired_replicas(*after));
        }
      }
    }
  }
}

void watch(SimulatedWorld& world) {
  world.on_write = [](const SimulatedWorld::Change& change) {
    const std::string_view kind = change.write.target().kind.kind;
    if (kind == "ReplicaSet" && !change.write.is_delete()) {
      check_replica_set(change, change.world.rollout());
    }
    if (kind == "Rollout") check_rollout(change);
  };
}

std::string random_strategy(Random& random) {
  const auto pick = [&](std::initializer_list<const char*> of) {
    return std::string(*(of.begin() + random.below(of.size())));
  };
  if (random.below(2) == 0) {
    std::string text = R"({"blueGreen":{"activeService":"active","previewService":"preview")";
    text += pick({"", ",\"autoPromotionEnabled\":false", ",\"autoPromotionSeconds\":20"});
    text += pick({"", ",\"scaleDownDelaySeconds\":0", ",\"scaleDownDelaySeconds\":60"});
    text += pick({"", ",\"previewReplicaCount\":1"});
    text += pick({"", ",\"abortScaleDownDelaySeconds\":0", ",\"abortScaleDownDelaySeconds\":5"});
    text += pick({"", ",\"scaleDownDelayRevisionLimit\":1"});
    return text + "}}";
  }
  std::string text = R"({"canary":{"steps":)";
  text +=
      pick({"[]", R"([{"setWeight":25},{"pause":{}},{"setWeight":60},{"pause":{"duration":5}}])",
            R"([{"pause":{}}])", R"([{"setWeight":100},{"pause":{"duration":"5s"}}])",
            R"([{"setWeight":0},{"setWeight":50},{"setWeight":10},{"pause":{"duration":1}}])"});
  text += pick({"", ",\"maxSurge\":0,\"maxUnavailable\":1", ",\"maxSurge\":\"50%\"",
                ",\"maxSurge\":1,\"maxUnavailable\":0", ",\"maxUnavailable\":\"50%\""});
  text += pick({"", ",\"stableService\":\"active\",\"canaryService\":\"preview\""});
  return text + "}}";
}

/// One thing that a person, an autoscaler, a pod or the clock does.
void disturb(SimulatedWorld& world, Random& random) {
  const std::string image = "v" + std::to_string(1 + random.below(4));
  const auto maybe_old = [&]() -> std::string {
    const auto all = world.replica_sets();
    if (all.empty()) return {};
    return std::string(all[random.below(all.size())]
                           .spec.template_.content()["spec"]["containers"]
                           .at(0)["image"]
                           .string_or_empty());
  };
  switch (random.below(16)) {
    case 0:
    case 1:
      world.set_image(image);
      break;
    case 2:
    case 3:
      world.promote();
      break;
    case 4:
      world.command(R"({"abort":true})");
      break;
    case 5:
      world.command(R"({"abort":false})");
      break;
    case 6:
      if (random.below(3) == 0) world.command(R"({"promoteFull":true})");
      break;
    case 7:
      world.edit(random.below(2) == 0 ? R"({"paused":true})" : R"({"paused":false})");
      break;
    case 8:
      world.edit("{\"replicas\":" + std::to_string(random.below(7)) + "}");
      break;
    case 9:
      world.break_image(image);
      world.advance(1_ms);
      break;
    case 10:
      world.mend_image(image);
      world.advance(1_ms);
      break;
    case 11: {
      const std::string old = maybe_old();
      const char* texts[] = {"", "rubbish", "2001-01-01T00:00:00Z"};
      const std::string_view all_keys[] = {keys::scale_down_deadline,
                                           keys::scale_down_deadline_as_documented};
      if (old.empty()) break;
      world.edit_replica_set(old, R"({"metadata":{"annotations":{")" +
                                      std::string(all_keys[random.below(2)]) + "\":\"" +
                                      texts[random.below(3)] + "\"}}}");
      break;
    }
    case 12:
      world.edit("{\"minReadySeconds\":" + std::to_string(random.below(3)) + "}");
      break;
    default:
      world.advance(Duration::from_milliseconds(static_cast<std::int64_t>(random.below(20'000))));
      break;
  }
}

SimulatedWorld random_world(Random& random) {
  SimulatedWorld world(static_cast<int>(random.below(6)), random_strategy(random));
  world.add_service("active");
  world.add_service("preview");
  watch(world);
  return world;
}

/// No one stands in the way any more: everything pauses no longer than people need to promote.
void help_to_the_end(SimulatedWorld& world) {
  for (int i = 1; i <= 4; ++i) world.mend_image("v" + std::to_string(i));
  world.advance(1_ms);
  world.edit(R"({"paused":false,"replicas":3})");
  world.command(R"({"abort":false})");
  for (int i = 0; i < 8; ++i) {
    world.run();
    world.promote();
  }
  world.run();
}

void check_end(const SimulatedWorld& world) {
  const api::RolloutStatus status = world.rollout().status;
  INFO(to_text(api::encode(world.rollout().spec)));
  INFO(plan(world.observe()).text());
  std::string lately;
  for (const std::string& line : world.log) lately += "\n" + line;
  INFO(lately.substr(lately.size() > 4000 ? lately.size() - 4000 : 0));
  REQUIRE_MESSAGE(status.phase == "Healthy", status.message << " " << world.sizes());
  REQUIRE(status.stable_rs == status.current_pod_hash);
  for (const api::ReplicaSet& one : world.replica_sets()) {
    const bool is_new = hash_of(one) == status.stable_rs;
    REQUIRE(spec_replicas(one) == (is_new ? 3 : 0));  // D5: no zombies.
    REQUIRE_FALSE(deadline_needs_mending(one.metadata));
  }
  REQUIRE(plan(world.observe()).writes_nothing());
}

/// SLIPWAY_LIVES asks for more.
std::uint64_t lives() {
  const char* wanted = std::getenv("SLIPWAY_LIVES");
  return wanted ? static_cast<std::uint64_t>(parse_integer(wanted).value_or(0)) : 100;
}

TEST_CASE("random lives keep the promises at every write, and end settled") {
  for (std::uint64_t seed = 0; seed < lives(); ++seed) {
    CAPTURE(seed);
    Random random(seed);
    SimulatedWorld world = random_world(random);
    for (int i = 0; i < 60; ++i) {
      disturb(world, random);
      // The controller dies in the middle of its plan every now and then.
      if (random.below(2) == 0) world.reconcile(random.below(4));
      if (random.below(3) == 0) world.settle();
    }
    help_to_the_end(world);
    check_end(world);
  }
}

TEST_CASE(
    "a plan looks at the same world in the same way (R5), and what it produced needs nothing") {
  for (std::uint64_t seed = 1000; seed < 1040; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    SimulatedWorld world = random_world(random);
    for (int i = 0; i < 30; ++i) {
      disturb(world, random);
      const Observed seen = world.observe();
      REQUIRE(plan(seen).text() == plan(seen).text());
      world.settle();
      REQUIRE(plan(world.observe()).writes_nothing());
    }
  }
}

/// What is left when all is done; times apart.
std::string end_of(const SimulatedWorld& world) {
  std::string text = world.sizes();
  for (const api::ReplicaSet& one : world.replica_sets()) {
    text += " " + one.metadata.name + " r" + std::to_string(revision_of(one.metadata));
  }
  const api::RolloutStatus status = world.rollout().status;
  text += " " + status.phase + " " + status.stable_rs;
  if (status.current_step_index) text += " " + std::to_string(*status.current_step_index);
  return text;
}

/// An update from v1 to v2 and back to v1, promoted where it waits, with one crash: before write
/// `crash_at` of all.
std::string life_with_crash(const std::string& strategy, int crash_at, int* writes, int* steps) {
  SimulatedWorld world(3, strategy);
  world.add_service("active");
  world.add_service("preview");
  watch(world);
  const auto settle = [&] {
    while (true) {
      const int left = crash_at - world.writes;
      const bool crashes_now = left >= 0 && left < 10;
      const Plan made = world.reconcile(crashes_now ? static_cast<std::size_t>(left) : 1000);
      if (crashes_now && left == 0) crash_at = -1;  // It died here, and lives again.
      if (made.writes_nothing()) return;
    }
  };
  const auto run = [&] {
    for (int i = 0; i < 12; ++i) {
      settle();
      world.advance(5_s);
    }
  };
  run();
  for (const char* image : {"v2", "v1"}) {
    world.advance(60_s);
    world.set_image(image);
    for (int i = 0; i < 3; ++i) {
      run();
      if (!world.rollout().status.pause_conditions.empty()) world.promote();
    }
    run();
  }
  *writes = world.writes;
  *steps = world.count_events("RolloutStepCompleted");
  return end_of(world);
}

TEST_CASE("a crash before any write changes neither the end nor the steps taken") {
  const std::string strategies[] = {
      R"({"canary":{"steps":[{"setWeight":50},{"pause":{}},{"setWeight":80},{"pause":{"duration":5}}]}})",
      R"({"canary":{"stableService":"active","canaryService":"preview","steps":[{"setWeight":50},{"pause":{}}]}})",
      R"({"canary":{"maxSurge":0,"maxUnavailable":1}})",
      R"({"blueGreen":{"activeService":"active","previewService":"preview"}})",
      R"({"blueGreen":{"activeService":"active","previewService":"preview","autoPromotionEnabled":false}})",
      R"({"blueGreen":{"activeService":"active","previewReplicaCount":1,"scaleDownDelaySeconds":600}})",
  };
  for (const std::string& strategy : strategies) {
    CAPTURE(strategy);
    int writes = 0;
    int steps = 0;
    const std::string want = life_with_crash(strategy, -1, &writes, &steps);
    REQUIRE(want.find("Healthy") != std::string::npos);
    for (int crash = 0; crash < writes; ++crash) {
      CAPTURE(crash);
      int writes_now = 0;
      int steps_now = 0;
      REQUIRE(life_with_crash(strategy, crash, &writes_now, &steps_now) == want);
      // The event of a step may be lost with the write that tells it, the step is never repeated.
      REQUIRE(steps_now == steps);
      REQUIRE(writes_now <= writes + 2);
    }
  }
}

}  // namespace
}  // namespace slipway::rollout
