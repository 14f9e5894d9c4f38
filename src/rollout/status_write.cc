#include "rollout/status_write.h"

#include "rollout/work.h"

namespace slipway::rollout {
namespace {

constexpr std::string_view status_path = "/status";

/// Sets and removes what differs, member by member, so that what we know nothing of stays.
void write_difference(const std::string& path, const Json& before, const Json& after,
                      kubernetes::Write& write) {
  for (const auto& [key, value] : before.as_object()) {
    if (!value.is_null() && after[key].is_null()) write.remove(path + "/" + escape_pointer(key));
  }
  for (const auto& [key, value] : after.as_object()) {
    const Json& old = before[key];
    if (value.is_null() || value == old) continue;
    const std::string place = path + "/" + escape_pointer(key);
    if (old.is_object() && value.is_object()) {
      write_difference(place, old, value, write);
    } else {
      write.set(place, value);
    }
  }
}

}  // namespace

std::optional<kubernetes::Write> write_status(const Observed& seen,
                                              const api::RolloutStatus& wanted, std::string why) {
  const api::Rollout& rollout = *seen.rollout;
  // One that nobody has written yet lacks even the members that are always written.
  const bool is_first = rollout.status == api::RolloutStatus{};
  const Json before = is_first ? Json::object() : api::encode(rollout.status);
  const Json stored = seen.stored_status ? *seen.stored_status : is_first ? Json() : before;
  api::Object object = seen_for_write(rollout);
  if (!stored.is_null()) object.content.set("status", stored);
  kubernetes::Write write(object, std::move(why));
  write.through("status").expect_as_seen(status_path).expect_as_seen("/metadata/generation");
  write_difference(std::string(status_path), before, api::encode(wanted), write);
  if (write.changes_nothing()) return std::nullopt;
  return write;
}

}  // namespace slipway::rollout
