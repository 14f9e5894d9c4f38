#include "simulation/scenario.h"

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "simulation/deeds.h"
#include "simulation/garbage.h"
#include "simulation/manifests.h"

namespace slipway::simulation {
namespace {

std::uint32_t& rate_of(Rates& rates, Fault fault) {
  return rates[static_cast<std::size_t>(fault)];
}

/// Whether something that is settled once, at the start, is so in this run.
bool settled(std::uint64_t seed, const Rates& rates, Fault fault) {
  return stream_of(seed, std::string(info_of(fault).id) + " settled").below(1'000'000) <
         rates[static_cast<std::size_t>(fault)];
}

/// Something else holds the Rollout's template.
bool is_lent_a_template(const std::vector<Json>& objects) {
  return std::ranges::any_of(
      objects, [](const Json& object) { return object["spec"]["workloadRef"].is_object(); });
}

/// 63-bit numbers survive JSON; all 64 don't.
std::string hex(std::uint64_t number) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[number >> shift & 15];
  return text;
}

Result<std::uint64_t> from_hex(const Json& json, std::string_view where) {
  std::uint64_t number = 0;
  const std::string_view text = json.string_or_empty();
  for (const char c : text) {
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) {
      return fail(ErrorCode::invalid, std::string(where), "expected a hexadecimal number");
    }
    number = number << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return number;
}

Json deed_to_json(const Deed& deed) {
  Json json = Json::object({
      {"verb", std::string_view(deed.verb)},
      {"gap",  deed.gap.nanoseconds       },
      {"pick", hex(deed.pick)             }
  });
  if (deed.after_writes) {
    json.set("afterWrites", static_cast<long>(*deed.after_writes));
    json.set("then", deed.then.nanoseconds);
  }
  return json;
}

Result<Deed> deed_from_json(const Json& json) {
  Deed deed;
  deed.verb = json["verb"].string_or_empty();
  const std::span<const Verb> verbs = all_verbs();
  const bool is_garbage = deed.verb == garbage_verb;
  if (!is_garbage &&
      std::ranges::none_of(verbs, [&](const Verb& verb) { return verb.name == deed.verb; })) {
    return fail(ErrorCode::invalid, "deeds", "nobody knows how to " + quote(deed.verb));
  }
  deed.gap = Duration{json["gap"].integer_or(0)};
  deed.pick = TRY(from_hex(json["pick"], "deeds.pick"));
  if (json["afterWrites"].is_integer()) {
    deed.after_writes = static_cast<std::uint64_t>(json["afterWrites"].as_integer());
    deed.then = Duration{json["then"].integer_or(0)};
  }
  return deed;
}

Result<Strike> strike_from_json(const Json& json) {
  for (const FaultInfo& info : all_faults()) {
    if (info.id != json["fault"].string_or_empty()) continue;
    const auto size = TRY(from_hex(json["size"], "strikes.size"));
    return Strike{info.fault, std::string(json["at"].string_or_empty()),
                  static_cast<std::uint32_t>(json["time"].integer_or(0)), size};
  }
  return fail(ErrorCode::invalid, "strikes.fault",
              "there is no fault " + quote(json["fault"].string_or_empty()));
}

}  // namespace

FaultSet judgeable(FaultSet faults, const std::vector<Json>& objects) {
  const bool lends = std::ranges::any_of(objects, [](const Json& object) {
    return object["spec"]["workloadRef"]["kind"].string_or_empty() == "ReplicaSet";
  });
  for (const FaultInfo& info : all_faults()) {
    const bool parts_watches = info.fault == Fault::fc12 || info.fault == Fault::fc13 ||
                               std::string_view("ABI").find(info.id[1]) != std::string_view::npos;
    if (lends && parts_watches) faults.reset(static_cast<std::size_t>(info.fault));
  }
  return faults;
}

