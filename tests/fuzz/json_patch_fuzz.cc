// Patches survive any input: a JSON list of a document and what is taken for a patch of it.
#include "base/json_patch.h"
#include "fuzz.h"

using namespace slipway;

namespace {

/// A merge patch can't tell nulls inside objects; those of lists it carries as they are.
Json without_nulls(const Json& value) {
  if (!value.is_object()) return value;
  Json kept = Json::object();
  for (const auto& [key, member] : value.as_object()) {
    if (!member.is_null()) kept.set(key, without_nulls(member));
  }
  return kept;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = parse_json(fuzz::text_of(data, size));
  if (!input || !input->is_array()) return 0;
  const Json& document = input->at(0);
  const Json& patch = input->at(1);

  const auto patched = apply_json_patch(document, patch);
  if (patched) {
    fuzz::require(parse_json(to_text(*patched)).has_value(), "what is patched can be read again");
  } else {
    fuzz::require(
        patched.error().code == ErrorCode::refused || patched.error().code == ErrorCode::invalid,
        "a patch is applied, refused or invalid");
  }

  const Json merged = apply_merge_patch(document, patch);
  fuzz::require(apply_merge_patch(merged, patch) == merged, "a merge patch twice is once");
  const Json from = without_nulls(document);
  const Json to = without_nulls(merged);
  fuzz::require(apply_merge_patch(from, make_merge_patch(from, to)) == to,
                "a made merge patch turns one into the other");
  return 0;
}
