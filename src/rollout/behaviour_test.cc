#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/file_for_test.h"
#include "base/text.h"

/// Each section of tests/data/compat/behaviour.md is named by a test, or stands below with what it
/// waits for. A test names sections in brackets in its name: "(16.3)", "(8.2.1, C9)".
namespace slipway::rollout {
namespace {

namespace fs = std::filesystem;

struct Unbuilt {
  const char* section;  ///< And all that is part of it.
  const char* why;
};

constexpr const char* routers = "needs routers";
constexpr const char* analysis = "needs analysis";
constexpr const char* experiments = "needs experiments";

constexpr Unbuilt unbuilt[] = {
    {"13",   routers        },
    {"18",   analysis       },
    {"19",   analysis       },
    {"20",   experiments    },
    {"21",   experiments    },
    {"26.2", analysis       },
    {"30",   "needs plugins"},
    {"34.1", routers        },
    {"34.2", routers        },
};

/// Numbers of issues are longer.
bool is_section(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0 &&
         text.substr(0, text.find('.')).size() <= 2 &&
         text.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

bool is_part_of(std::string_view section, std::string_view whole) {
  return section.starts_with(whole) &&
         (section.size() == whole.size() || section[whole.size()] == '.');
}

/// "2.1", "3": those that have no sections of their own.
std::set<std::string> sections() {
  std::set<std::string> found;
  std::set<std::string> parents;
  const std::string text = read_file_for_test("tests/data/compat/behaviour.md");
  for (const std::string_view line : split(std::string_view(text), '\n')) {
    const bool is_part = line.starts_with("### ");
    if (!is_part && !line.starts_with("## ")) continue;
    std::string_view number = line.substr(is_part ? 4 : 3);
    number = number.substr(0, number.find(' '));
    if (number.ends_with('.')) number.remove_suffix(1);
    found.emplace(number);
    if (is_part) parents.emplace(number.substr(0, number.find('.')));
  }
  for (const std::string& parent : parents) found.erase(parent);
  return found;
}

/// The name of the test case that begins at `at`: texts on several lines are one.
std::string name_at(std::string_view code, std::size_t at) {
  std::string name;
  while (true) {
    const std::size_t begin = code.find_first_not_of(" \n", at);
    if (begin == std::string_view::npos || code[begin] != '"') return name;
    const std::size_t end = code.find('"', begin + 1);
    name += code.substr(begin + 1, end - begin - 1);
    at = end + 1;
  }
}

/// What stands in brackets in the name of a test.
std::set<std::string> named_by(const std::string& name) {
  std::set<std::string> found;
  for (std::size_t open = name.find('('); open != std::string::npos; open = name.find('(', open)) {
    const std::size_t close = name.find(')', open);
    if (close == std::string::npos) break;
    for (std::string_view item :
         split(std::string_view(name).substr(open + 1, close - open - 1), ',')) {
      while (item.starts_with(' ')) item.remove_prefix(1);
      if (is_section(item)) found.emplace(item);
    }
    open = close;
  }
  return found;
}

/// Sections by the first file that has a test of that name.
std::map<std::string, std::string> named() {
  std::map<std::string, std::string> found;
  for (const char* root : {"src", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string path = entry.path().string();
      if (!path.ends_with("_test.cc")) continue;
      const std::string code = read_file_for_test(path);
      constexpr std::string_view begins = "TEST_CASE(";
      for (std::size_t at = code.find(begins); at != std::string::npos;
           at = code.find(begins, at + 1)) {
        for (const std::string& section : named_by(name_at(code, at + begins.size()))) {
          found.emplace(section, path);
        }
      }
    }
  }
  return found;
}

bool is_unbuilt(const std::string& section) {
  return std::ranges::any_of(unbuilt,
                             [&](const Unbuilt& one) { return is_part_of(section, one.section); });
}

TEST_CASE("a test's name is read for the sections in it") {
  CHECK(named_by("the split is the nearest (10.2)") == std::set<std::string>{"10.2"});
  CHECK(named_by("two (3.3.b, 5, I2) and (9.1)") == std::set<std::string>{"3.3.b", "5", "9.1"});
  CHECK(named_by("issues (issues 3762, 3836) and (C1)").empty());
  CHECK(name_at("\n  \"one \"\n  \"name (4)\") {", 0) == "one name (4)");
}

TEST_CASE("each section of the behaviour is named by a test, or waits for what is not built") {
  const std::set<std::string> all = sections();
  CHECK(all.size() > 80);
  const auto tests = named();
  for (const std::string& section : all) {
    const bool is_named = std::ranges::any_of(
        tests, [&](const auto& test) { return is_part_of(test.first, section); });
    CHECK_MESSAGE(is_named != is_unbuilt(section), section);
  }
}

TEST_CASE("tests name sections that there are") {
  const std::set<std::string> all = sections();
  for (const auto& [section, file] : named()) {
    const bool exists = std::ranges::any_of(all, [&](const std::string& one) {
      return is_part_of(section, one) || is_part_of(one, section);
    });
    CHECK_MESSAGE(exists, section << " in " << file);
  }
  for (const Unbuilt& one : unbuilt) {
    CHECK(std::ranges::any_of(
        all, [&](const std::string& section) { return is_part_of(section, one.section); }));
  }
}

}  // namespace
}  // namespace slipway::rollout
