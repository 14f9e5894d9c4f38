#include "kubernetes/leader_election.h"

#include <doctest/doctest.h>

#include "kubernetes/store_for_test.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::kubernetes {
namespace {

const std::string lease_path = "/apis/coordination.k8s.io/v1/namespaces/argo/leases/lock";

/// Some replicas of the controller and the API server between them.
struct Replicas {
  struct Replica {
    std::unique_ptr<ScriptedTransport> transport;  ///< Its own way to the server.
    std::unique_ptr<LeaderElection> election;
    std::string story;
  };

  explicit Replicas(int count) {
    store.transport.latency = 10_ms;
    for (int i = 0; i < count; ++i) add(std::string(1, static_cast<char>('a' + i)));
  }

  Replica& add(const std::string& name) {
    auto made = std::make_unique<Replica>();
    Replica* replica = made.get();
    replica->transport = std::make_unique<ScriptedTransport>(loop);
    replica->transport->latency = 10_ms;
    replica->transport->respond = store.transport.respond;
    replica->election = std::make_unique<LeaderElection>(
        loop, *replica->transport,
        LeaderElection::Options{.namespace_ = "argo", .name = "lock", .identity = name},
        LeaderElection::Callbacks{
            .on_started = [replica] { replica->story += "+"; },
            .on_stopped = [replica] { replica->story += "-"; },
            .on_new_leader = [replica](const std::string& who) { replica->story += who; }},
        replicas.size());
    replica->election->start();
    replicas.push_back(std::move(made));
    return *replica;
  }
  /// From now on nothing of what it asks is heard.
  static void cut_off(Replica& replica) {
    replica.transport->respond = [](const Request&) -> std::optional<Result<Response>> {
      return std::nullopt;
    };
  }
  Replica& at(std::size_t i) { return *replicas[i]; }
  int leaders() const {
    int count = 0;
    for (const auto& replica : replicas) count += replica->election->leading() ? 1 : 0;
    return count;
  }
  Json spec() const { return store.objects.at(lease_path)["spec"]; }

  VirtualEventLoop loop;
  StoreForTest store{loop, 1};
  std::vector<std::unique_ptr<Replica>> replicas;
};

TEST_CASE("the first replica makes the lease and keeps it renewed") {
  Replicas r(1);
  r.loop.run_for(100_ms);
  CHECK(r.at(0).election->leading());
  CHECK(r.at(0).story == "a+");
  CHECK(r.spec() == parse_json(R"({
    "holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 0,
    "acquireTime": "2026-01-01T00:00:00.010000Z", "renewTime": "2026-01-01T00:00:00.010000Z"})")
                        .value());
  r.loop.run_for(10_min);
  CHECK(r.at(0).election->leading());
  CHECK(r.at(0).story == "a+");
  CHECK(r.spec()["leaseTransitions"] == Json(0));
  CHECK(r.spec()["acquireTime"] == Json("2026-01-01T00:00:00.010000Z"));
  const auto renewed = parse_rfc3339(r.spec()["renewTime"].as_string());
  REQUIRE(renewed.has_value());
  CHECK(r.loop.now() - *renewed <= 3_s);
}

TEST_CASE("one of many leads, and the others know who (1.5)") {
  Replicas r(3);
  for (int i = 0; i < 600; ++i) {
    r.loop.run_for(1_s);
    CHECK(r.leaders() == 1);
  }
  const std::string holder = r.at(0).election->holder();
  CHECK(r.at(1).election->holder() == holder);
  CHECK(r.at(2).election->holder() == holder);
}

