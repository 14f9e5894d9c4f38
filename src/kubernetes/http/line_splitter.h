#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::kubernetes {

/// Cuts a stream of bytes that comes in pieces into lines. Looks at each byte once, however small
/// the pieces are.
class LineSplitter {
 public:
  void add(std::string_view bytes) {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    // One long line need not cost its memory for ever.
    if (buffer_.empty() && buffer_.capacity() > capacity_kept) buffer_ = std::string();
    buffer_.append(bytes);
  }

  /// The next whole line without its newline, valid until the next call; nothing if the rest has
  /// no newline yet.
  std::optional<std::string_view> next() {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end == std::string::npos) {
      searched_ = buffer_.size();
      return std::nullopt;
    }
    const std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
    begin_ = searched_ = end + 1;
    return line;
  }

  /// What has come since the last line that `next` returned.
  std::string_view rest() const { return std::string_view(buffer_).substr(begin_); }

 private:
  static constexpr std::size_t capacity_kept = 256 * 1024;

  std::string buffer_;
  std::size_t begin_ = 0;     ///< Where the next line begins.
  std::size_t searched_ = 0;  ///< No newline stands between `begin_` and here.
};

}  // namespace slipway::kubernetes
