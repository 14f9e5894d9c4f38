#include "api/box.h"

#include <doctest/doctest.h>

#include <string>

namespace slipway::api {
namespace {

TEST_CASE("a box copies, moves and compares its value") {
  Box<std::string> empty;
  Box<std::string> full(std::string("a"));
  CHECK(!empty.has_value());
  CHECK(empty.get() == nullptr);
  CHECK(empty == Box<std::string>());
  CHECK(empty != full);

  Box<std::string> copy = full;
  CHECK(copy == full);
  *copy += "b";
  CHECK(*full == "a");
  CHECK(copy != full);

  const Box<std::string>& itself = copy;
  copy = itself;
  CHECK(*copy == "ab");
  Box<std::string> moved = std::move(copy);
  CHECK(*moved == "ab");
  full = moved;
  CHECK(*full == "ab");
  full = std::move(moved);
  CHECK(full->size() == 2);
  full = empty;
  CHECK(!full);

  CHECK(full.emplace().empty());
  CHECK(full.emplace("c") == "c");
  full.reset();
  CHECK(full == empty);
}

}  // namespace
}  // namespace slipway::api