TEST_CASE("a leader that is cut off stops in time, before another takes over") {
  Replicas r(2);
  r.loop.run_for(5_s);
  REQUIRE(r.at(0).election->leading());
  Replicas::cut_off(r.at(0));
  const Instant cut = r.loop.now();
  Instant stopped, taken;
  while (taken == Instant{}) {
    r.loop.run_for(100_ms);
    if (stopped == Instant{} && !r.at(0).election->leading()) {
      stopped = r.loop.now();
      CHECK(r.at(0).story == "a+-");
    }
    if (r.at(1).election->leading()) taken = r.loop.now();
    REQUIRE(r.leaders() <= 1);
    REQUIRE(r.loop.now() - cut < 1_min);
  }
  CHECK(stopped - cut <= 10_s);
  // Lease duration + 5 s.
  CHECK(taken - cut <= 20_s);
  CHECK(r.spec()["leaseTransitions"] == Json(1));
  CHECK(r.spec()["holderIdentity"] == Json("b"));
}

TEST_CASE("leading is counted from when a renewal was sent, not answered") {
  Replicas r(1);
  Instant sent;
  r.at(0).transport->latency = 1500_ms;
  r.at(0).transport->respond = [&](const Request& request) {
    // The answer is on its way when it is asked for here: the request was sent before.
    if (request.method != Method::get) sent = r.loop.now() - 1500_ms;
    return r.store.transport.respond(request);
  };
  r.loop.run_for(1_min);
  REQUIRE(r.at(0).election->leading());
  Replicas::cut_off(r.at(0));
  r.loop.run_for(sent + 10_s - r.loop.now() - 1_ms);
  CHECK(r.at(0).election->leading());
  r.loop.run_for(1_ms);
  CHECK_FALSE(r.at(0).election->leading());
  r.loop.run_ready();
  CHECK(r.at(0).story == "a+-");
}

TEST_CASE("of two that take a free lease at once, one gets it") {
  Replicas r(0);
  r.store.put(lease_path, Json::object({
                              {"metadata", Json::object({{"namespace", "argo"}}) },
                              {"spec",     Json::object({{"holderIdentity", ""}})}
  }));
  r.add("a");
  r.add("b");
  r.loop.run_for(100_ms);
  CHECK(r.leaders() == 1);
  CHECK(r.store.refused_writes == 1);
}

TEST_CASE("one request that hangs doesn't cost the lease") {
  Replicas r(1);
  r.loop.run_for(5_s);
  int requests = 0;
  r.at(0).transport->respond = [&](const Request& request) -> std::optional<Result<Response>> {
    if (++requests == 1) return std::nullopt;
    return r.store.transport.respond(request);
  };
  r.loop.run_for(1_min);
  CHECK(r.at(0).story == "a+");
  CHECK(r.at(0).election->leading());
}

TEST_CASE("a released lease is taken at the next look") {
  Replicas r(2);
  r.loop.run_for(5_s);
  bool done = false;
  r.at(0).election->release([&] { done = true; });
  CHECK_FALSE(done);
  CHECK_FALSE(r.at(0).election->leading());
  r.loop.run_for(100_ms);
  CHECK(done);
  CHECK(r.spec()["holderIdentity"] == Json(""));
  CHECK(r.spec()["leaseDurationSeconds"] == Json(1));
  r.loop.run_for(3_s);
  CHECK(r.at(1).election->leading());
  CHECK(r.at(0).story == "a+");
  r.loop.run_for(1_min);
  CHECK(r.leaders() == 1);
}

TEST_CASE("a release during a renewal, or without the lease, ends too") {
  for (int ms = 0; ms < 60; ms += 5) {
    CAPTURE(ms);
    Replicas r(2);
    r.loop.run_for(1990_ms + Duration::from_milliseconds(ms));
    int done = 0;
    r.at(0).election->release([&] { ++done; });
    r.at(1).election->release([&] { ++done; });
    const std::string story = r.at(0).story;
    r.loop.run_for(1_s);
    CHECK(done == 2);
    CHECK(r.at(0).story == story);
    CHECK(r.leaders() == 0);
    CHECK(r.spec()["holderIdentity"] == Json(""));
  }
}

