#include "simulation/properties/judge.h"

#include <fmt/format.h>

#include "simulation/properties/groups.h"

namespace slipway::simulation {
namespace {

/// What a run that breaks its promises again and again is remembered by.
constexpr std::size_t violations_max = 1000;

}  // namespace

Properties all_properties() {
  Properties all;
  add_capacity_properties(all);
  add_step_size_properties(all);
  add_identity_properties(all);
  add_deadline_properties(all);
  add_step_properties(all);
  add_command_properties(all);
  add_write_properties(all);
  add_robustness_properties(all);
  add_conduct_properties(all);
  add_liveness_properties(all);
  add_handover_properties(all);
  add_service_properties(all);
  add_telling_properties(all);
  return all;
}

Judge::Judge(const Truth& truth, Properties properties)
    : ledger_(truth), properties_(std::move(properties)) {
  for (const auto& property : properties_) {
    property->report_to([this](Violation violation) {
      if (violations_.size() < violations_max) violations_.push_back(std::move(violation));
    });
  }
}

void Judge::committed(const Commit& commit) {
  const Change change = ledger_.apply(commit);
  for (const auto& property : properties_) property->on_commit(change, ledger_);
  situations_.on_commit(change, ledger_);
}

void Judge::sent(const SentRequest& request) {
  ledger_.sent(request);
  for (const auto& property : properties_) property->on_request(request, ledger_);
  situations_.on_request(request, ledger_);
}

void Judge::answered(const SentRequest& request) {
  ledger_.answered(request);
  for (const auto& property : properties_) property->on_answer(request, ledger_);
  situations_.on_answer(request, ledger_);
}

void Judge::delivered(std::string_view replica, ObjectKind kind, std::string_view key,
                      std::uint64_t revision) {
  ledger_.delivered(replica, kind, key, revision);
  for (const auto& property : properties_) {
    property->on_delivery(replica, kind, key, revision, ledger_);
  }
}

void Judge::reconciled(std::string_view replica, std::string_view rollout) {
  ledger_.reconciled(replica, rollout);
  for (const auto& property : properties_) property->on_reconcile(replica, rollout, ledger_);
}

void Judge::heal() {
  for (const auto& property : properties_) property->at_heal(ledger_);
}

void Judge::quiet() {
  for (const auto& property : properties_) property->at_quiet(ledger_);
}

void Judge::handover(Leavings leavings) {
  for (const auto& property : properties_) property->at_handover(leavings, ledger_);
}

void Judge::emptied(std::size_t remembered) {
  for (const auto& property : properties_) property->at_emptied(remembered, ledger_);
}

void Judge::end() {
  for (const auto& property : properties_) property->at_end(ledger_);
}

std::vector<PropertyCount> Judge::counts() const {
  std::vector<PropertyCount> counts;
  for (const auto& property : properties_) counts.push_back(property->count());
  return counts;
}

std::string text_of(const Violation& violation) {
  return fmt::format("{} at {}, revision {}, {}: {}", violation.property,
                     format_rfc3339(violation.at), violation.revision, violation.object,
                     violation.text);
}

}  // namespace slipway::simulation
