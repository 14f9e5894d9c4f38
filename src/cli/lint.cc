#include "cli/lint.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "api/analysis.h"
#include "api/experiment.h"
#include "api/rollout.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/files.h"
#include "rollout/named_objects.h"
#include "rollout/validation.h"

namespace slipway::cli {
namespace {

struct Document {
  std::string file;
  LocatedYaml yaml;
};

/// "spec.strategy.steps[1].setWeight" as "/spec/strategy/steps/1/setWeight".
std::string pointer_of(std::string_view field) {
  std::string pointer = "/";
  for (const char c : field) {
    if (c == '.' || c == '[') {
      pointer += '/';
    } else if (c != ']') {
      pointer += c;
    }
  }
  return pointer;
}

/// The line of the field, or of the nearest part of it that is there. Argo Rollouts leaves the
/// strategy's name out of the paths of some rules.
int line_of(const LocatedYaml& yaml, std::string_view field) {
  const std::string plain = pointer_of(field);
  std::vector<std::string> candidates = {plain};
  constexpr std::string_view strategy = "/spec/strategy/";
  if (plain.starts_with(strategy)) {
    for (const char* name : {"canary/", "blueGreen/"}) {
      candidates.push_back(std::string(strategy) + name + plain.substr(strategy.size()));
    }
  }
  std::size_t longest = 0;
  int line = yaml.line;
  for (std::string candidate : candidates) {
    for (; !candidate.empty(); candidate.resize(candidate.rfind('/'))) {
      const auto found = yaml.lines.find(candidate);
      if (found == yaml.lines.end()) continue;
      if (candidate.size() > longest) {
        longest = candidate.size();
        line = found->second;
      }
      break;
    }
  }
  return line;
}

/// Takes "Invalid value: FOUND: EXPECTED" apart; FOUND is JSON nearly always.
void split_message(LintFinding& finding) {
  constexpr std::string_view invalid = "Invalid value: ";
  constexpr std::string_view required = "Required value: ";
  const std::string& message = finding.as_upstream;
  finding.expected = message;
  if (message.starts_with(required)) finding.expected = message.substr(required.size());
  if (!message.starts_with(invalid)) return;
  const std::string rest = message.substr(invalid.size());
  std::size_t at = rest.find(": ");
  for (std::size_t next = at; next != std::string::npos; next = rest.find(": ", next + 1)) {
    if (!parse_json(rest.substr(0, next))) continue;
    at = next;
    break;
  }
  if (at == std::string::npos) return;
  finding.found = rest.substr(0, at);
  finding.expected = rest.substr(at + 2);
}

class Linter {
 public:
  explicit Linter(const std::vector<LintFile>& files) {
    for (const LintFile& file : files) read(file);
  }

  std::vector<LintFinding> take() {
    for (const Document& document : documents_) check(document);
    return std::move(findings_);
  }

 private:
  void add(const Document& document, const Error& error) {
    LintFinding finding{.file = document.file,
                        .line = line_of(document.yaml, error.where),
                        .field = error.where,
                        .hint = error.hint,
                        .as_upstream = error.message};
    split_message(finding);
    findings_.push_back(std::move(finding));
  }

  void read(const LintFile& file) {
    Result<std::vector<LocatedYaml>> documents = parse_located_yaml(file.text);
    if (!documents) {
      // "line 3, column 5"
      const auto words = split(documents.error().where, ' ');
      const auto line =
          words.size() > 1 ? parse_integer(words[1].substr(0, words[1].find(','))) : 1;
      findings_.push_back({.file = file.name,
                           .line = static_cast<int>(line.value_or(1)),
                           .expected = documents.error().message,
                           .hint = documents.error().hint,
                           .as_upstream = documents.error().message});
      return;
    }
    for (LocatedYaml& yaml : *documents) documents_.push_back({file.name, std::move(yaml)});
  }

  /// The typed object, or nothing where it can't be read; reports what is odd about it.
  template <class T>
  std::optional<T> decode(const Document& document) {
    std::vector<Error> problems;
    std::vector<std::string> unknown;
    Result<T> object =
        api::decode<T>(document.yaml.value, {.problems = &problems, .unknown_fields = &unknown});
    if (!object) problems.push_back(object.error());
    for (const Error& problem : problems) add(document, problem);
    for (const std::string& field : unknown) {
      add(document, {ErrorCode::invalid, field, "unknown field", "correct its name or place"});
    }
    if (!object || !problems.empty()) return std::nullopt;
    return *std::move(object);
  }

