// JSON reading agrees with simdjson's DOM, a reader of its own, and what is written reads back.
#include <simdjson.h>

#include "base/json.h"
#include "fuzz.h"

using namespace slipway;

namespace {

/// Whether a strict reader takes the text. Nothing where the two may differ: simdjson's DOM refuses
/// integers past 64 bits, which ours reads as doubles.
std::optional<bool> is_valid(std::string_view text) {
  simdjson::dom::parser parser;
  const auto code = parser.parse(text.data(), text.size()).error();
  if (code == simdjson::NUMBER_ERROR) return std::nullopt;
  return code == simdjson::SUCCESS;
}

void check_written(const Json& value) {
  const std::string text = to_text(value);
  const auto again = parse_json(text);
  fuzz::require(again.has_value(), "what is written is JSON");
  fuzz::require(*again == value, "what is written reads back equal");
  fuzz::require(to_text(*parse_json(to_text(*again))) == to_text(*again), "text is stable");
  fuzz::require(*parse_json(to_pretty_text(value)) == value, "pretty text reads back equal");
  const Json copy = value;
  fuzz::require(copy == value, "a copy is equal");
}

/// Reading as a list gives what reading as a whole gives.
void check_list(std::string_view text, const Result<Json>& whole,
                const std::vector<std::string>& duplicates) {
  Json items = Json::array();
  const auto rest = parse_json_list(text, "items", [&](Json item) -> Result<void> {
    items.push_back(std::move(item));
    return {};
  });
  if (!whole || !whole->is_object()) {
    fuzz::require(!rest.has_value(), "what is no JSON object is no list");
    return;
  }
  const Json* list = whole->find("items");
  const bool twice = std::find(duplicates.begin(), duplicates.end(), "items") != duplicates.end();
  if (twice || (list != nullptr && !list->is_array() && !list->is_null())) return;
  fuzz::require(rest.has_value(), "a list in a JSON object is read");
  if (list != nullptr && list->is_array()) fuzz::require(items == *list, "items are the list's");
  Json others = *whole;
  others.erase("items");
  fuzz::require(*rest == others, "the rest is all but the list");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  std::vector<std::string> duplicates;
  const auto parsed = parse_json(text, {.duplicate_keys = &duplicates});
  const bool too_deep = !parsed && parsed.error().message.find("200 levels") != std::string::npos;
  const auto valid = is_valid(text);
  if (valid && !too_deep) fuzz::require(parsed.has_value() == *valid, "both readers agree");
  if (parsed) check_written(*parsed);
  // A list counts its levels from each item, so the two may differ about what is too deep.
  if (!too_deep) check_list(text, parsed, duplicates);
  static_cast<void>(parse_json(text, {
                                         .skip = {{"a"}, {"a", "b"}}
  }));
  return 0;
}
