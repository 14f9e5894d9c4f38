#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway {

/// A stream of pseudo-random numbers, handed in wherever chance is wanted so that a seed replays a
/// run. Not for secrets. (SplitMix64.)
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); bound is at least 1.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// Uniform in [0, 1).
  double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// A version 4 UUID: "8f14e45f-ceea-467f-9d0e-...".
  std::string uuid();
  /// `length` characters of Kubernetes' generated names ("bcdfghjklmnpqrstvwxz2456789").
  std::string name_suffix(std::size_t length = 5);

 private:
  std::uint64_t state_;
};

/// A seed from the operating system, for production. Tests and simulation hand in their own.
std::uint64_t random_seed();

}  // namespace slipway
