#include <map>
#include <ostream>

#include <fmt/format.h>

#include "base/random.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/rollout_view.h"
#include "kubernetes/informer.h"

namespace slipway::cli {
namespace {

using Cells = std::vector<std::string>;

/// How long changed lines gather before they are aligned and printed together.
constexpr Duration batch_interval = 500_ms;

struct Columns {
  Cells titles;
  std::vector<std::size_t> widths;
};

Columns columns_of(const ListOptions& options) {
  Columns columns;
  const auto add = [&](std::string title, std::size_t width) {
    columns.titles.push_back(std::move(title));
    columns.widths.push_back(width);
  };
  if (options.timestamps) add("TIMESTAMP", 20);
  if (options.all_namespaces) add("NAMESPACE", 9);
  add("NAME", 10);
  add("STRATEGY", 9);
  add("STATUS", 12);
  add("STEP", 4);
  add("SET-WEIGHT", 10);
  add("READY", 5);
  add("DESIRED", 7);
  add("UP-TO-DATE", 10);
  add("AVAILABLE", 9);
  return columns;
}

Cells cells_of(const api::Rollout& rollout, const ListOptions& options) {
  Cells cells;
  if (options.all_namespaces) cells.push_back(rollout.metadata.namespace_);
  cells.push_back(rollout.metadata.name);
  const std::string strategy = strategy_text(rollout);
  cells.push_back(strategy.empty() ? "unknown" : strategy);
  cells.push_back(shown_phase(rollout).phase);
  const std::string step = step_text(rollout);
  cells.push_back(step.empty() ? "-" : step);
  cells.push_back(strategy == "Canary" ? std::to_string(set_weight(rollout)) : "-");
  cells.push_back(fmt::format("{}/{}", rollout.status.ready_replicas, rollout.status.replicas));
  cells.push_back(std::to_string(rollout.spec.replicas.value_or(1)));
  cells.push_back(std::to_string(rollout.status.updated_replicas));
  cells.push_back(std::to_string(rollout.status.available_replicas));
  return cells;
}

Cells stamped(Cells cells, const ListOptions& options, Instant now) {
  if (options.timestamps) cells.insert(cells.begin(), format_rfc3339(now));
  return cells;
}

Result<void> watch_lines(Session& session, const ListOptions& options,
                         const std::string& namespace_, std::map<api::ObjectKey, Cells> printed,
                         Streams streams) {
  const Columns columns = columns_of(options);
  std::vector<Cells> waiting;
  kubernetes::Timer flush(session.loop());
  kubernetes::Interest interest{.kind = api::kinds::rollout, .namespace_ = namespace_};
  if (!options.name.empty()) interest.field_selector = "metadata.name=" + options.name;
  kubernetes::Informer<api::Rollout> rollouts(session.loop(), session.transport(), interest,
                                              random_seed());
  rollouts.on_change([&](const auto&, const auto& after) {
    if (after == nullptr) return;
    Cells cells = cells_of(*after, options);
    Cells& last = printed[after->metadata.key()];
    if (cells == last) return;
    last = cells;
    waiting.push_back(stamped(std::move(cells), options, session.now()));
    if (flush.pending()) return;
    flush.set(batch_interval, [&] {
      streams.out << align(waiting, columns.widths) << std::flush;
      waiting.clear();
    });
  });
  rollouts.start();
  session.run_until([] { return false; });
  return {};
}

}  // namespace

Result<void> list_rollouts(Session& session, const ListOptions& options, Streams streams) {
  const std::string namespace_ = options.all_namespaces ? "" : session.namespace_name();
  const std::string query =
      options.name.empty() ? "" : "fieldSelector=metadata.name%3D" + options.name;
  const Json::Array items = TRY(session.list(api::kinds::rollout, namespace_, query));
  if (items.empty() && !options.watch) {
    streams.err << "No resources found.\n";
    return {};
  }
  const Columns columns = columns_of(options);
  std::vector<Cells> rows{columns.titles};
  std::map<api::ObjectKey, Cells> printed;
  for (const Json& item : items) {
    const api::Rollout rollout = TRY(api::decode<api::Rollout>(item));
    const Cells cells = cells_of(rollout, options);
    printed[rollout.metadata.key()] = cells;
    rows.push_back(stamped(cells, options, session.now()));
  }
  streams.out << align(rows, columns.widths) << std::flush;
  if (!options.watch) return {};
  return watch_lines(session, options, namespace_, std::move(printed), streams);
}

}  // namespace slipway::cli