TEST_CASE("the times that others write are not believed") {
  Replicas r(0);
  const auto renew = [&](const std::string& time) {
    Json lease = Json::object({
        {"metadata", Json::object({{"namespace", "argo"}})}
    });
    lease.set("spec",
              Json::object({
                  {"holderIdentity",       "other"},
                  {"leaseDurationSeconds", 15     },
                  {"renewTime",            time   }
    }));
    r.store.put(lease_path, lease);
  };
  // Renewed all the time by a clock a day behind: alive.
  renew("2025-12-31T00:00:00.000000Z");
  r.add("a");
  for (int i = 0; i < 20; ++i) {
    r.loop.run_for(5_s);
    renew("2025-12-31T00:00:0" + std::to_string(i % 10) + ".000000Z");
    CHECK(r.leaders() == 0);
  }
  // Not renewed any more, by a clock a day ahead: dead after its duration, not before.
  renew("2026-01-02T00:00:00.000000Z");
  r.loop.run_for(14_s);
  CHECK(r.leaders() == 0);
  r.loop.run_for(6_s);
  CHECK(r.leaders() == 1);
  CHECK(r.at(0).story == "othera+");
}

TEST_CASE("a lease that is deleted, edited or strange is taken up again") {
  struct Row {
    const char* name;
    std::function<void(StoreForTest&)> harm;
  };
  const auto spec = [](const char* text) {
    return [text](StoreForTest& store) {
      Json lease = store.objects.at(lease_path);
      lease.set("spec", parse_json(text).value());
      store.put(lease_path, lease);
    };
  };
  const Row rows[] = {
      {"deleted",                     [](StoreForTest& store) { store.remove(lease_path); }      },
      {"emptied",                     spec("{}")                                                 },
      {"nobody's",                    spec(R"({"holderIdentity":"","leaseTransitions":7})")      },
      {"of strange types",            spec(R"({"holderIdentity":5,"leaseDurationSeconds":"x"})") },
      {"somebody's who is not there", spec(R"({"holderIdentity":"x","leaseDurationSeconds":15})")},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Replicas r(2);
    r.loop.run_for(5_s);
    row.harm(r.store);
    for (int i = 0; i < 40; ++i) {
      r.loop.run_for(1_s);
      CHECK(r.leaders() <= 1);
    }
    CHECK(r.leaders() == 1);
    CHECK(r.spec()["leaseDurationSeconds"] == Json(15));
  }
}

TEST_CASE("a field of the lease that others own is left alone") {
  Replicas r(1);
  r.loop.run_for(1_s);
  Json lease = r.store.objects.at(lease_path);
  lease.member("spec").set("preferredHolder", "b");
  r.store.put(lease_path, lease);
  r.loop.run_for(10_s);
  CHECK(r.spec()["preferredHolder"] == Json("b"));
}

TEST_CASE("under lost requests and answers two never lead, and afterwards one does") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Replicas r(3);
    r.store.random = Random(seed);
    r.store.faults = {.lost_request = 2 + seed % 7, .lost_answer = 2 + seed % 5, .refusal = 9};
    for (int i = 0; i < 3000; ++i) {
      r.loop.run_for(100_ms);
      REQUIRE(r.leaders() <= 1);
    }
    r.store.faults = {};
    r.loop.run_for(20_s);
    CHECK(r.leaders() == 1);
    for (const auto& replica : r.replicas) {
      // Started and stopped by turns.
      int state = 0;
      for (const char c : replica->story) {
        if (c == '+') CHECK(++state == 1);
        if (c == '-') CHECK(--state == 0);
      }
    }
  }
}

TEST_CASE("an election that is gone takes no answers") {
  Replicas r(1);
  r.loop.run_for(15_ms);
  r.at(0).election.reset();
  r.loop.run_for(1_min);
  CHECK(r.at(0).story == "");
}

}  // namespace
}  // namespace slipway::kubernetes
