#include "simulation/stage.h"

#include "base/hash.h"

namespace slipway::simulation {
namespace {

constexpr std::size_t strikes_max = 2'000;  ///< A run that fails so often proves no more.

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return Random(a ^ (b * 0xff51afd7ed558ccdu)).next();
}

}  // namespace

std::optional<std::uint64_t> Stage::strikes(Fault fault, const Point& point) {
  const std::optional<std::uint64_t> size = draw(fault, point);
  if (size) note(fault, point, *size);
  return size;
}

std::optional<std::uint64_t> Stage::draw(Fault fault, const Point& point) {
  if (healed_ || struck_.size() >= strikes_max) return {};
  return schedule_->strikes(fault, point);
}

void Stage::note(Fault fault, const Point& point, std::uint64_t size) {
  injected(fault);
  struck_.push_back({fault, std::string(point.what), point.ordinal, size});
}

Duration Stage::latency(const Point& point) const {
  constexpr std::uint64_t spread_microseconds = 3'000;
  const std::uint64_t chance = mixed(seed ^ hash128(point.what).low, point.ordinal);
  return Duration{static_cast<std::int64_t>((500 + chance % spread_microseconds) * 1000)};
}

kubernetes::Response Stage::carry_out(const kubernetes::Request& request, std::string_view actor,
                                      bool ours, std::uint64_t request_id) {
  writer_ = actor;
  ours_ = ours;
  request_id_ = request_id;
  kubernetes::Response response = server.handle(request);
  writer_ = "cluster";
  ours_ = false;
  request_id_ = 0;
  return response;
}

void Stage::trace(std::string_view text, std::uint64_t number) {
  trace_ = mixed(trace_ ^ hash128(text).low, number);
}

}  // namespace slipway::simulation
