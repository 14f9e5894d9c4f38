#include "simulation/report.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "simulation/properties/judge.h"

namespace slipway::simulation {
namespace {

constexpr Instant midnight{1'767'225'600'000'000'000};  // Where every run begins.
constexpr int width = 1000;
constexpr int lane_height = 60;

std::string clock_text(Instant at) {
  const std::int64_t ms = (at - midnight).milliseconds();
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     ms % 1000);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// The replica counts of one ReplicaSet over the entries of the timeline: evenly spaced, since a
/// day of silence would leave no room for a minute of trouble.
struct Lane {
  std::vector<std::pair<std::size_t, int>> sizes;
  int most = 1;
};

std::map<std::string, Lane> lanes_of(const std::vector<TimelineEntry>& timeline) {
  constexpr std::string_view key = "spec/replicas: ";
  std::map<std::string, Lane> lanes;
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    const TimelineEntry& entry = timeline[i];
    if (!entry.object.starts_with("ReplicaSet")) continue;
    Lane& lane = lanes[entry.object];
    int size = -1;
    if (entry.change == "deleted") size = 0;
    if (const std::size_t at = entry.change.find(key); at != std::string::npos) {
      const std::size_t arrow = entry.change.find("-> ", at);
      const std::string_view rest = std::string_view(entry.change).substr(arrow + 3);
      size = static_cast<int>(parse_integer(rest.substr(0, rest.find(','))).value_or(0));
    }
    if (size < 0) continue;
    lane.sizes.emplace_back(i, size);
    lane.most = std::max(lane.most, size);
  }
  return lanes;
}

std::string draw(const std::vector<TimelineEntry>& timeline) {
  const std::map<std::string, Lane> lanes = lanes_of(timeline);
  const auto x_of = [&](std::size_t index) {
    return 10 + static_cast<double>(index) * (width - 20) /
                    static_cast<double>(std::max<std::size_t>(timeline.size(), 1));
  };
  std::string svg = fmt::format(R"(<svg viewBox="0 0 {} {}" width="100%" role="img">)", width,
                                lanes.size() * lane_height + 20);
  int top = 10;
  for (const auto& [name, lane] : lanes) {
    const double unit = static_cast<double>(lane_height - 24) / lane.most;
    const double floor = top + lane_height - 8;
    std::string path = fmt::format("M 10 {:.1f}", floor);
    for (const auto& [index, size] : lane.sizes) {
      path += fmt::format(" H {:.1f} V {:.1f}", x_of(index), floor - size * unit);
    }
    path += fmt::format(" H {} V {:.1f} Z", width - 10, floor);
    svg += fmt::format(
        R"(<text x="10" y="{}" font-size="11">{}</text><path d="{}" fill="#8ab" stroke="#356"/>)",
        top + 10, escaped(name), path);
    top += lane_height;
  }
  return svg + "</svg>";
}

}  // namespace

std::string text_of(const TimelineEntry& entry) {
  const std::string basis = entry.basis == 0 ? "" : fmt::format(" (on r{})", entry.basis);
  return fmt::format("{} {:<22} r{}{} {}: {}", clock_text(entry.at), entry.writer, entry.revision,
                     basis, entry.object, entry.change);
}

std::string html_report(const Scenario& scenario, const RunResult& result) {
  std::string html = fmt::format(
      "<!doctype html><meta charset=\"utf-8\"><title>Slipway, seed {0}</title>"
      "<style>body{{font:14px sans-serif;margin:2em;max-width:1100px}}"
      "pre{{font-size:12px;overflow:auto}}.broken{{color:#a00}}</style>"
      "<h1>Seed {0}: {1}</h1><p>{2} reconciles, {3} requests, {4} of virtual time.</p>",
      scenario.seed, result.broken() ? "a promise broke" : "all promises held", result.reconciles,
      result.requests, format_human_duration(result.virtual_time));
  html += draw(result.timeline);
  if (result.broken()) html += "<h2>What broke</h2><pre class=\"broken\">";
  for (const Violation& violation : result.violations) html += escaped(text_of(violation)) + "\n";
  if (result.broken()) html += "</pre>";
  html += "<h2>Faults</h2><pre>";
  for (const Strike& strike : result.strikes) {
    html += escaped(fmt::format("{} {}: {}, time {}\n", info_of(strike.fault).id,
                                info_of(strike.fault).title, strike.what, strike.ordinal + 1));
  }
  html += "</pre><h2>Deeds</h2><pre>";
  for (const Deed& deed : result.deeds) {
    html +=
        escaped(fmt::format("{} after our write {}\n", deed.verb, deed.after_writes.value_or(0)));
  }
  html += "</pre><h2>Who wrote what</h2><pre>";
  for (const TimelineEntry& entry : result.timeline) html += escaped(text_of(entry)) + "\n";
  return html + "</pre>\n";
}

std::string html_coverage(const CampaignResult& sum) {
  const auto table = [](std::string_view title, std::initializer_list<std::string_view> heads) {
    std::string html = fmt::format("<h2>{}</h2><table><tr>", title);
    for (const std::string_view head : heads) html += fmt::format("<th>{}</th>", head);
    return html + "</tr>";
  };
  // What never came about is what a reader should see first.
  const auto row = [](std::uint64_t times) {
    return times == 0 ? "<tr class=\"broken\">" : "<tr>";
  };
  std::string html = fmt::format("<h1>{} runs, {} broken</h1>", sum.runs, sum.broken.size());
  html += table("Faults", {"id", "fault", "injected", "felt"});
  for (const FaultInfo& info : all_faults()) {
    const FaultCount& count = sum.faults[static_cast<std::size_t>(info.fault)];
    html += fmt::format("{}<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", row(count.felt),
                        info.id, escaped(info.title), count.injected, count.felt);
  }
  html += "</table>" + table("Promises", {"id", "promise", "checked", "broken"});
  for (const auto& [id, count] : sum.properties) {
    html += fmt::format("{}<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", row(count.checks),
                        id, escaped(count.sentence), count.checks, count.violations);
  }
  html += "</table>" + table("Situations", {"times", "situation"});
  for (const SituationCount& situation : sum.situations) {
    html += fmt::format("{}<td>{}</td><td>{}</td></tr>", row(situation.times), situation.times,
                        escaped(situation.name));
  }
  return html + "</table>\n";
}

std::vector<Json> with_services(std::vector<Json> objects) {
  std::set<std::string> there;
  std::set<std::string> named;
  Json selector;
  for (const Json& object : objects) {
    if (object["kind"].string_or_empty() == "Service") {
      there.emplace(object["metadata"]["name"].string_or_empty());
      continue;
    }
    selector = object["spec"]["selector"]["matchLabels"];
    const Json& strategy = object["spec"]["strategy"];
    for (const Json* name :
         {&strategy["canary"]["stableService"], &strategy["canary"]["canaryService"],
          &strategy["blueGreen"]["activeService"], &strategy["blueGreen"]["previewService"]}) {
      if (name->is_string()) named.emplace(name->string_or_empty());
    }
  }
  for (const std::string& name : named) {
    if (there.contains(name)) continue;
    objects.insert(
        objects.begin(),
        Json::object({
            {"apiVersion", "v1"                                                                                },
            {"kind",       "Service"                                                                           },
            {"metadata",   Json::object({{"name", name}, {"namespace", "default"}})                            },
            {"spec",       Json::object({{"selector", selector},
                                   {"ports", Json::array({Json::object({{"port", 80}})})}})}
    }));
  }
  return objects;
}

}  // namespace slipway::simulation
