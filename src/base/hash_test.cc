#include "base/hash.h"

#include <doctest/doctest.h>

using namespace slipway;

TEST_CASE("FNV-1a gives its published values, in one piece or several") {
  struct Row {
    const char* text;
    std::uint32_t want;
  };
  const Row rows[] = {
      {"",       0x811c9dc5},
      {"a",      0xe40c292c},
      {"foobar", 0xbf9cf968}
  };
  for (const Row& row : rows) {
    Fnv32a hash;
    hash.add(row.text);
    CHECK(hash.value() == row.want);
  }
  Fnv32a pieces;
  pieces.add("foo");
  pieces.add("bar");
  CHECK(pieces.value() == 0xbf9cf968);
}

TEST_CASE("safe encoding maps digits to Kubernetes' letters") {
  CHECK(safe_encode(1234567890) == "56789bcdf4");
  CHECK(safe_encode(0) == "4");
}

TEST_CASE("content hashes tell texts apart") {
  CHECK(hash128("a") == hash128("a"));
  CHECK(hash128("a") != hash128("b"));
  CHECK(hash128("") != hash128(std::string_view("\0", 1)));
}
