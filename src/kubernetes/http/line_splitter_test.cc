#include "kubernetes/http/line_splitter.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace slipway::kubernetes {
namespace {

std::vector<std::string> lines_of(LineSplitter& splitter) {
  std::vector<std::string> lines;
  while (const auto line = splitter.next()) lines.emplace_back(*line);
  return lines;
}

TEST_CASE("lines come whole, wherever the bytes are cut") {
  const std::string text = "one\n\ntwo two\n\xc3\xa9\nrest";
  const std::vector<std::string> want = {"one", "", "two two", "\xc3\xa9"};
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      CAPTURE(first);
      CAPTURE(second);
      LineSplitter splitter;
      std::vector<std::string> got;
      for (const std::string& part :
           {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
        splitter.add(part);
        for (std::string& line : lines_of(splitter)) got.push_back(std::move(line));
      }
      CHECK(got == want);
      CHECK(splitter.rest() == "rest");
    }
  }
}

TEST_CASE("lines may be taken later than they come") {
  LineSplitter splitter;
  splitter.add("one\ntw");
  splitter.add("o\nthree\n");
  CHECK(splitter.next() == "one");
  splitter.add("four\nfi");
  CHECK(lines_of(splitter) == std::vector<std::string>{"two", "three", "four"});
  CHECK(splitter.rest() == "fi");
}

TEST_CASE("random lines in random pieces come out as they went in") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<std::string> want;
    std::string text;
    for (int i = 0; i < 100; ++i) {
      want.emplace_back(random.below(600'000 / (1 + random.below(10'000))), 'x');
      text += want.back() + "\n";
    }
    LineSplitter splitter;
    std::vector<std::string> got;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random.below(20'000);
      splitter.add(std::string_view(text).substr(at, size));
      at += size;
      for (std::string& line : lines_of(splitter)) got.push_back(std::move(line));
    }
    CHECK((got == want));
    CHECK(splitter.rest().empty());
  }
}

}  // namespace
}  // namespace slipway::kubernetes