  void check(const Document& document) {
    const Json& value = document.yaml.value;
    const std::string_view kind = value["kind"].string_or_empty();
    if (!value["apiVersion"].string_or_empty().starts_with("argoproj.io/")) return;
    if (kind == api::kinds::rollout.kind) {
      if (const auto rollout = decode<api::Rollout>(document)) check_rollout(document, *rollout);
    } else if (kind == api::kinds::analysis_template.kind) {
      decode<api::AnalysisTemplate>(document);
    } else if (kind == api::kinds::cluster_analysis_template.kind) {
      decode<api::ClusterAnalysisTemplate>(document);
    } else if (kind == api::kinds::analysis_run.kind) {
      decode<api::AnalysisRun>(document);
    } else if (kind == api::kinds::experiment.kind) {
      decode<api::Experiment>(document);
    }
  }

  const Json* find(std::string_view kind, const std::string& name, const std::string& near,
                   auto&& is_version) const {
    for (const Document& document : documents_) {
      const Json& value = document.yaml.value;
      if (value["kind"].string_or_empty() == kind &&
          is_version(value["apiVersion"].string_or_empty()) &&
          value["metadata"]["name"].string_or_empty() == name &&
          value["metadata"]["namespace"].string_or_empty() == near) {
        return &value;
      }
    }
    return nullptr;
  }

  const Json* find(const api::Kind& kind, const std::string& name, const std::string& near) const {
    return find(kind.kind, name, near,
                [&](std::string_view version) { return version == kind.api_version(); });
  }

  const Json* find(const rollout::NamedObject& wanted) const {
    return find(wanted.kind, wanted.name, wanted.namespace_, [&](std::string_view version) {
      return version.substr(0, version.find('/')) == wanted.group;
    });
  }

  void check_rollout(const Document& document, const api::Rollout& rollout) {
    rollout::Observed seen;
    seen.rollout = std::make_shared<const api::Rollout>(rollout);
    const std::string& near = rollout.metadata.namespace_;
    const rollout::References named = rollout::references(rollout);
    bool template_known = !rollout.spec.workload_ref;
    if (named.workload) {
      if (const Json* found = find(named.workload->kind, named.workload->name, near)) {
        if (auto workload = rollout::decode_workload(named.workload->kind, *found)) {
          seen.workload = std::make_shared<const rollout::Workload>(std::move(*workload));
          template_known = true;
        }
      }
    }
    rollout::resolve_workload(seen);
    const bool missing = named.workload && !template_known;
    if (seen.workload_error && (!missing || has_own_template(rollout))) {
      add(document, *seen.workload_error);
    }
    for (const Error& error : rollout::validate(*seen.rollout)) add(document, error);
    if (!template_known || seen.workload_error) return;
    for (const Error& error : rollout::validate_template(*seen.rollout)) add(document, error);
    check_services(document, named, near, seen);
    for (const Error& error : rollout::validate_named_objects(
             *seen.rollout, [this](const rollout::NamedObject& object) { return find(object); })) {
      add_unless_missing(document, error);
    }
  }

  static bool has_own_template(const api::Rollout& rollout) {
    return !rollout.spec.template_.absent();
  }

  void check_services(const Document& document, const rollout::References& named,
                      const std::string& near, rollout::Observed& seen) {
    for (const std::string& name : named.services) {
      const Json* found = find(api::kinds::service, name, near);
      if (found == nullptr) continue;
      if (auto service = api::decode<api::Service>(*found)) {
        seen.services[name] = std::make_shared<const api::Service>(std::move(*service));
      }
    }
    for (const Error& error : rollout::validate_references(seen)) {
      add_unless_missing(document, error);
    }
  }

  /// What no file holds may well be in the cluster.
  void add_unless_missing(const Document& document, const Error& error) {
    if (!error.message.ends_with(" not found")) add(document, error);
  }

  std::vector<Document> documents_;
  std::vector<LintFinding> findings_;
};

}  // namespace

std::string LintFinding::text() const {
  std::string text = fmt::format("{}:{}: ", file, line);
  if (!field.empty()) text += field + ": ";
  if (!found.empty()) text += "found " + found + ", expected: ";
  text += expected;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

std::vector<LintFinding> find_lint(const std::vector<LintFile>& files) {
  return Linter(files).take();
}

Result<int> lint(const LintOptions& options, Streams streams) {
  std::vector<std::string> names = options.files;
  if (!options.filename.empty()) names.push_back(options.filename);
  if (names.empty()) {
    return fail(ErrorCode::invalid, "lint", "no file is named", "slipway lint FILE...");
  }
  std::vector<LintFile> files;
  for (const std::string& name : names) {
    std::string text = TRY(read_file(name));
    files.push_back({name, std::move(text)});
  }
  const std::vector<LintFinding> findings = find_lint(files);
  const bool as_upstream = options.files.empty();
  for (const LintFinding& finding : findings) {
    streams.out << (as_upstream ? finding.as_upstream : finding.text()) << "\n";
  }
  if (as_upstream && !findings.empty()) {
    const LintFinding& first = findings.front();
    return fail(ErrorCode::invalid, first.field, first.as_upstream);
  }
  return findings.empty() ? 0 : 1;
}

}  // namespace slipway::cli
