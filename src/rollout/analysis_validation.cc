#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/analysis.h"
#include "base/text.h"
#include "rollout/named_objects.h"

/// The analysis templates that a Rollout names, taken together as one run will take them.
namespace slipway::rollout {
namespace {

/// One place of the spec that names templates.
struct Use {
  std::string field;  ///< "spec.strategy.canary.steps[2].analysis.templates"
  const api::RolloutAnalysis* analysis;
  bool in_background = false;  ///< Ends with the update, so its metrics may go on for ever.
};

std::vector<Use> uses_of(const api::RolloutStrategy& strategy) {
  std::vector<Use> uses;
  const auto add = [&](std::string field, const api::RolloutAnalysis* analysis, bool background) {
    if (analysis == nullptr) return;
    uses.push_back({"spec.strategy." + std::move(field) + ".templates", analysis, background});
  };
  if (const auto& blue_green = strategy.blue_green) {
    add("blueGreen.prePromotionAnalysis", blue_green->pre_promotion_analysis.get(), false);
    add("blueGreen.postPromotionAnalysis", blue_green->post_promotion_analysis.get(), false);
  }
  if (const auto& canary = strategy.canary) {
    for (std::size_t i = 0; i < canary->steps.size(); ++i) {
      const api::RolloutAnalysis* analysis = canary->steps[i].analysis.get();
      // Each plan comes here, and most steps are none.
      if (analysis != nullptr) add(fmt::format("canary.steps[{}].analysis", i), analysis, false);
    }
    add("canary.analysis", canary->analysis.get(), true);
  }
  return uses;
}

struct Template {
  std::string name;
  api::AnalysisTemplateSpec spec;
};

/// The templates of one use, those that templates name in turn included, each once.
class Gathering {
 public:
  Gathering(const api::Rollout& rollout, const FindObject& find, Problems& problems)
      : rollout_(rollout), find_(find), problems_(problems) {}

  void add(const std::vector<api::AnalysisTemplateRef>& refs, const std::string& field) {
    for (const api::AnalysisTemplateRef& ref : refs) add(ref, field);
  }

  bool is_complete() const { return is_complete_; }
  const std::vector<Template>& templates() const { return templates_; }

 private:
  void add(const api::AnalysisTemplateRef& ref, const std::string& field) {
    const bool is_cluster = ref.cluster_scope.value_or(false);
    const api::Kind& kind =
        is_cluster ? api::kinds::cluster_analysis_template : api::kinds::analysis_template;
    NamedObject name{.group = std::string(kind.group),
                     .kind = std::string(kind.kind),
                     .namespace_ = is_cluster ? "" : rollout_.metadata.namespace_,
                     .name = ref.template_name};
    if (!seen_.insert(name).second) return;
    const Json* object = find_(name);
    if (object == nullptr) {
      is_complete_ = false;
      return problems_.invalid(
          field, quote(name.name), fmt::format("{} '{}' not found", kind.kind, name.name),
          fmt::format("create the {}; the Rollout then goes on by itself", kind.kind));
    }
    auto spec = api::decode<api::AnalysisTemplateSpec>((*object)["spec"]);
    if (!spec) {
      is_complete_ = false;
      return problems_.invalid(field, quote(name.name),
                               fmt::format("{} {}: {}: {}", kind.kind, name.name,
                                           spec.error().where, spec.error().message),
                               "correct the template");
    }
    const std::vector<api::AnalysisTemplateRef> nested = spec->templates;
    templates_.push_back({name.name, *std::move(spec)});
    add(nested, "spec.templates");
  }

