#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace slipway::api {

/// The whole file; fails the test where there is none.
inline std::string read_test_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline Json json(std::string_view text) {
  const auto value = parse_json(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return *value;
}

/// The rows of a table of tests/data, by the names in its first line.
inline std::vector<std::map<std::string, std::string>> read_table(std::string_view path) {
  const std::string text = read_test_file(std::filesystem::path("tests/data") / path);
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string_view> names;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> cells = split(line, '\t');
    if (names.empty()) {
      names = cells;
    } else if (!line.empty()) {
      auto& row = rows.emplace_back();
      for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i)
        row[std::string(names[i])] = cells[i];
    }
  }
  return rows;
}

/// What a real API server answered: one object for each request.
inline std::vector<Json> read_recorded_exchanges() {
  const std::string text = read_test_file("tests/data/kubernetes/recorded-1.34.jsonl");
  std::vector<Json> exchanges;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) exchanges.push_back(json(line));
  }
  return exchanges;
}

/// Lists of the objects of real clusters that Argo Rollouts managed, by file; none, with a message,
/// where the folder is absent.
inline std::map<std::string, Json> read_snapshots() {
  const char* variable = std::getenv("SLIPWAY_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(variable != nullptr ? variable : "../shared") / "snapshots";
  std::map<std::string, Json> snapshots;
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: no shared folder beside the project");
    return snapshots;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    snapshots[relative(entry.path(), folder).string()] = json(read_test_file(entry.path()));
  }
  return snapshots;
}

}  // namespace slipway::api
