#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cluster/server/status.h"

namespace slipway::cluster {

/// A label selector as URLs carry it: "tier in (front,back),!zone".
class LabelQuery {
 public:
  /// *Errors*: 400, in apimachinery's words.
  static Served<LabelQuery> parse(std::string_view text);

  bool empty() const { return requirements_.empty(); }
  /// Whether an object with this `metadata.labels` (or null) is selected.
  bool matches(const Json& labels) const;

 private:
  enum class Operator { in, not_in, exists, absent, greater, less };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;
  };
  friend class LabelQueryParser;
  static bool holds(const Requirement& requirement, const Json& labels);

  std::vector<Requirement> requirements_;
};

/// A field selector: "metadata.name=web,status.phase!=Running".
class FieldQuery {
 public:
  /// `supported` are the fields besides `metadata.name` and `metadata.namespace`.
  /// *Errors*: 400 for a bad text or a field that is not supported.
  static Served<FieldQuery> parse(std::string_view text, const std::vector<std::string>& supported);

  bool empty() const { return terms_.empty(); }
  bool matches(const Json& object) const;
  /// The name that `metadata.name=...` asks for; empty without such a term.
  std::string_view name() const;

 private:
  struct Term {
    std::vector<std::string> path;
    std::string value;
    bool equal;
  };
  std::vector<Term> terms_;
};

/// The text form of a metav1.LabelSelector: "app=web,tier in (a,b)".
std::string label_selector_text(const Json& selector);

}  // namespace slipway::cluster