  const api::Rollout& rollout_;
  const FindObject& find_;
  Problems& problems_;
  std::set<NamedObject> seen_;
  std::vector<Template> templates_;
  bool is_complete_ = true;
};

/// Values that are known before the run; a text stands in for what is read only then.
using Arguments = std::map<std::string, std::string, std::less<>>;
constexpr const char* known_later = "dummy-value";

const api::AnalysisRunArgument* find_argument(const api::RolloutAnalysis& analysis,
                                              const std::string& name) {
  for (const api::AnalysisRunArgument& each : analysis.args) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

/// A name that two rules share; empty for none.
template <class Rule>
std::string doubled(const std::vector<Template>& templates, std::vector<Rule> own,
                    std::vector<Rule> api::AnalysisTemplateSpec::* member,
                    std::string Rule::* name) {
  for (const Template& each : templates) {
    const auto& rules = each.spec.*member;
    own.insert(own.end(), rules.begin(), rules.end());
  }
  std::set<std::string> seen;
  for (const Rule& rule : own) {
    if (!seen.insert(rule.*name).second) return rule.*name;
  }
  return {};
}

/// What keeps the templates from becoming one run; empty for nothing. Compat: upstream tries the
/// rules of each step on all analyses.
std::string wrong_together(const std::vector<Template>& templates,
                           const api::RolloutAnalysis& analysis) {
  using Spec = api::AnalysisTemplateSpec;
  if (const std::string name = doubled(templates, {}, &Spec::metrics, &api::Metric::name);
      !name.empty()) {
    return fmt::format("two metrics have the same name '{}'", name);
  }
  std::map<std::string, const api::Argument*> arguments;
  for (const Template& each : templates) {
    for (const api::Argument& argument : each.spec.args) {
      const api::Argument*& known = arguments[argument.name];
      if (known && known->value && argument.value && *known->value != *argument.value) {
        return fmt::format(
            "Argument `{}` specified multiple times with different values: '{}', '{}'",
            argument.name, *known->value, *argument.value);
      }
      if (!known || (!known->value && !known->value_from)) known = &argument;
    }
  }
  for (const auto& [name, argument] : arguments) {
    if (argument->value || argument->value_from || find_argument(analysis, name)) continue;
    return fmt::format("args.{} was not resolved", name);
  }
  if (const std::string name =
          doubled(templates, analysis.dry_run, &Spec::dry_run, &api::DryRun::metric_name);
      !name.empty()) {
    return fmt::format("two Dry-Run metric rules have the same name '{}'", name);
  }
  if (const std::string name =
          doubled(templates, analysis.measurement_retention, &Spec::measurement_retention,
                  &api::MeasurementRetention::metric_name);
      !name.empty()) {
    return fmt::format("two Measurement Retention metric rules have the same name '{}'", name);
  }
  return {};
}

/// Puts arguments in place of `{{args.name}}`. Fails with the name that has no value.
Result<std::string> resolved(std::string_view text, const Arguments& arguments) {
  std::string result;
  for (;;) {
    const auto open = text.find("{{");
    const auto close = open == text.npos ? text.npos : text.find("}}", open);
    if (close == text.npos) return result.append(text);
    const std::string_view tag = text.substr(open + 2, close - open - 2);
    const std::string_view name = trim(tag);
    constexpr std::string_view prefix = "args.";
    const auto found =
        name.starts_with(prefix) ? arguments.find(name.substr(prefix.size())) : arguments.end();
    if (found == arguments.end()) {
      return fail(ErrorCode::invalid, {}, fmt::format("failed to resolve {{{{{}}}}}", tag));
    }
    result.append(text.substr(0, open)).append(found->second);
    text.remove_prefix(close + 2);
  }
}

bool runs_for_ever(const api::Metric& metric, const std::string& count) {
  if (metric.interval.empty()) return false;
  // What can't be told yet is not complained of.
  if (count == known_later) return false;
  return parse_integer(count).value_or(0) == 0;
}

std::string count_text(const api::Metric& metric) {
  if (!metric.count) return {};
  return metric.count->is_string ? metric.count->text : std::to_string(metric.count->number);
}

void check_metrics(const Use& use, const Template& each, Problems& problems) {
  const auto invalid = [&](const std::string& text, std::string hint) {
    problems.invalid(use.field, quote(each.name),
                     fmt::format("AnalysisTemplate {}{}", each.name, text), std::move(hint));
  };
  Arguments arguments;
  for (const api::Argument& argument : each.spec.args) {
    if (argument.value && argument.value_from) {
      return invalid(fmt::format(": arg '{}' has both Value and ValueFrom fields", argument.name),
                     "keep one of the two");
    }
    const api::AnalysisRunArgument* handed_in = find_argument(*use.analysis, argument.name);
    // Compat: upstream judges without the Rollout's arguments.
    const bool has_value = handed_in && !handed_in->value_from;
    arguments[argument.name] = has_value ? handed_in->value : argument.value.value_or(known_later);
  }
  for (const api::Metric& metric : each.spec.metrics) {
    const Result<std::string> whole = resolved(to_text(api::encode(metric)), arguments);
    if (!whole) {
      return invalid(": " + whole.error().message,
                     "give the template an argument of this name in spec.args");
    }
    const auto count = resolved(count_text(metric), arguments);
    if (!runs_for_ever(metric, count ? *count : std::string())) continue;
    invalid(fmt::format(" has metric {} which runs indefinitely. Invalid value for count: {}",
                        metric.name, metric.count ? count_text(metric) : "null"),
            "give the metric a count, or take its interval away");
  }
}

void check_background_arguments(const Use& use, const Template& each, Problems& problems) {
  for (const api::Argument& argument : each.spec.args) {
    if (argument.value || argument.value_from || find_argument(*use.analysis, argument.name)) {
      continue;
    }
    problems.invalid(
        use.field, quote(each.name),
        use.analysis->args.empty() ? "missing analysis arguments in rollout spec" : argument.name,
        "hand the argument in, in spec.strategy.canary.analysis.args");
  }
}

void check_use(const api::Rollout& rollout, const FindObject& find, const Use& use,
               Problems& problems) {
  Gathering gathering(rollout, find, problems);
  gathering.add(use.analysis->templates, use.field);
  if (!gathering.is_complete()) return;
  const std::string wrong = wrong_together(gathering.templates(), *use.analysis);
  if (!wrong.empty()) {
    std::vector<std::string_view> names;
    for (const Template& each : gathering.templates()) names.push_back(each.name);
    return problems.invalid(use.field,
                            quote(fmt::format("templateNames: [{}]", fmt::join(names, " "))), wrong,
                            "make the templates fit each other and the Rollout's arguments");
  }
  for (const Template& each : gathering.templates()) {
    if (use.in_background) {
      check_background_arguments(use, each, problems);
    } else {
      check_metrics(use, each, problems);
    }
  }
}

}  // namespace

void check_analysis_templates(const api::Rollout& rollout, const FindObject& find,
                              Problems& problems) {
  for (const Use& use : uses_of(rollout.spec.strategy)) check_use(rollout, find, use, problems);
}

}  // namespace slipway::rollout
