#include <doctest/doctest.h>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "cli/run.h"

namespace slipway::cli {
namespace {

struct Flag {
  std::string binary, command, name, type;
};

/// Of tests/data/compat/flags.tsv: binary, command, kind, name or usage, short form, type, ...
std::vector<Flag> upstream_flags() {
  std::ifstream file("tests/data/compat/flags.tsv");
  REQUIRE(file);
  std::vector<Flag> flags;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
    if (cells.size() < 6 || !cells[2].ends_with("flag")) continue;
    flags.push_back({cells[0], cells[1], cells[3], cells[5]});
  }
  return flags;
}

std::string value_of(const Flag& flag) {
  if (flag.name == "--kubeconfig") return "/nonexistent";
  if (flag.name == "--controllers") return "analysis";
  if (flag.name == "--ambassador-api-version") return "getambassador.io/v2";
  if (flag.name == "--loglevel") return "info";
  return flag.type == "duration" ? "1s" : "1";
}

/// The exit status, with all that is printed left unprinted.
int quietly(const std::vector<std::string>& words) {
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  std::ostringstream out, err;
  std::streambuf* const out_before = std::cout.rdbuf(out.rdbuf());
  std::streambuf* const err_before = std::cerr.rdbuf(err.rdbuf());
  const int status = run(static_cast<int>(arguments.size()), arguments.data());
  std::cout.rdbuf(out_before);
  std::cerr.rdbuf(err_before);
  return status;
}

/// What stands after the command, so that it has all that it needs.
const std::map<std::string, std::vector<std::string>> plugin_commands{
    {"abort",         {"abort", "shop"}           },
    {"get rollout",   {"get", "rollout", "shop"}  },
    {"list rollouts", {"list", "rollouts"}        },
    {"pause",         {"pause", "shop"}           },
    {"promote",       {"promote", "shop"}         },
    {"restart",       {"restart", "shop"}         },
    {"retry rollout", {"retry", "rollout", "shop"}},
    {"set image",     {"set", "image", "shop"}    },
    {"status",        {"status", "shop"}          },
    {"undo",          {"undo", "shop"}            },
    {"lint",          {"lint"}                    },
    {"(root)",        {"get", "rollout", "shop"}  },
};

constexpr int usage_status = 2;

TEST_CASE("a Deployment's arguments need not change: each flag of upstream's controller is taken") {
  int tried = 0;
  for (const Flag& flag : upstream_flags()) {
    if (flag.binary != "rollouts-controller" || flag.name == "--version") continue;
    CAPTURE(flag.name);
    const std::string given = flag.type == "bool" ? flag.name : flag.name + "=" + value_of(flag);
    std::vector<std::string> words{"slipway", "controller", given};
    if (flag.name != "--kubeconfig") words.push_back("--kubeconfig=/nonexistent");
    CHECK(quietly(words) != usage_status);
    ++tried;
  }
  CHECK(tried >= 58);
}

TEST_CASE("habits need not change: each flag of upstream's plugin is taken by the same command") {
  int tried = 0;
  for (const Flag& flag : upstream_flags()) {
    const auto command = plugin_commands.find(flag.command);
    if (flag.binary != "kubectl-argo-rollouts" || command == plugin_commands.end()) continue;
    CAPTURE(flag.command);
    CAPTURE(flag.name);
    std::vector<std::string> words{"kubectl-argo-rollouts"};
    words.insert(words.end(), command->second.begin(), command->second.end());
    if (flag.command == "set image") words.push_back("c=image");
    words.push_back(flag.type == "bool" ? flag.name : flag.name + "=" + value_of(flag));
    if (flag.name != "--kubeconfig") words.push_back("--kubeconfig=/nonexistent");
    CHECK(quietly(words) != usage_status);
    ++tried;
  }
  CHECK(tried >= 30);
}

}  // namespace
}  // namespace slipway::cli
