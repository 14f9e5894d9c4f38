// Times and durations survive any text, and what is written reads back.
#include "base/time.h"
#include "fuzz.h"

using namespace slipway;

namespace {

void check_time(Instant time) {
  const Instant first_whole_second{std::numeric_limits<std::int64_t>::min() + 1'000'000'000};
  if (time < first_whole_second) return;  // Its second begins before the first instant there is.
  fuzz::require(*parse_rfc3339(format_rfc3339(time)) == round_down_to_second(time),
                "a written time reads back as its second");
  const Duration lost = time - *parse_rfc3339(format_rfc3339_micro(time));
  fuzz::require(lost >= Duration{0} && lost < Duration{1000}, "microseconds lose less than one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto time = parse_rfc3339(text)) check_time(*time);
  if (const auto duration = parse_go_duration(text)) {
    fuzz::require(*parse_go_duration(format_go_duration(*duration)) == *duration,
                  "a written duration reads back equal");
    fuzz::require(!format_human_duration(*duration).empty(), "any age has a text");
    check_time(Instant{} + *duration);
  }
  return 0;
}
