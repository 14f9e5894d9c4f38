#include <cstdlib>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/lint.h"
#include "cli/version.h"

namespace slipway::cli {
namespace {

/// Options live as long as the command line: the callbacks that parsing runs keep them.
template <class T>
std::shared_ptr<T> options() {
  return std::make_shared<T>();
}

bool dumb_terminal() {
  const char* term = std::getenv("TERM");  // NOLINT: read once, before threads.
  return term != nullptr && std::string_view(term) == "dumb";
}

void duration_option(CLI::App& command, const char* name, std::optional<Duration>& into,
                     const char* meaning) {
  command.add_option_function<std::string>(
      name,
      [&into](const std::string& text) {
        const auto seconds = parse_integer(text);
        const Result<Duration> duration =
            seconds ? Result<Duration>(Duration::from_seconds(*seconds)) : parse_go_duration(text);
        if (!duration) throw CLI::ValidationError("expected a duration such as 30s, found " + text);
        into = *duration;
      },
      meaning);
}

void add_get_rollout(CLI::App& parent, CommandLine& line) {
  CLI::App* command = parent.add_subcommand("rollout", "Show a rollout");
  command->alias("ro")->alias("rollouts");
  const auto o = options<GetOptions>();
  command->add_option("name", o->name, "Name")->required();
  command->add_flag("-w,--watch", o->watch, "Redraw as things change");
  command->add_flag("--no-color{false}", o->colour, "Plain output");
  duration_option(*command, "--timeout-seconds", o->timeout, "End the watch after so many seconds");
  command->callback([&line, o] {
    if (dumb_terminal()) o->colour = false;
    if (o->timeout && o->timeout->nanoseconds == 0) o->timeout.reset();
    line.command = with_session(line, [o](Session& s, Streams t) { return get_rollout(s, *o, t); });
  });
}

void add_list_rollouts(CLI::App& parent, CommandLine& line) {
  CLI::App* command = parent.add_subcommand("rollouts", "List rollouts");
  command->alias("ro")->alias("rollout");
  const auto o = options<ListOptions>();
  command->add_flag("-A,--all-namespaces", o->all_namespaces, "Of all namespaces");
  command->add_option("--name", o->name, "Only the one of this name");
  command->add_flag("--timestamps", o->timestamps, "Begin each line with the time");
  command->add_flag("-w,--watch", o->watch, "Go on printing lines that change");
  command->callback([&line, o] {
    line.command =
        with_session(line, [o](Session& s, Streams t) { return list_rollouts(s, *o, t); });
  });
}

using NamesCommand = Result<void> (*)(Session&, const std::vector<std::string>&, Streams);

void add_names(CLI::App& parent, CommandLine& line, const char* name,
               const std::vector<std::string>& aliases, const char* meaning, NamesCommand run) {
  CLI::App* command = parent.add_subcommand(name, meaning);
  for (const std::string& alias : aliases) command->alias(alias);
  const auto names = options<std::vector<std::string>>();
  command->add_option("name", *names, "Names")->required();
  command->callback([&line, names, run] {
    line.command =
        with_session(line, [names, run](Session& s, Streams t) { return run(s, *names, t); });
  });
}

void add_status(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("status", "Wait until a rollout is Healthy or Degraded");
  const auto o = options<StatusOptions>();
  command->add_option("name", o->name, "Name of the rollout")->required();
  command->add_option("-w,--watch", o->watch, "Wait; with false, print the phase and end")
      ->expected(0, 1)
      ->default_str("true");
  duration_option(*command, "-t,--timeout", o->timeout, "Give up after this long (0: never)");
  command->callback([&line, o] {
    line.command = with_session(line, [o](Session& s, Streams t) { return status(s, *o, t); });
  });
}

void add_promote(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("promote", "Resume a rollout that is paused");
  const auto o = options<PromoteOptions>();
  command->add_option("name", o->name, "Name of the rollout")->required();
  command->add_flag("--full", o->full, "Skip all steps, pauses and analysis");
  // Hidden and deprecated as in Argo Rollouts, whose scripts may still use them.
  command->add_flag("-c,--skip-current-step", o->skip_current_step)->group("");
  command->add_flag("-a,--skip-all-steps", o->skip_all_steps)->group("");
  command->callback([&line, o] {
    line.command = with_session(line, [o](Session& s, Streams t) {
      if (o->skip_current_step) {
        t.err << "Flag --skip-current-step has been deprecated, use without the flag instead ex: "
                 "promote ROLLOUT_NAME\n";
      }
      if (o->skip_all_steps) {
        t.err << "Flag --skip-all-steps has been deprecated, use --full instead\n";
      }
      return promote(s, *o, t);
    });
  });
}

void add_undo(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("undo", "Go back to an earlier revision's pod template");
  const auto o = options<UndoOptions>();
  command->add_option("name", o->name, "Name of the rollout")->required();
  command->add_option("--to-revision", o->to_revision, "Revision (0: the previous one)");
  command->callback([&line, o] {
    line.command = with_session(line, [o](Session& s, Streams t) { return undo(s, *o, t); });
  });
}

void add_set_image(CLI::App& app, CommandLine& line) {
  CLI::App* set = app.add_subcommand("set", "Change a field of a rollout");
  set->require_subcommand(1);
  CLI::App* command = set->add_subcommand("image", "Change the image of a container");
  const auto o = options<SetImageOptions>();
  command->add_option("name", o->name, "Name of the rollout")->required();
  command->add_option("container", o->container_image, "CONTAINER=IMAGE ('*' for all containers)")
      ->required();
  command->callback([&line, o] {
    line.command = with_session(line, [o](Session& s, Streams t) { return set_image(s, *o, t); });
  });
}

void add_restart(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("restart", "Restart the pods of a rollout, one by one");
  const auto o = options<RestartOptions>();
  command->add_option("name", o->name, "Name of the rollout")->required();
  command->add_option("-i,--in", o->in, "Delay, such as 10s");
  command->callback([&line, o] {
    line.command =
        with_session(line, [o](Session& s, Streams t) { return restart_rollout(s, *o, t); });
  });
}

void add_lint(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("lint", "Check manifests without a cluster");
  const auto o = options<LintOptions>();
  command->add_option("files", o->files, "Files to check");
  command->add_option("-f,--filename", o->filename, "One file; prints as Argo Rollouts does");
  command->callback([&line, o] {
    line.command = [o](Streams streams) -> Result<int> { return lint(*o, streams); };
  });
}

void add_version(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("version", "Print what this program was built from");
  const auto short_form = options<bool>();
  command->add_flag("--short", *short_form, "The version line only");
  command->callback([&line, short_form] {
    line.command = [&line, short_form](Streams streams) -> Result<int> {
      streams.out << describe_version(line.program, *short_form);
      return 0;
    };
  });
}

}  // namespace

void add_plugin_commands(CLI::App& app, CommandLine& line) {
  CLI::App* get = app.add_subcommand("get", "Show a rollout as a tree");
  get->require_subcommand(1);
  add_get_rollout(*get, line);
  CLI::App* list = app.add_subcommand("list", "List rollouts");
  list->require_subcommand(1);
  add_list_rollouts(*list, line);
  add_status(app, line);
  add_promote(app, line);
  add_names(app, line, "abort", {}, "Go back to the stable version", abort_rollouts);
  CLI::App* retry = app.add_subcommand("retry", "Try an aborted rollout again");
  retry->require_subcommand(1);
  add_names(*retry, line, "rollout", {"ro", "rollouts"}, "Try again", retry_rollouts);
  add_names(app, line, "pause", {}, "Pause a rollout", pause_rollouts);
  add_restart(app, line);
  add_undo(app, line);
  add_set_image(app, line);
  add_lint(app, line);
  add_version(app, line);
}

}  // namespace slipway::cli
