#include "cluster/server/selectors.h"

#include <algorithm>

#include "base/text.h"
#include "cluster/server/metadata.h"

namespace slipway::cluster {

/// Reads a label selector token by token, with the error texts of apimachinery's parser.
class LabelQueryParser {
 public:
  explicit LabelQueryParser(std::string_view text) : text_(text) { advance(); }

  Served<LabelQuery> parse() {
    LabelQuery query;
    while (!token_.empty()) {
      if (!is_word(token_) && token_ != "!") {
        return found("expected: !, identifier, or 'end of string'");
      }
      query.requirements_.push_back(SERVE(requirement()));
      SERVE_DONE(check(query.requirements_.back()));
      if (token_.empty()) break;
      if (token_ != ",") return found("expected: ',' or 'end of string'");
      advance();
      if (!is_word(token_) && token_ != "!") return found("expected: identifier after ','");
    }
    return query;
  }

 private:
  using Operator = LabelQuery::Operator;

  static bool is_symbol(char c) { return std::string_view("!=(),<>").find(c) != std::string::npos; }
  static bool is_word(std::string_view token) { return !token.empty() && !is_symbol(token[0]); }

  /// Moves to the next token: a word, or one of `! = == != ( ) , < >`; empty at the end.
  void advance() {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text_.empty() && is_blank(text_.front())) text_.remove_prefix(1);
    std::size_t length = 0;
    if (text_.starts_with("==") || text_.starts_with("!=")) {
      length = 2;
    } else if (!text_.empty() && is_symbol(text_[0])) {
      length = 1;
    } else {
      while (length < text_.size() && !is_symbol(text_[length]) && !is_blank(text_[length])) {
        ++length;
      }
    }
    token_ = text_.substr(0, length);
    text_.remove_prefix(length);
  }

  Refusal found(std::string_view expected) const {
    return Refusal(bad_request("found '" + std::string(token_) + "', " + std::string(expected)));
  }
  Refusal in_requirement(std::string_view expected) const {
    return Refusal(bad_request("unable to parse requirement: found '" + std::string(token_) +
                               "', " + std::string(expected)));
  }

  Served<LabelQuery::Requirement> requirement() {
    LabelQuery::Requirement requirement{{}, Operator::exists, {}};
    if (token_ == "!") {
      requirement.op = Operator::absent;
      advance();
    }
    if (!is_word(token_)) return in_requirement("expected: identifier");
    requirement.key = token_;
    advance();
    if (requirement.op == Operator::absent || token_.empty() || token_ == ",") return requirement;
    const std::string_view op = token_;
    if (op == "in" || op == "notin") {
      requirement.op = op == "in" ? Operator::in : Operator::not_in;
      advance();
      SERVE_DONE(values(requirement));
      return requirement;
    }
    if (op == "=" || op == "==") {
      requirement.op = Operator::in;
    } else if (op == "!=") {
      requirement.op = Operator::not_in;
    } else if (op == ">" || op == "<") {
      requirement.op = op == ">" ? Operator::greater : Operator::less;
    } else {
      return in_requirement("expected: in, notin, =, ==, !=, gt, lt");
    }
    advance();
    if (token_.empty() || token_ == ",") {
      requirement.values.emplace_back();
      return requirement;
    }
    if (!is_word(token_)) return in_requirement("expected: identifier");
    requirement.values.emplace_back(token_);
    advance();
    return requirement;
  }

  /// *Errors*: 400 for keys and values that no label can have.
  static Served<void> check(const LabelQuery::Requirement& requirement) {
    const auto invalid = [](const std::string& what, std::string_view value, std::string_view why) {
      return Refusal(bad_request("unable to parse requirement: " + what +
                                 ": Invalid value: " + quote(value) + ": " + std::string(why)));
    };
    if (const std::string why = qualified_name_complaint(requirement.key); !why.empty()) {
      return invalid("<nil>", requirement.key, why);
    }
    const bool compares = requirement.op == Operator::greater || requirement.op == Operator::less;
    std::vector<std::string> values = requirement.values;
    std::ranges::sort(values);  // As a set comes.
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string place = "values[" + std::to_string(i) + "]";
      if (compares && !parse_integer(values[i])) {
        return invalid(place, values[i], "for 'Gt', 'Lt' operators, the value must be an integer");
      }
      if (const std::string why = label_value_complaint(values[i]); !why.empty()) {
        return invalid(place + "[" + requirement.key + "]", values[i], why);
      }
    }
    return {};
  }

  Served<void> values(LabelQuery::Requirement& requirement) {
    if (token_ != "(") return in_requirement("expected: '('");
    advance();
    while (token_ != ")") {
      if (token_ == ",") {
        requirement.values.emplace_back();
      } else if (is_word(token_)) {
        requirement.values.emplace_back(token_);
        advance();
      } else {
        return in_requirement("expected: ',', ')' or identifier");
      }
      if (token_ == ",") {
        advance();
        if (token_ == ")") requirement.values.emplace_back();
      } else if (token_ != ")") {
        return in_requirement("expected: ',' or ')'");
      }
    }
    advance();
    if (requirement.values.empty()) requirement.values.emplace_back();
    return {};
  }

  std::string_view text_;
  std::string_view token_;
};

