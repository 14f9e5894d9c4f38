#include "base/yaml.h"

#include <libfyaml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml_scalar.h"

namespace slipway {
namespace {

constexpr int depth_max = 200;
/// Bounds what aliases can multiply a text into ("billion laughs").
constexpr std::size_t values_max = 1'000'000;

struct ParserEnd {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct DiagnosticEnd {
  // Not fy_diag_unref, which in 0.7.12 leaks the errors collected.
  void operator()(fy_diag* diagnostic) const { fy_diag_destroy(diagnostic); }
};

std::size_t count_values(const Json& value) {
  std::size_t count = 1;
  if (value.is_array()) {
    for (const Json& item : value.as_array()) count += count_values(item);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) count += count_values(member);
  }
  return count;
}

/// Where a byte stands, and what is wrong there.
Failure refuse_byte(std::string_view text, std::size_t at, const char* what) {
  const std::string_view before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t column = at - (before.rfind('\n') + 1) + 1;
  return fail(ErrorCode::invalid, fmt::format("line {}, column {}", line, column), what,
              "write it as an escape inside double quotes");
}

/// What YAML allows in a text. libfyaml 0.7.12 takes control characters for text and ends without a
/// word at a byte that is no UTF-8.
Result<void> check_characters(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = first_code_point(text.substr(at));
    if (!point.valid) return refuse_byte(text, at, "found a byte that is not UTF-8");
    if (!is_yaml_printable(point.value)) {
      return refuse_byte(text, at, "found a control character");
    }
    at += point.length;
  }
  return {};
}

/// One libfyaml event, given back when it goes.
class Event {
 public:
  Event(fy_parser* parser, fy_event* event) : parser_(parser), event_(event) {}
  ~Event() {
    if (event_ != nullptr) fy_parser_event_free(parser_, event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  Event(Event&& other) noexcept : parser_(other.parser_), event_(other.event_) {
    other.event_ = nullptr;
  }
  fy_event* get() const { return event_; }
  fy_event_type type() const { return event_ == nullptr ? FYET_NONE : event_->type; }

 private:
  fy_parser* parser_;
  fy_event* event_;
};

std::string text_of(fy_token* token) {
  if (token == nullptr) return {};
  std::size_t length = 0;
  const char* text = fy_token_get_text(token, &length);
  return text == nullptr ? std::string() : std::string(text, length);
}

class Reader {
 public:
  explicit Reader(std::string_view text) {
    fy_diag_cfg diagnostics{};
    fy_diag_cfg_default(&diagnostics);
    diagnostics.fp = nullptr;
    diagnostics.level = FYET_ERROR;
    diagnostic_.reset(fy_diag_create(&diagnostics));
    fy_diag_set_collect_errors(diagnostic_.get(), true);
    fy_parse_cfg config{};
    config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DISABLE_MMAP_OPT |
                                                   FYPCF_JSON_NONE | FYPCF_ALLOW_DUPLICATE_KEYS);
    config.diag = diagnostic_.get();
    parser_.reset(fy_parser_create(&config));
    if (parser_ != nullptr) fy_parser_set_string(parser_.get(), text.data(), text.size());
  }

  Result<std::vector<LocatedYaml>> read() {
    std::vector<LocatedYaml> documents;
    if (parser_ == nullptr) return Failure(error("the YAML reader did not start"));
    for (;;) {
      const Event event = next();
      if (event.type() == FYET_STREAM_END) return documents;
      if (event.type() == FYET_NONE) {
        if (broken()) return Failure(error(""));
        return documents;
      }
      if (event.type() != FYET_DOCUMENT_START) continue;
      anchors_.clear();
      values_ = 0;
      lines_.clear();
      Event first = next();
      const int line = line_of(first);
      Json document = TRY(read_value(std::move(first), 0));
      if (!document.is_null()) {
        documents.push_back({std::move(document), line, std::exchange(lines_, {})});
      }
    }
  }

 private:
  Event next() { return Event(parser_.get(), fy_parser_parse(parser_.get())); }
  bool broken() const { return fy_diag_got_error(diagnostic_.get()); }

  static int line_of(const Event& event) {
    const fy_mark* mark = event.get() == nullptr ? nullptr : fy_event_start_mark(event.get());
    return mark == nullptr ? 1 : mark->line + 1;
  }

  /// Reads the value at `token` below the present path, which stands at that line.
  Result<Json> read_below(const std::string& token, int line, Event event, int depth) {
    const std::size_t length = path_.size();
    path_ += "/" + escape_pointer(token);
    lines_.emplace(path_, line);
    Result<Json> value = read_value(std::move(event), depth);
    path_.resize(length);
    return value;
  }

  Error error(const std::string& message, fy_event* at = nullptr) {
    int line = 0, column = 0;
    std::string text = message;
    if (at != nullptr) {
      if (const fy_mark* mark = fy_event_start_mark(at)) {
        line = mark->line + 1;
        column = mark->column + 1;
      }
    } else {
      void* previous = nullptr;
      if (const fy_diag_error* first = fy_diag_errors_iterate(diagnostic_.get(), &previous)) {
        line = first->line;  // Counted from 1 here, unlike a mark's.
        column = first->column;
        if (text.empty() && first->msg != nullptr) text = first->msg;
      }
    }
    if (text.empty()) text = "not valid YAML";
    return {ErrorCode::invalid, fmt::format("line {}, column {}", line, column), text,
            "check indentation and quotes there"};
  }

  Result<Json> read_value(Event event, int depth) {
    if (depth > depth_max) {
      return Failure(error(fmt::format("nested more than {} levels deep", depth_max), event.get()));
    }
    if (++values_ > values_max) {
      return Failure(error(fmt::format("more than {} values", values_max), event.get()));
    }
    switch (event.type()) {
      case FYET_SCALAR:
        return read_scalar(event);
      case FYET_ALIAS:
        return read_alias(event);
      case FYET_SEQUENCE_START: {
        const std::string anchor = text_of(event.get()->sequence_start.anchor);
        Json sequence = TRY(read_sequence(depth));
        return anchored(anchor, std::move(sequence));
      }
      case FYET_MAPPING_START: {
        const std::string anchor = text_of(event.get()->mapping_start.anchor);
        Json mapping = TRY(read_mapping(depth));
        return anchored(anchor, std::move(mapping));
      }
      default:
        return Failure(error(""));
    }
  }

  Json anchored(const std::string& name, Json value) {
    if (!name.empty()) anchors_[name] = value;
    return value;
  }

  /// What a scalar means, its anchor left aside.
  Result<Json> scalar_value(const Event& event) {
    const auto& scalar = event.get()->scalar;
    const std::string text = text_of(scalar.value);
    const std::string tag = text_of(scalar.tag);
    const bool plain = scalar.value == nullptr || fy_token_scalar_style(scalar.value) == FYSS_PLAIN;
    if (!plain || tag.ends_with("str") || tag == "!") return Json(text);
    Json value = resolve_plain_scalar(text);
    if (value.type() == Json::Type::real && !std::isfinite(value.as_double())) {
      return Failure(error("found " + text + ", which JSON has no number for", event.get()));
    }
    return value;
  }

  Result<Json> read_scalar(const Event& event) {
    return anchored(text_of(event.get()->scalar.anchor), TRY(scalar_value(event)));
  }

  Result<Json> read_alias(const Event& event) {
    const std::string name = text_of(event.get()->alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return Failure(error("unknown anchor " + quote(name), event.get()));
    }
    values_ += count_values(found->second);
    if (values_ > values_max) {
      return Failure(
          error(fmt::format("aliases make more than {} values", values_max), event.get()));
    }
    return found->second;
  }

  Result<Json> read_sequence(int depth) {
    Json::Array items;
    for (;;) {
      Event event = next();
      if (event.type() == FYET_SEQUENCE_END) return Json(std::move(items));
      const int line = line_of(event);
      items.push_back(
          TRY(read_below(std::to_string(items.size()), line, std::move(event), depth + 1)));
    }
  }

  Result<Json> read_mapping(int depth) {
    Json::Object members;
    std::set<std::string> seen;
    Json::Array merged;
    for (;;) {
      Event event = next();
      if (event.type() == FYET_MAPPING_END) break;
      if (event.type() != FYET_SCALAR) {
        if (broken()) return Failure(error(""));
        return Failure(error("found a key that is no plain text", event.get()));
      }
      if (is_merge_key(event)) {
        TRY_DONE(collect_merged(TRY(read_value(next(), depth + 1)), event, merged));
        continue;
      }
      std::string key = TRY(read_key(event));
      if (!seen.insert(key).second) {
        return Failure(error("the key " + quote(key) + " stands here a second time", event.get()));
      }
      Json value = TRY(read_below(key, line_of(event), next(), depth + 1));
      members.emplace_back(std::move(key), std::move(value));
    }
    // What the mapping has of its own wins, then what was merged first.
    for (const Json& source : merged) {
      for (const Json::Member& member : source.as_object()) {
        if (seen.insert(member.first).second) members.push_back(member);
      }
    }
    return Json(std::move(members));
  }

  static bool is_merge_key(const Event& event) {
    const auto& scalar = event.get()->scalar;
    return scalar.value != nullptr && fy_token_scalar_style(scalar.value) == FYSS_PLAIN &&
           text_of(scalar.value) == "<<";
  }

  /// A key as text. What would read as another type is written as JSON has it: `0x10` is "16".
  Result<std::string> read_key(const Event& event) {
    const Json key = TRY(scalar_value(event));
    const std::string anchor = text_of(event.get()->scalar.anchor);
    if (!anchor.empty()) anchors_[anchor] = key;
    if (key.is_null()) return Failure(error("found an empty key", event.get()));
    return key.is_string() ? key.as_string() : to_text(key);
  }

  /// `<<: *base` or `<<: [*first, *second]`.
  Result<void> collect_merged(Json source, const Event& key, Json::Array& merged) {
    Json::Array sources;
    if (source.is_array()) {
      sources = std::move(source.as_array());
    } else {
      sources.push_back(std::move(source));
    }
    for (Json& one : sources) {
      if (!one.is_object()) {
        return Failure(error("found a merge (<<) of something that is no mapping", key.get()));
      }
      merged.push_back(std::move(one));
    }
    return {};
  }

  std::unique_ptr<fy_diag, DiagnosticEnd> diagnostic_;
  std::unique_ptr<fy_parser, ParserEnd> parser_;
  std::map<std::string, Json> anchors_;
  std::string path_;  ///< Of the value being read, as a pointer.
  std::map<std::string, int, std::less<>> lines_;
  std::size_t values_ = 0;
};

}  // namespace

Result<std::vector<LocatedYaml>> parse_located_yaml(std::string_view text) {
  TRY_DONE(check_characters(text));
  return Reader(text).read();
}

Result<std::vector<Json>> parse_yaml(std::string_view text) {
  std::vector<Json> documents;
  for (LocatedYaml& document : TRY(parse_located_yaml(text))) {
    documents.push_back(std::move(document.value));
  }
  return documents;
}

Result<Json> parse_yaml_document(std::string_view text) {
  std::vector<Json> documents = TRY(parse_yaml(text));
  if (documents.size() == 1) return std::move(documents.front());
  return fail(ErrorCode::invalid, "",
              fmt::format("found {} YAML documents, expected one", documents.size()),
              "separate files hold separate documents");
}

}  // namespace slipway
