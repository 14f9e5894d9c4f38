#include <algorithm>

#include "api/meta.h"
#include "base/text.h"

namespace slipway::api {
namespace {

bool satisfies(const LabelSelectorRequirement& requirement, const StringMap& labels) {
  const auto found = labels.find(requirement.key);
  const bool present = found != labels.end();
  if (requirement.op == "Exists") return present;
  if (requirement.op == "DoesNotExist") return !present;
  const bool among =
      present && std::ranges::find(requirement.values, found->second) != requirement.values.end();
  if (requirement.op == "In") return among;
  if (requirement.op == "NotIn") return !among;
  return false;
}

/// One requirement as text: "tier in (a,b)".
std::string format_requirement(const LabelSelectorRequirement& requirement) {
  if (requirement.op == "Exists") return requirement.key;
  if (requirement.op == "DoesNotExist") return "!" + requirement.key;
  std::vector<std::string> values = requirement.values;
  std::ranges::sort(values);
  return requirement.key + (requirement.op == "In" ? " in (" : " notin (") + join(values, ",") +
         ")";
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '/';
}

bool is_alphanumeric(char c) {
  return is_name_character(c) && c != '-' && c != '_' && c != '.' && c != '/';
}

/// Label values and the names of label keys: at most 63 characters, letters and digits at the ends.
bool is_label_value(std::string_view text) {
  constexpr std::size_t longest = 63;
  if (text.empty()) return true;
  return text.size() <= longest && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         text.find('/') == text.npos;
}

/// "name" or "example.com/name".
bool is_label_key(std::string_view text) {
  constexpr std::size_t longest_prefix = 253;
  const std::size_t slash = text.find('/');
  if (slash != text.npos && (slash == 0 || slash > longest_prefix)) return false;
  const std::string_view name = slash == text.npos ? text : text.substr(slash + 1);
  return !name.empty() && is_label_value(name);
}

/// Reads the text form. Every text is "key [operator values]", joined by commas that are not inside
/// parentheses.
class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<LabelSelector> parse() {
    LabelSelector selector;
    skip_blanks();
    if (at_end()) return selector;
    while (true) {
      TRY_DONE(parse_requirement(selector));
      skip_blanks();
      if (at_end()) return selector;
      if (!accept(',')) return failure("',' or the end");
    }
  }

 private:
  Result<void> parse_requirement(LabelSelector& selector) {
    skip_blanks();
    const bool negated = accept('!');
    const std::string key = parse_word();
    if (key.empty()) return failure("a label key");
    if (negated) return add(selector, key, "DoesNotExist", {});
    skip_blanks();
    if (at_end() || peek() == ',') return add(selector, key, "Exists", {});
    if (accept('!')) {
      if (!accept('=')) return failure("'!='");
      return add(selector, key, "NotIn", {parse_word()});
    }
    if (accept('=')) {
      accept('=');
      return add(selector, key, "In", {parse_word()});
    }
    const std::size_t start = at_;
    const std::string word = parse_word();
    if (word != "in" && word != "notin") at_ = start;
    if (word != "in" && word != "notin") return failure("'=', '==', '!=', 'in' or 'notin'");
    std::vector<std::string> values;
    skip_blanks();
    if (!accept('(')) return failure("'('");
    do {
      values.push_back(parse_word());
      skip_blanks();
    } while (accept(','));
    if (!accept(')')) return failure("',' or ')'");
    return add(selector, key, word == "in" ? "In" : "NotIn", std::move(values));
  }

  /// "a=b" is a matchLabels entry unless the key has one already: both must hold then.
  Result<void> add(LabelSelector& selector, const std::string& key, std::string op,
                   std::vector<std::string> values) const {
    if (!is_label_key(key)) return bad_word(key, "a label key such as app or example.com/app");
    for (const std::string& value : values) {
      if (!is_label_value(value)) return bad_word(value, "a label value of at most 63 characters");
    }
    const bool plain = op == "In" && values.size() == 1 && !selector.match_labels.contains(key);
    if (plain) {
      selector.match_labels.emplace(key, std::move(values.front()));
    } else {
      selector.match_expressions.push_back({.key = key, .op = std::move(op), .values = values});
    }
    return {};
  }

  std::string parse_word() {
    skip_blanks();
    const std::size_t start = at_;
    while (!at_end() && is_name_character(peek())) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Failure failure(std::string_view expected) const {
    if (at_end()) return failed("the end", expected);
    const std::string_view found = text_.substr(at_, 1);
    return failed(quote(found) + " at character " + std::to_string(at_ + 1), expected);
  }
  Failure bad_word(std::string_view word, std::string_view expected) const {
    return failed(quote(word), expected);
  }
  Failure failed(std::string_view found, std::string_view expected) const {
    return fail(ErrorCode::invalid, "selector " + quote(text_),
                "found " + std::string(found) + ", expected " + std::string(expected),
                "write a label selector such as 'app=web,tier in (a,b),!old'");
  }

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  void skip_blanks() {
    while (!at_end() && (peek() == ' ' || peek() == '\t')) ++at_;
  }
  bool accept(char c) {
    if (at_end() || peek() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool matches(const LabelSelector& selector, const StringMap& labels) {
  for (const auto& [key, value] : selector.match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::ranges::all_of(selector.match_expressions, [&](const auto& requirement) {
    return satisfies(requirement, labels);
  });
}

std::string format_selector(const LabelSelector& selector) {
  std::vector<std::pair<std::string, std::string>> by_key;
  for (const auto& [key, value] : selector.match_labels)
    by_key.emplace_back(key, key + "=" + value);
  for (const auto& requirement : selector.match_expressions) {
    by_key.emplace_back(requirement.key, format_requirement(requirement));
  }
  std::ranges::stable_sort(by_key, {}, &std::pair<std::string, std::string>::first);
  std::vector<std::string> parts;
  for (auto& [key, part] : by_key) parts.push_back(std::move(part));
  return join(parts, ",");
}

Result<LabelSelector> parse_selector(std::string_view text) {
  return SelectorParser(text).parse();
}

}  // namespace slipway::api
