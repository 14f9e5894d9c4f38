// YAML reading survives any text, and what is written as YAML reads back equal.
#include "base/yaml.h"
#include "fuzz.h"

using namespace slipway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto documents = parse_yaml(fuzz::text_of(data, size));
  if (!documents) {
    fuzz::require(!documents.error().message.empty(), "an error says what is wrong");
    return 0;
  }
  for (const Json& document : *documents) {
    const auto again = parse_yaml_document(to_yaml(document));
    fuzz::require(again.has_value(), "what is written is YAML");
    fuzz::require(*again == document, "what is written reads back equal");
  }
  return 0;
}
