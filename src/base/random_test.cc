#include "base/random.h"

#include <doctest/doctest.h>

#include <set>

using namespace slipway;

TEST_CASE("a seed gives SplitMix64's published stream") {
  Random random(1234567);
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
}

TEST_CASE("numbers stay within their bounds and reach them") {
  Random random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(random.below(7));
    const double fraction = random.fraction();
    CHECK(fraction >= 0);
    CHECK(fraction < 1);
  }
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK(random.below(1) == 0);
}

TEST_CASE("UUIDs are of version 4") {
  Random random(7);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string uuid = random.uuid();
    REQUIRE(uuid.size() == 36);
    for (std::size_t at = 0; at < uuid.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      CHECK((std::string_view("0123456789abcdef").find(uuid[at]) == std::string_view::npos) ==
            dash);
      CHECK((uuid[at] == '-') == dash);
    }
    CHECK(uuid[14] == '4');
    CHECK(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
    seen.insert(uuid);
  }
  CHECK(seen.size() == 200);
}

TEST_CASE("name suffixes use Kubernetes' letters") {
  Random random(9);
  CHECK(random.name_suffix().size() == 5);
  const std::string suffix = random.name_suffix(1000);
  CHECK(suffix.find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
  CHECK(suffix.find('b') != std::string::npos);
  CHECK(suffix.find('9') != std::string::npos);
}

TEST_CASE("seeds of the system differ") {
  CHECK(random_seed() != random_seed());
}
