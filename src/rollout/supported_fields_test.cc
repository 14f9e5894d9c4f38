#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "base/file_for_test.h"
#include "base/text.h"
#include "rollout/unsupported.h"

/// docs/reference/compatibility.md, section "Not built yet", against all fields of the CRD.
namespace slipway::rollout {
namespace {

namespace fs = std::filesystem;

/// The paths that begin the rows of that section's table.
std::vector<std::string> listed() {
  const std::string text = read_file_for_test("docs/reference/compatibility.md");
  const auto section = text.find("## Not built yet");
  REQUIRE(section != std::string::npos);
  std::vector<std::string> paths;
  for (const std::string_view line : split(std::string_view(text).substr(section), '\n')) {
    if (!line.starts_with("| `")) continue;
    paths.emplace_back(line.substr(3, line.find('`', 3) - 3));
  }
  return paths;
}

bool covers(const std::string& listed, std::string_view path) {
  return path.starts_with(listed) &&
         (path.size() == listed.size() || path[listed.size()] == '.' || path[listed.size()] == '[');
}

/// Identifiers of the code that acts: what only checks a field does not.
std::set<std::string> identifiers() {
  std::vector<fs::path> files = {"src/api/defaults.cc"};
  for (const char* folder : {"src/rollout", "src/controller"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      const bool only_checks = name.find("validation") != std::string::npos ||
                               name.starts_with("unsupported") || name.ends_with("_test.cc");
      if (name.ends_with(".cc") && !only_checks) files.push_back(entry.path());
    }
  }
  std::set<std::string> found;
  for (const fs::path& file : files) {
    std::string word;
    for (const char c : read_file_for_test(file) + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
        word += c;
      } else if (!word.empty()) {
        found.insert(std::move(word));
        word.clear();
      }
    }
  }
  return found;
}

/// "steps[].setCanaryScale" is set_canary_scale, "HPAReplicas" hpa_replicas.
std::string member_of(std::string_view path) {
  std::string name(path.substr(path.rfind('.') + 1));
  while (name.ends_with("[]") || name.ends_with("{}")) name.resize(name.size() - 2);
  std::string member;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto upper = [&](std::size_t at) {
      return at < name.size() && std::isupper(static_cast<unsigned char>(name[at])) != 0;
    };
    const bool begins =
        upper(i) && i > 0 && (!upper(i - 1) || (i + 1 < name.size() && !upper(i + 1)));
    if (begins) member += '_';
    member += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return member == "template" ? "template_" : member;
}

TEST_CASE("member names are made of field names") {
  CHECK(member_of("spec.strategy.canary.steps[].setCanaryScale") == "set_canary_scale");
  CHECK(member_of("status.HPAReplicas") == "hpa_replicas");
  CHECK(member_of("status.stableRS") == "stable_rs");
  CHECK(member_of("spec.strategy.canary.steps[]") == "steps");
}

TEST_CASE("each field of a Rollout is acted on, or listed as not built yet") {
  const std::vector<std::string> not_built = listed();
  REQUIRE(!not_built.empty());
  const std::set<std::string> acted_on = identifiers();
  std::set<std::string> used;
  std::istringstream rows(read_file_for_test("tests/data/compat/crd-fields.tsv"));
  std::size_t fields = 0;
  for (std::string line; std::getline(rows, line);) {
    const auto cells = split(line, '\t');
    if (cells.size() < 2 || cells[0] != "Rollout") continue;
    ++fields;
    bool is_listed = false;
    for (const std::string& path : not_built) {
      if (!covers(path, cells[1])) continue;
      is_listed = true;
      used.insert(path);
    }
    const bool is_object = cells[1] == "apiVersion" || cells[1] == "kind";
    if (is_listed || is_object) continue;
    CHECK_MESSAGE(acted_on.contains(member_of(cells[1])), cells[1]);
  }
  CHECK(fields > 380);
  for (const std::string& path : not_built) CHECK_MESSAGE(used.contains(path), path);
}

TEST_CASE("what leaves a Rollout whole is listed as not built yet") {
  const auto spec = parse_json(R"({"spec":{"strategy":{
      "canary":{"analysis":{},"trafficRouting":{},
                "steps":[{"analysis":{}},{"experiment":{}},{"plugin":{"name":"p"}}]},
      "blueGreen":{"prePromotionAnalysis":{},"postPromotionAnalysis":{}}}}})");
  const auto rollout = api::decode<api::Rollout>(*spec);
  REQUIRE(rollout);
  const auto features = unsupported_features(*rollout);
  CHECK(features.size() == 7);
  const std::vector<std::string> not_built = listed();
  for (std::string feature : features) {
    if (const auto at = feature.find("steps["); at != std::string::npos) {
      feature.replace(at, feature.find(']', at) - at + 1, "steps[]");
    }
    const bool found = std::ranges::any_of(
        not_built, [&](const std::string& path) { return covers(path, feature); });
    CHECK_MESSAGE(found, feature);
  }
}

}  // namespace
}  // namespace slipway::rollout
