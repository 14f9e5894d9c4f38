#include "kubernetes/events.h"

#include <doctest/doctest.h>

#include "kubernetes/store_for_test.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

const api::ObjectRef web{
    .kind = api::kinds::rollout, .key = {"shop", "web"},
         .uid = "u1", .resource_version = "7"
};
const api::ObjectRef node{
    .kind = api::kinds::node, .key = {"", "n1"},
         .uid = "u2"
};

struct Fixture {
  VirtualEventLoop loop;
  StoreForTest store{loop, 1};
  std::unique_ptr<EventRecorder> recorder =
      std::make_unique<EventRecorder>(loop, store.transport, "rollouts-controller", 1);

  void record(std::string reason, std::string message = "m", const api::ObjectRef& about = web) {
    recorder->record(about, {EventType::normal, std::move(reason), std::move(message)});
  }
  std::vector<Json> events() const {
    std::vector<Json> all;
    for (const auto& [path, object] : store.objects) all.push_back(object);
    return all;
  }
  /// How often each reason happened, as the API server tells it.
  std::map<std::string, std::int64_t> counts() const {
    std::map<std::string, std::int64_t> counts;
    for (const Json& event : events()) {
      counts[std::string(event["reason"].string_or_empty())] += event["count"].integer_or(0);
    }
    return counts;
  }
};

TEST_CASE("an event says what happened to which very object, when, and who says so") {
  Fixture f;
  f.record("Scaled", "Scaled up");
  CHECK(f.recorder->pending() == 1);
  f.loop.run_for(1_s);
  CHECK(f.recorder->pending() == 0);
  const auto& [path, event] = *f.store.objects.begin();
  CHECK(path.starts_with("/api/v1/namespaces/shop/events/web."));
  Json rest = event;
  rest.erase("metadata");
  CHECK(rest == parse_json(R"({
    "apiVersion": "v1", "kind": "Event", "type": "Normal", "reason": "Scaled",
    "message": "Scaled up", "count": 1, "firstTimestamp": "2026-01-01T00:00:00Z",
    "lastTimestamp": "2026-01-01T00:00:00Z", "source": {"component": "rollouts-controller"},
    "reportingComponent": "rollouts-controller", "reportingInstance": "",
    "involvedObject": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web",
                       "namespace": "shop", "uid": "u1", "resourceVersion": "7"}})")
                    .value());
}

TEST_CASE("events of objects without a namespace live in default") {
  Fixture f;
  f.record("Ready", "m", node);
  f.loop.run_for(1_s);
  const auto& [path, event] = *f.store.objects.begin();
  CHECK(path.starts_with("/api/v1/namespaces/default/events/n1."));
  CHECK(event["involvedObject"].find("namespace") == nullptr);
}

TEST_CASE("names and messages are cut to what the API server takes") {
  Fixture f;
  const api::ObjectRef longest{
      .kind = api::kinds::rollout, .key = {"shop", std::string(253, 'n')},
           .uid = "u3"
  };
  f.record("Long", std::string(1023, 'm') + "é", longest);
  f.loop.run_for(1_s);
  REQUIRE(f.events().size() == 1);
  CHECK(f.events()[0]["metadata"]["name"].as_string().size() == 253);
  CHECK(f.events()[0]["message"].as_string() == std::string(1023, 'm'));
}

TEST_CASE("repeats raise a count, for ten minutes") {
  Fixture f;
  f.record("Scaled");
  f.loop.run_for(1_min);
  f.record("Scaled");
  f.record("Scaled");  // Waits with the one before it: one write for both.
  f.record("Other");
  f.loop.run_for(1_min);
  CHECK(f.counts() == std::map<std::string, std::int64_t>{
                          {"Other",  1},
                          {"Scaled", 3}
  });
  CHECK(f.events().size() == 2);
  CHECK(f.store.transport.requests.size() == 3);
  f.loop.run_for(11_min);
  f.record("Scaled");
  f.loop.run_for(1_min);
  CHECK(f.events().size() == 3);
}

TEST_CASE("what happens while its event is being written is counted too") {
  Fixture f;
  f.store.transport.latency = 1_s;
  f.record("Scaled");
  f.loop.run_for(500_ms);
  f.record("Scaled");
  f.loop.run_for(10_s);
  CHECK(f.events().size() == 1);
  CHECK(f.counts()["Scaled"] == 2);
}

TEST_CASE("a count changed by somebody else, or an event that is gone, begins another") {
  Fixture f;
  f.record("Scaled");
  f.loop.run_for(1_s);
  const std::string path = f.store.objects.begin()->first;
  Json changed = f.store.objects.at(path);
  changed.set("count", 40);
  f.store.put(path, changed);
  f.record("Scaled");
  f.loop.run_for(1_s);
  CHECK(f.counts()["Scaled"] == 41);
  CHECK(f.events().size() == 2);

  while (!f.store.objects.empty()) f.store.remove(f.store.objects.begin()->first);
  f.record("Scaled");
  f.loop.run_for(1_s);
  CHECK(f.counts()["Scaled"] == 1);
}

