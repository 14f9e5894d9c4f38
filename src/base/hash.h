#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway {

/// 32-bit FNV-1a. Source: Go's hash/fnv New32a, on which Kubernetes' template hashes rest.
class Fnv32a {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) value_ = (value_ ^ static_cast<unsigned char>(c)) * 16777619u;
  }
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 2166136261u;
};

/// Writes a number so that it holds no vowels, hence no words. Source: k8s.io/apimachinery
/// util/rand SafeEncodeString of the decimal text.
std::string safe_encode(std::uint32_t value);

/// A 128-bit content hash (XXH3), for equality of canonical texts within one process.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;
};
Hash128 hash128(std::string_view bytes);

}  // namespace slipway
