#include "cli/doctor.h"

#include <ostream>

#include <fmt/format.h>

#include "controller/doctor.h"

namespace slipway::cli {
namespace {

using controller::Finding;

Result<controller::Patient> examine(Session& session, const DoctorOptions& options) {
  const std::string namespace_ = options.all_namespaces ? "" : session.namespace_name();
  controller::Patient patient;
  // ReplicaSets first: one that is created in between then has its Rollout in the later list.
  for (const Json& item : TRY(session.list(api::kinds::replica_set, namespace_))) {
    patient.replica_sets.push_back(TRY(api::decode<api::ReplicaSet>(item)));
  }
  for (const Json& item : TRY(session.list(api::kinds::rollout, namespace_))) {
    patient.rollouts.push_back(TRY(api::decode<api::Rollout>(item)));
  }
  patient.now = session.now();
  return patient;
}

/// Returns whether the finding is mended.
bool mend(Session& session, const Finding& finding, Streams streams) {
  if (!finding.fix) {
    streams.out << "  left as it is\n";
    return false;
  }
  const Result<Json> written = session.write(*finding.fix);
  if (written) {
    streams.out << "  mended\n";
    return true;
  }
  const bool moved = written.error().code == ErrorCode::refused;
  streams.out << (moved ? "  it has changed since; run the doctor again\n"
                        : "  not mended: " + written.error().text() + "\n");
  return false;
}

}  // namespace

Result<int> doctor(Session& session, const DoctorOptions& options, Streams streams) {
  const controller::Patient patient = TRY(examine(session, options));
  const std::vector<Finding> findings = controller::diagnose(patient);
  std::size_t open = 0;
  for (const Finding& finding : findings) {
    streams.out << fmt::format("{}: {}\n  it {}\n  {} {}\n", finding.about.text(),
                               to_string(finding.kind), finding.explanation,
                               finding.fix ? "mend:" : "to do:", finding.advice);
    if (!options.fix || !mend(session, finding, streams)) ++open;
  }
  streams.out << fmt::format(
      "{} Rollouts and {} ReplicaSets examined, {} findings{}\n", patient.rollouts.size(),
      patient.replica_sets.size(), findings.size(),
      options.fix && !findings.empty() ? fmt::format(", {} mended", findings.size() - open) : "");
  if (open > 0 && !options.fix) streams.out << "Run `slipway doctor --fix` to mend them.\n";
  return open == 0 ? 0 : 1;
}

}  // namespace slipway::cli
