#include "cluster/nodes/pod_life.h"

#include <doctest/doctest.h>

namespace slipway::cluster {

namespace {

constexpr Instant t0{1'767'225'600'000'000'000};

/// "stage ready? restarts" after each change, with its time since the start.
std::vector<std::string> history(const PodScript& script, Duration until) {
  static constexpr const char* names[] = {"creating", "pull-failed", "pull-back-off", "running",
                                          "exited",   "back-off",    "finished"};
  std::vector<std::string> lines;
  PodLife life = begin_life(t0);
  for (auto next = next_change(life, script); next && *next <= t0 + until;
       next = next_change(life, script)) {
    life = advance(life, script, *next);
    lines.push_back(fmt::format("{} {}{} {}", format_go_duration(*next - t0),
                                names[static_cast<int>(life.stage)], life.ready ? " ready" : "",
                                life.restarts));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a life follows its script") {
  struct Row {
    const char* name;
    PodScript script;
    Duration until;
    Lines want;
  };
  const Row rows[] = {
      {"runs and is ready",
       {.start_delay = 2_s, .ready_delay = 3_s},
       100_s, {"2s running 0", "5s running ready 0"}                  },
      {"never ready",
       {.behaviour = Behaviour::never_ready, .start_delay = 2_s},
       100_s, {"2s running 0"}                                        },
      {"crashes, restarts, backs off",
       {.behaviour = Behaviour::crash,
        .start_delay = 1_s,
        .ready_delay = 9_s,
        .end_after = 2_s,
        .exit_code = 1},
       30_s,  {"1s running 0", "3s exited 0", "4s running 1", "6s exited 1", "7s back-off 1",
        "16s running 2", "18s exited 2", "19s back-off 2"}},
      {"is ready before it crashes",
       {.behaviour = Behaviour::crash, .ready_delay = 1_s, .end_after = 2_s, .exit_code = 1},
       2_s,   {"0s running 0", "1s running ready 0", "2s exited 0"}   },
      {"a job's pod ends well",
       {Behaviour::exit, RestartPolicy::never, 1_s, 9_s, 0_s, 2_s, 0},
       100_s, {"1s running 0", "3s finished 0"}                       },
      {"a job's pod that fails is tried again",
       {Behaviour::exit, RestartPolicy::on_failure, 1_s, 9_s, 0_s, 2_s, 4},
       5_s,   {"1s running 0", "3s exited 0", "4s running 1"}         },
      {"no image",
       {.behaviour = Behaviour::image_pull_error, .start_delay = 1_s},
       35_s,  {"1s pull-failed 0", "2s pull-back-off 0", "12s pull-failed 0", "13s pull-back-off 0",
        "33s pull-failed 0", "34s pull-back-off 0"}       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(history(row.script, row.until) == row.want);
  }
}

TEST_CASE("a life that was not looked at for hours is where it would have been") {
  const PodScript script{
      .behaviour = Behaviour::crash, .ready_delay = 1_s, .end_after = 2_s, .exit_code = 1};
  PodLife step_by_step = begin_life(t0);
  for (int second = 0; second <= 7200; ++second) {
    step_by_step = advance(step_by_step, script, t0 + Duration::from_seconds(second));
  }
  CHECK(advance(begin_life(t0), script, t0 + 2_h) == step_by_step);
}

TEST_CASE("restarts back off to five minutes") {
  const std::int64_t want[] = {1, 10, 20, 40, 80, 160, 300, 300};
  for (int i = 0; i < 8; ++i) CHECK(restart_delay(i + 1).whole_seconds() == want[i]);
  CHECK(restart_delay(1'000'000) == 300_s);
}

}  // namespace slipway::cluster