Scenario draw_scenario(std::uint64_t seed, const FaultSet& admitted,
                       const std::vector<Json>& objects) {
  Scenario drawn;
  drawn.seed = seed;
  drawn.objects = objects.empty() ? make_up_manifests(seed) : objects;
  const FaultSet faults = judgeable(admitted, drawn.objects);
  drawn.fault_rates = draw_rates(seed, faults);
  Rates& rates = drawn.fault_rates;
  Random shape = stream_of(seed, "shape");
  drawn.replicas = faults.none() ? 1 : static_cast<int>(1 + shape.below(3));
  drawn.overlap = settled(seed, rates, Fault::fd4);
  if (drawn.overlap) drawn.replicas = std::max(drawn.replicas, 2);
  Random clocks = stream_of(seed, "clocks");
  const bool skewed = settled(seed, rates, Fault::fe2);
  const bool drifting = settled(seed, rates, Fault::fe4);
  for (int i = 0; i < drawn.replicas; ++i) {
    const Duration offset =
        Duration::from_milliseconds(static_cast<std::int64_t>(clocks.below(20'000)) - 10'000);
    const auto rate = static_cast<std::int64_t>(800 + clocks.below(401));
    drawn.offsets.push_back(skewed ? offset : Duration{});
    drawn.rates.push_back(drifting ? rate : 1000);
  }
  const Duration server_offset =
      Duration::from_milliseconds(static_cast<std::int64_t>(clocks.below(20'000)) - 10'000);
  if (settled(seed, rates, Fault::fe3)) drawn.server_offset = server_offset;
  if (settled(seed, rates, Fault::fd16)) {
    drawn.page_size = static_cast<int>(1 + shape.below(2));
    drawn.concurrency = 1;
  }
  drawn.contested = settled(seed, rates, Fault::fj5);
  // Half of all runs begin in calm: their trouble meets a Rollout that is up.
  drawn.calm = shape.below(2) == 0 ? 60_s : Duration{};
  if (settled(seed, rates, Fault::fj4)) drawn.calm = 30_min;
  drawn.tail = Duration::from_seconds(static_cast<std::int64_t>(5 + shape.below(200)));
  drawn.finishes = shape.below(4) != 0;
  drawn.upkeep = stream_of(seed, "upkeep").below(16) == 0;
  Random return_ = stream_of(seed, "return");
  if (return_.below(4) == 0) {
    drawn.leavings = return_.below(2) == 0 ? Leavings::ours : Leavings::anothers;
  }
  drawn.deeds = draw_deeds(seed, rates, faults, is_lent_a_template(drawn.objects));
  // An abort that people leave as it is must hold: L4.
  if (drawn.deeds.back().verb == "abort") drawn.finishes = false;
  const bool flooded = rate_of(rates, Fault::fd12) != 0;
  if (objects.empty() && flooded) {
    for (Json& neighbour : make_up_neighbours()) drawn.objects.push_back(std::move(neighbour));
  }
  rate_of(rates, Fault::fd4) = 0;  // Settled, and so are its like: none is asked again.
  return drawn;
}

Json to_json(const Scenario& scenario) {
  Json offsets = Json::array();
  Json rates = Json::array();
  for (const Duration offset : scenario.offsets) offsets.push_back(offset.nanoseconds);
  for (const std::int64_t rate : scenario.rates) rates.push_back(rate);
  Json deeds = Json::array();
  for (const Deed& deed : scenario.deeds) deeds.push_back(deed_to_json(deed));
  Json fault_rates = Json::object();
  for (const FaultInfo& info : all_faults()) {
    const std::uint32_t rate = scenario.fault_rates[static_cast<std::size_t>(info.fault)];
    if (rate != 0) fault_rates.set(info.id, rate);
  }
  Json json = Json::object({
      {"seed",         hex(scenario.seed)                     },
      {"objects",      Json(Json::Array(scenario.objects))    },
      {"replicas",     scenario.replicas                      },
      {"overlap",      scenario.overlap                       },
      {"offsets",      std::move(offsets)                     },
      {"rates",        std::move(rates)                       },
      {"serverOffset", scenario.server_offset.nanoseconds     },
      {"pageSize",     scenario.page_size                     },
      {"concurrency",  static_cast<long>(scenario.concurrency)},
      {"contested",    scenario.contested                     },
      {"calm",         scenario.calm.nanoseconds              },
      {"tail",         scenario.tail.nanoseconds              },
      {"finishes",     scenario.finishes                      },
      {"upkeep",       scenario.upkeep                        },
      {"deeds",        std::move(deeds)                       },
      {"faultRates",   std::move(fault_rates)                 },
  });
  if (scenario.leavings) {
    json.set("leavings", *scenario.leavings == Leavings::ours ? "ours" : "another's");
  }
  if (scenario.strikes) {
    Json strikes = Json::array();
    for (const Strike& strike : *scenario.strikes) {
      strikes.push_back(Json::object({
          {"fault", info_of(strike.fault).id         },
          {"at",    std::string_view(strike.what)    },
          {"time",  static_cast<long>(strike.ordinal)},
          {"size",  hex(strike.size)                 }
      }));
    }
    json.set("strikes", std::move(strikes));
  }
  return json;
}

Result<Scenario> scenario_from_json(const Json& json) {
  Scenario scenario;
  scenario.seed = TRY(from_hex(json["seed"], "seed"));
  const auto items = [&](std::string_view key) -> const Json::Array& {
    static const Json::Array none;
    return json[key].is_array() ? json[key].as_array() : none;
  };
  scenario.objects = items("objects");
  scenario.replicas =
      static_cast<int>(std::clamp<std::int64_t>(json["replicas"].integer_or(1), 1, 9));
  scenario.overlap = json["overlap"].bool_or(false);
  for (const Json& offset : items("offsets")) scenario.offsets.push_back({offset.integer_or(0)});
  for (const Json& rate : items("rates")) scenario.rates.push_back(rate.integer_or(1000));
  scenario.server_offset = {json["serverOffset"].integer_or(0)};
  scenario.page_size = static_cast<int>(json["pageSize"].integer_or(0));
  scenario.concurrency = static_cast<std::size_t>(json["concurrency"].integer_or(64));
  scenario.contested = json["contested"].bool_or(false);
  scenario.calm = {json["calm"].integer_or(0)};
  scenario.tail = {json["tail"].integer_or(0)};
  scenario.finishes = json["finishes"].bool_or(true);
  if (const Json* leavings = json.find("leavings")) {
    const bool ours = leavings->string_or_empty() == "ours";
    scenario.leavings = ours ? Leavings::ours : Leavings::anothers;
  }
  scenario.upkeep = json["upkeep"].bool_or(false);
  for (const Json& deed : items("deeds")) scenario.deeds.push_back(TRY(deed_from_json(deed)));
  for (const FaultInfo& info : all_faults()) {
    rate_of(scenario.fault_rates, info.fault) =
        static_cast<std::uint32_t>(json["faultRates"][info.id].integer_or(0));
  }
  if (json["strikes"].is_array()) {
    scenario.strikes.emplace();
    for (const Json& strike : items("strikes")) {
      scenario.strikes->push_back(TRY(strike_from_json(strike)));
    }
  }
  scenario.offsets.resize(static_cast<std::size_t>(scenario.replicas));
  scenario.rates.resize(static_cast<std::size_t>(scenario.replicas), 1000);
  if (rollout_of(scenario).empty()) {
    return fail(ErrorCode::invalid, "objects", "there is no Rollout among them");
  }
  return scenario;
}

Result<Scenario> read_scenario(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(ErrorCode::invalid, path, "can't be read");
  return scenario_from_json(TRY(parse_json(text)));
}

std::string rollout_of(const Scenario& scenario) {
  for (const Json& object : scenario.objects) {
    if (object["kind"].string_or_empty() == "Rollout") {
      return std::string(object["metadata"]["name"].string_or_empty());
    }
  }
  return {};
}

}  // namespace slipway::simulation
