#include "kubernetes/http/child_process.h"

#include <doctest/doctest.h>
#include <signal.h>

#include "base/text.h"
#include "kubernetes/http/scripted_server_for_test.h"

namespace slipway::kubernetes {
namespace {

using Ended = ChildProcess::Ended;
using How = Ended::How;

ChildProcess::Command shell(std::string script) {
  return {
      .program = "sh", .arguments = {"-c", std::move(script)},
           .environment = {}
  };
}

Ended run(const ChildProcess::Command& command) {
  const auto loop = make_real_event_loop();
  std::optional<Ended> got;
  const auto process =
      ChildProcess::start(*loop, command, [&](const Ended& ended) { got = ended; });
  REQUIRE(process);
  CHECK_FALSE(got);
  REQUIRE(run_until(*loop, [&] { return got.has_value(); }));
  return *got;
}

TEST_CASE("a child's output, errors and end are told") {
  struct Row {
    const char* name;
    const char* script;
    How how;
    int status;
    const char* output;
    const char* errors;
  };
  const Row rows[] = {
      {"says nothing",             "true",                     How::exited, 0,       "",       ""     },
      {"speaks",                   "echo out; echo err >&2",   How::exited, 0,       "out\n",  "err\n"},
      {"fails",                    "echo why >&2; exit 3",     How::exited, 3,       "",       "why\n"},
      {"kills itself",             "kill -9 $$",               How::killed, SIGKILL, "",       ""     },
      {"standard input is empty",  "cat; echo end",            How::exited, 0,       "end\n",  ""     },
      {"closes its output early",  "echo a; exec >&-; exit 4", How::exited, 4,       "a\n",    ""     },
      {"leaves a child behind",    "sleep 100 & echo done",    How::exited, 0,       "done\n", ""     },
      {"SIGPIPE ends it as usual", "yes | head -1",            How::exited, 0,       "y\n",    ""     },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Ended ended = run(shell(row.script));
    CHECK(ended.how == row.how);
    CHECK(ended.status == row.status);
    CHECK(ended.output == row.output);
    CHECK(ended.errors == row.errors);
  }
}

TEST_CASE("a child gets our environment with its own variables over it") {
  ChildProcess::Command command = shell("echo \"$OWN $HOME ${PATH:+path}\"");
  command.environment = {
      {"OWN",  "a b"     },
      {"HOME", "/nowhere"}
  };
  CHECK(run(command).output == "a b /nowhere path\n");
}

TEST_CASE("much output comes whole, too much ends the child") {
  ChildProcess::Command command = shell("head -c 900000 /dev/zero | tr '\\0' x");
  Ended ended = run(command);
  CHECK(ended.how == How::exited);
  CHECK(ended.output.size() == 900'000);
  command = shell("yes");
  ended = run(command);
  CHECK(ended.how == How::printed_too_much);
  // Errors only up to the length of a message.
  ended = run(shell("head -c 900000 /dev/zero | tr '\\0' x >&2"));
  CHECK(ended.how == How::exited);
  CHECK(ended.errors.size() == 4096);
}

TEST_CASE("a child that hangs is killed with its children") {
  ChildProcess::Command command = shell("sh -c 'echo $$; exec sleep 100' & wait");
  command.timeout = 100_ms;
  const Ended ended = run(command);
  CHECK(ended.how == How::timed_out);
  const auto grandchild = parse_integer(trim(ended.output));
  REQUIRE(grandchild);
  // Init reaps it in its own time; until then it is a zombie, which is dead enough.
  const auto loop = make_real_event_loop();
  CHECK(run_until(*loop, [&] {
    loop->post([] {});
    return kill(static_cast<pid_t>(*grandchild), 0) != 0 ||
           run(shell("grep -q '^State:.Z' /proc/" + std::to_string(*grandchild) + "/status"))
                   .status == 0;
  }));
}

TEST_CASE("a program that is not there is told from one that can't be run") {
  const auto loop = make_real_event_loop();
  const auto never = [](const Ended&) { CHECK(false); };
  for (const char* program : {"slipway-no-such-program", "/no/such/program"}) {
    const auto process =
        ChildProcess::start(*loop, {.program = program, .arguments = {}, .environment = {}}, never);
    REQUIRE_FALSE(process);
    CHECK(process.error().code == ErrorCode::not_found);
  }
  const auto process = ChildProcess::start(
      *loop, {.program = "/etc/passwd", .arguments = {}, .environment = {}}, never);
  REQUIRE_FALSE(process);
  CHECK(process.error().code == ErrorCode::unavailable);
}

TEST_CASE("a child that is dropped is killed, and nobody is called") {
  const auto loop = make_real_event_loop();
  auto process = ChildProcess::start(*loop, shell("sleep 100"), [](const Ended&) { CHECK(false); });
  REQUIRE(process);
  process->reset();
  CHECK(run(shell("true")).status == 0);
}

}  // namespace
}  // namespace slipway::kubernetes
