#include "simulation/line_head.h"

namespace slipway::simulation {
namespace {

/// Walks through JSON that is known to be well-formed and without blanks.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  /// Steps into an object. False where there is none.
  bool enter() { return take('{'); }
  /// The next key of the object, its value next; nothing at the object's end.
  std::optional<std::string_view> next_key() {
    take(',');
    if (peek() != '"') {
      take('}');
      return {};
    }
    const std::string_view key = string();
    take(':');
    return key;
  }
  std::string_view string() {
    if (peek() != '"') {
      skip();
      return {};
    }
    const std::size_t begin = at_ + 1;
    skip_string();
    return text_.substr(begin, at_ - 1 - begin);
  }
  void skip() {
    if (peek() == '"') return skip_string();
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      const bool closes = c == '}' || c == ']';
      // A number or a word ends where something else begins, which is not its own.
      if (depth == 0 && (closes || c == ',')) return;
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if (closes && --depth == 0) return;
    }
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void read_metadata(Walk& walk, LineHead& head) {
  if (!walk.enter()) return walk.skip();
  while (const auto key = walk.next_key()) {
    if (*key == "name") {
      head.name = walk.string();
    } else if (*key == "namespace") {
      head.namespace_ = walk.string();
    } else if (*key == "resourceVersion") {
      head.resource_version = walk.string();
    } else {
      walk.skip();
    }
  }
}

/// Reads no further than to the metadata: the kind stands before them.
void read_object(Walk& walk, LineHead& head) {
  if (!walk.enter()) return;
  while (const auto key = walk.next_key()) {
    if (*key == "metadata") return read_metadata(walk, head);
    if (*key == "kind") {
      head.kind = walk.string();
    } else {
      walk.skip();
    }
  }
}

}  // namespace

std::optional<LineHead> read_line_head(std::string_view line) {
  LineHead head;
  Walk walk(line);
  if (!walk.enter()) return {};
  while (const auto key = walk.next_key()) {
    if (*key == "type") {
      head.type = walk.string();
    } else if (*key == "object") {
      read_object(walk, head);
      break;
    } else {
      walk.skip();
    }
  }
  if (head.name.empty()) return {};
  return head;
}

}  // namespace slipway::simulation
