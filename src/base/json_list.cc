#include <algorithm>
#include <cstring>

#include "base/json.h"
#include "base/json_parse.h"
#include "base/json_scanner.h"

namespace slipway {
namespace {

bool is_key(std::string_view quoted, std::string_view key) {
  if (quoted.find('\\') == quoted.npos) {
    return quoted.size() == key.size() + 2 && quoted.substr(1, key.size()) == key;
  }
  const auto unescaped = read_json(quoted, {});
  return unescaped && unescaped->string_or_empty() == key;
}

/// Moves to the value of a top-level member. False where there is no such member, or no object.
bool find_member(JsonScanner& scanner, std::string_view member) {
  if (!scanner.take('{')) return false;
  do {
    if (scanner.peek() != '"') return false;
    const std::string_view key = scanner.text(scanner.skip_value());
    if (!scanner.take(':')) return false;
    if (is_key(key, member)) return true;
    scanner.skip_value();
  } while (scanner.take(','));
  return false;
}

Result<void> read_items(JsonScanner& scanner, const std::function<Result<void>(Json)>& item,
                        const JsonParseOptions& options) {
  scanner.take('[');
  if (scanner.take(']')) return {};
  do {
    const JsonExtent extent = scanner.skip_value();
    auto built = read_json(scanner.text(extent), options);
    if (!built) {
      return malformed_json({built.error().what, built.error().offset + extent.begin});
    }
    TRY_DONE(item(*std::move(built)));
  } while (scanner.take(','));
  if (scanner.take(']')) return {};
  return malformed_json({"the list does not end, or lacks a comma", scanner.position()});
}

/// Reads what is left where the array of that member is taken out, as a text of its own that has
/// null in the array's place.
Result<Json> read_rest(std::string_view text, JsonExtent list, std::string_view member) {
  std::string rest_text(text.substr(0, list.begin));
  if (list.begin != list.end) rest_text.append("null").append(text.substr(list.end));
  std::vector<std::string> duplicates;
  auto rest = read_json(rest_text, {.duplicate_keys = &duplicates});
  if (!rest) {
    JsonFault fault = rest.error();
    if (fault.offset > list.begin) fault.offset += list.end - list.begin - std::strlen("null");
    return malformed_json(fault);
  }
  if (!rest->is_object()) return fail(ErrorCode::invalid, "", "found no JSON object");
  const bool twice = std::ranges::find(duplicates, member) != duplicates.end();
  if (twice || !(*rest)[member].is_null()) {
    return fail(ErrorCode::invalid, std::string(member), "found no array, expected one");
  }
  rest->erase(member);
  return *std::move(rest);
}

}  // namespace

Result<Json> parse_json_list(std::string_view text, std::string_view member,
                             const std::function<Result<void>(Json)>& item,
                             const JsonParseOptions& options) {
  JsonScanner scanner(text);
  JsonExtent list{text.size(), text.size()};
  if (find_member(scanner, member) && scanner.peek() == '[') {
    list.begin = scanner.position();
    TRY_DONE(read_items(scanner, item, options));
    list.end = scanner.position();
  }
  return read_rest(text, list, member);
}

Result<Json> parse_json_list_head(std::string_view text, std::string_view member) {
  JsonScanner scanner(text);
  JsonExtent list{text.size(), text.size()};
  if (find_member(scanner, member) && scanner.peek() == '[') list = scanner.skip_value();
  return read_rest(text, list, member);
}

}  // namespace slipway