Served<LabelQuery> LabelQuery::parse(std::string_view text) {
  return LabelQueryParser(text).parse();
}

bool LabelQuery::matches(const Json& labels) const {
  return std::ranges::all_of(requirements_,
                             [&](const Requirement& one) { return holds(one, labels); });
}

bool LabelQuery::holds(const Requirement& requirement, const Json& labels) {
  const Json* label = labels.find(requirement.key);
  const auto is_listed = [&] {
    return std::ranges::find(requirement.values, label->string_or_empty()) !=
           requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::exists:
      return label != nullptr;
    case Operator::absent:
      return label == nullptr;
    case Operator::in:
      return label != nullptr && is_listed();
    case Operator::not_in:
      return label == nullptr || !is_listed();
    case Operator::greater:
    case Operator::less: {
      if (label == nullptr) return false;
      const auto have = parse_integer(label->string_or_empty());
      const auto limit = parse_integer(requirement.values[0]);
      if (!have || !limit) return false;
      return requirement.op == Operator::greater ? *have > *limit : *have < *limit;
    }
  }
  return false;
}

namespace {

std::vector<std::string> split_path(std::string_view field) {
  std::vector<std::string> path;
  for (const std::string_view part : split(field, '.')) path.emplace_back(part);
  return path;
}

/// The value at the path as field selectors see it: texts as they are, numbers and booleans in
/// their JSON form, absence as the empty text.
std::string value_at(const Json& object, const std::vector<std::string>& path) {
  const Json* at = &object;
  for (const std::string& key : path) {
    at = at->find(key);
    if (at == nullptr) return {};
  }
  if (at->is_string()) return at->as_string();
  return at->is_null() ? std::string() : to_text(*at);
}

}  // namespace

Served<FieldQuery> FieldQuery::parse(std::string_view text,
                                     const std::vector<std::string>& supported) {
  FieldQuery query;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) continue;
    const std::size_t sign = part.find('=');
    if (sign == std::string_view::npos || sign == 0) {
      return Refusal(bad_request("invalid selector: '" + std::string(text) +
                                 "'; can't understand '" + std::string(part) + "'"));
    }
    const bool equal = part[sign - 1] != '!';
    const std::string_view field = part.substr(0, equal ? sign : sign - 1);
    std::string_view value = part.substr(sign + 1);
    if (equal && value.starts_with("=")) value.remove_prefix(1);
    if (field != "metadata.name" && field != "metadata.namespace" &&
        std::ranges::find(supported, field) == supported.end()) {
      return Refusal(bad_request(supported.empty()
                                     ? quote(field) + " is not a known field selector: only "
                                                      "\"metadata.name\", \"metadata.namespace\""
                                     : "field label not supported: " + std::string(field)));
    }
    query.terms_.push_back({split_path(field), std::string(value), equal});
  }
  return query;
}

bool FieldQuery::matches(const Json& object) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    return (value_at(object, term.path) == term.value) == term.equal;
  });
}

std::string_view FieldQuery::name() const {
  for (const Term& term : terms_) {
    if (term.equal && term.path.size() == 2 && term.path[0] == "metadata" && term.path[1] == "name")
      return term.value;
  }
  return {};
}

std::string label_selector_text(const Json& selector) {
  std::vector<std::string> parts;
  if (selector["matchLabels"].is_object()) {
    for (const auto& [key, value] : selector["matchLabels"].as_object()) {
      parts.push_back(key + "=" + std::string(value.string_or_empty()));
    }
  }
  const Json& expressions = selector["matchExpressions"];
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const Json& one = expressions.at(i);
    const std::string key(one["key"].string_or_empty());
    const std::string_view op = one["operator"].string_or_empty();
    std::vector<std::string> values;
    for (std::size_t k = 0; k < one["values"].size(); ++k) {
      values.emplace_back(one["values"].at(k).string_or_empty());
    }
    if (op == "Exists") {
      parts.push_back(key);
    } else if (op == "DoesNotExist") {
      parts.push_back("!" + key);
    } else {
      parts.push_back(key + (op == "In" ? " in (" : " notin (") + join(values, ",") + ")");
    }
  }
  return join(parts, ",");
}

}  // namespace slipway::cluster
