#include "simulation/line_head.h"

#include "base/json_scanner.h"

namespace slipway::simulation {
namespace {

/// Walks through the members of objects. Strings are given as they stand, escapes and all.
class Walk {
 public:
  explicit Walk(std::string_view text) : scanner_(text) {}

  /// Steps into an object. False where there is none.
  bool enter() { return scanner_.take('{'); }
  /// The next key of the object, its value next; nothing at the object's end.
  std::optional<std::string_view> next_key() {
    scanner_.take(',');
    if (scanner_.peek() != '"') {
      scanner_.take('}');
      return {};
    }
    const std::string_view key = string();
    scanner_.take(':');
    return key;
  }
  /// Nothing where another value stands, which is stepped over.
  std::string_view string() {
    const bool quoted = scanner_.peek() == '"';
    const std::string_view text = scanner_.text(scanner_.skip_value());
    return quoted && text.size() >= 2 ? text.substr(1, text.size() - 2) : std::string_view();
  }
  void skip() { scanner_.skip_value(); }

 private:
  JsonScanner scanner_;
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
