#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace slipway::api {

/// A text kept compressed. Made for many texts of a few kilobytes that resemble each other: from
/// the first hundreds of a family a dictionary is trained once (a tenth of a second), which leaves
/// a few hundred bytes of each later one. Source of the choice: zstd level 3 with a trained
/// dictionary takes 14 µs to pack and 4 µs to unpack 5 KB.
///
/// *Threads*: any. *Assumes*: texts of less than 4 GB.
class PackedText {
 public:
  /// Texts that resemble each other, and share a dictionary.
  enum class Family { templates, objects };

  PackedText() = default;  ///< The empty text.
  PackedText(std::string_view text, Family family);
  /// Keeps only what `text` has beyond `base`: for two texts that are nearly the same.
  static PackedText difference(std::string_view text, std::string_view base);

  std::string text() const { return text(std::string_view()); }
  /// Of a difference: `base` is what it was made with.
  std::string text(std::string_view base) const;

  std::size_t text_size() const { return text_size_; }
  std::size_t packed_size() const { return packed_size_; }

 private:
  void keep(std::string_view packed);

  struct Dictionary;
  friend struct PackedTextDictionaries;

  std::unique_ptr<char[]> bytes_;
  std::uint32_t packed_size_ = 0;
  std::uint32_t text_size_ = 0;
  const Dictionary* dictionary_ = nullptr;  ///< Lives as long as the process.
};

}  // namespace slipway::api