TEST_CASE("per object: a burst of 25, then one in five minutes") {
  Fixture f;
  for (int i = 0; i < 40; ++i) f.record("R" + std::to_string(i));
  f.record("Other", "m", node);
  f.loop.run_for(1_s);
  CHECK(f.events().size() == 26);
  f.loop.run_for(5_min);
  f.record("Later");
  f.record("Too soon");
  f.loop.run_for(1_s);
  CHECK(f.events().size() == 27);
}

TEST_CASE("however much went well, what did not is told") {
  Fixture f;
  for (int i = 0; i < 40; ++i) f.record("R" + std::to_string(i));
  f.recorder->record(web, {EventType::warning, "Failed", "m"});
  f.loop.run_for(1_s);
  CHECK(f.counts()["Failed"] == 1);
}

TEST_CASE("an answer that got lost makes no twin") {
  Fixture f;
  f.store.faults.lost_answer = 1;
  f.record("Scaled");
  f.loop.run_for(500_ms);
  f.store.faults = {};
  f.loop.run_for(1_min);
  CHECK(f.recorder->pending() == 0);
  CHECK(f.events().size() == 1);
}

TEST_CASE("a count whose answer got lost is not counted again, and what follows is") {
  for (const int first :
       {0, 1}) {  // Repeats before the write whose answer is lost: a create, or not.
    CAPTURE(first);
    Fixture f;
    for (int i = 0; i < first; ++i) f.record("Scaled");
    f.loop.run_for(1_s);
    f.store.faults.lost_answer = 1;
    f.record("Scaled");
    f.loop.run_for(500_ms);
    f.record("Scaled");  // Grows what is in doubt.
    f.record("Scaled");
    f.store.faults = {};
    f.loop.run_for(1_min);
    CHECK(f.recorder->pending() == 0);
    CHECK(f.counts()["Scaled"] == first + 3);
  }
}

TEST_CASE("an event that is held back while another leads is told a little later") {
  Fixture f;
  const auto answer = f.store.transport.respond;
  const Instant leads_from = f.loop.now() + 2_s;
  f.store.transport.respond = [&](const Request& request) -> std::optional<Result<Response>> {
    if (f.loop.now() >= leads_from) return answer(request);
    return Result<Response>(fail(ErrorCode::cancelled, "events", "not sent"));
  };
  f.record("Scaled");
  f.loop.run_for(10_s);
  CHECK(f.recorder->pending() == 0);
  CHECK(f.counts()["Scaled"] == 1);
}

TEST_CASE("what can't be written is dropped after some tries, and holds up nothing") {
  struct Row {
    const char* name;
    Response answer;
    std::size_t tries;
  };
  const Row rows[] = {
      {"forbidden",         status_response(403, "Forbidden"),          1},
      {"no such namespace", status_response(404, "NotFound"),           1},
      {"invalid",           status_response(400, "BadRequest"),         1},
      {"overloaded",        status_response(503, "ServiceUnavailable"), 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Fixture f;
    f.store.transport.respond = [&](const Request&) { return row.answer; };
    f.record("Scaled");
    f.loop.run_for(10_min);
    CHECK(f.recorder->pending() == 0);
    CHECK(f.store.transport.requests.size() == row.tries);
  }
}

TEST_CASE("the queue is bounded, and few writes are under way") {
  Fixture f;
  f.store.transport.respond = nullptr;  // Nobody answers.
  for (int i = 0; i < 10'000; ++i) {
    api::ObjectRef other = web;
    other.uid = std::to_string(i);
    f.record("Scaled", "m", other);
  }
  f.loop.run_for(1_min);
  CHECK(f.recorder->pending() == 4096);
  CHECK(f.store.transport.requests.size() == 8);
}

TEST_CASE("under lost answers nothing is told twice, and the recorder comes to rest") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Fixture f;
    f.store.random = Random(seed);
    f.store.faults = {.lost_request = 8, .lost_answer = 8};
    f.store.transport.latency = 20_ms;
    std::map<std::string, std::int64_t> happened;
    for (int i = 0; i < 20; ++i) {
      const std::string reason = "R" + std::to_string(f.store.random.below(5));
      ++happened[reason];
      f.record(reason);
      f.loop.run_for(
          Duration::from_milliseconds(static_cast<std::int64_t>(f.store.random.below(500))));
    }
    f.store.faults = {};
    f.loop.run_for(1_min);
    CHECK(f.recorder->pending() == 0);
    for (const auto& [reason, times] : f.counts()) CHECK(times <= happened[reason]);
  }
}

TEST_CASE("a recorder that is gone takes no answers") {
  Fixture f;
  f.store.transport.latency = 1_s;
  f.record("Scaled");
  f.loop.run_for(500_ms);
  f.recorder.reset();
  f.loop.run_for(10_min);
  CHECK(f.events().size() == 1);
}

}  // namespace
}  // namespace slipway::kubernetes
