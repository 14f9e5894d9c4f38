#include "base/random.h"

#include <sys/random.h>

#include <fmt/format.h>

#include "base/ensure.h"

namespace slipway {

std::string Random::uuid() {
  std::uint64_t high = next();
  std::uint64_t low = next();
  high = (high & ~std::uint64_t{0xf000}) | 0x4000;                         // Version 4.
  low = (low & ~(std::uint64_t{0xc} << 60)) | (std::uint64_t{0x8} << 60);  // RFC 4122 variant.
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffff);
}

std::string Random::name_suffix(std::size_t length) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (std::size_t i = 0; i < length; ++i) suffix += alphabet[below(alphabet.size())];
  return suffix;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed);
  return seed;
}

}  // namespace slipway
