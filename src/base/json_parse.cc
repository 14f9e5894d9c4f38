#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <numeric>

#include "base/json.h"
#include "base/json_parse.h"
#include "base/text.h"
#include "base/utf8.h"

namespace slipway {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t depth_max = 200;
/// Enough to find the fault; a hostile text must not make a report longer than itself.
constexpr std::size_t duplicate_keys_max = 100;
/// Up to this many members a plain search for a key is quicker than sorting them.
constexpr std::size_t scan_max = 16;
/// Working memory that has grown past this is given back after use, so that one large text doesn't
/// hold memory until its thread ends.
constexpr std::size_t kept_bytes_max = 1 << 20;

constexpr const char* out_of_place =
    "a value, comma, colon or bracket is missing or stands in the wrong place";
constexpr const char* malformed_number = "a number is malformed or too large";

/// Leaves the recursion; it never leaves this file.
struct ParseFailure {
  const char* message;
  std::optional<std::size_t> offset;  ///< Where known better than by the reader's own position.
};

const char* describe(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY:
      return "it is empty";
    case simdjson::UTF8_ERROR:
      return "a byte is not UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "a string does not end";
    case simdjson::UNESCAPED_CHARS:
      return "a string holds a control character";
    case simdjson::STRING_ERROR:
      return "a string holds a malformed escape";
    case simdjson::NUMBER_ERROR:
      return malformed_number;
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "an array or object does not end";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return "it is too large";
    default:
      return out_of_place;
  }
}

void check(simdjson::error_code code) {
  if (code != simdjson::SUCCESS) throw ParseFailure{describe(code), {}};
}

template <class T>
T unwrap(simdjson::simdjson_result<T>&& result) {
  check(result.error());
  return std::move(result).value_unsafe();
}

/// The integer that a token is, or nothing where it is none: simdjson refuses integers past 64
/// bits, which JSON allows and Go reads as float64.
std::optional<Json> read_integer(std::string_view token) {
  const std::size_t blanks = token.find_last_not_of(" \t\r\n");
  token = token.substr(0, blanks + 1);
  const std::string_view digits = token.substr(token.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const char* const end = token.data() + token.size();
  std::int64_t exact = 0;
  if (std::from_chars(token.data(), end, exact).ec == std::errc()) {
    return Json(static_cast<long>(exact));
  }
  double nearest = 0;
  if (std::from_chars(token.data(), end, nearest).ec == std::errc()) return Json(nearest);
  throw ParseFailure{malformed_number, {}};
}

/// Tells cheaply that no two of an object's keys are equal, which is nearly always so.
class KeySketch {
 public:
  void add(std::string_view key) {
    if (key.empty()) return add_bit(0);
    const auto first = static_cast<unsigned char>(key.front());
    const auto last = static_cast<unsigned char>(key.back());
    const auto middle = static_cast<unsigned char>(key[key.size() / 2]);
    add_bit(key.size() * 31 + first * 7 + middle * 13 + last);
  }
  bool may_repeat() const { return repeats_; }

 private:
  void add_bit(std::size_t number) {
    const std::uint64_t bit = std::uint64_t{1} << number % 64;
    std::uint64_t& seen = seen_[number / 64 % seen_.size()];
    repeats_ = repeats_ || (seen & bit) != 0;
    seen |= bit;
  }

  std::array<std::uint64_t, 4> seen_{};
  bool repeats_ = false;
};

/// What was read of the arrays and objects that have not come to their end, outermost first: so
/// each is made in its size, once.
struct OpenParts {
  Json::Array items;
  Json::Object members;

  std::size_t bytes() const {
    return items.capacity() * sizeof(Json) + members.capacity() * sizeof(Json::Member);
  }
};

/// The last of them, from that one on.
template <class List>
List take_from(List& all, std::size_t begin) {
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
  List taken(std::make_move_iterator(first), std::make_move_iterator(all.end()));
  all.erase(first, all.end());
  return taken;
}

/// Builds a value while On-Demand walks the text. It visits every value, because On-Demand checks
/// only what it is asked for.
class Builder {
 public:
  Builder(std::string_view text, const JsonParseOptions& options, OpenParts& open)
      : text_(text),
        options_(options),
        open_(open),
        tracks_path_(options.duplicate_keys != nullptr || !options.skip.empty() ||
                     !options.unread.empty()) {
    for (const auto* paths : {&options.skip, &options.unread}) {
      for (const auto& path : *paths) path_depth_max_ = std::max(path_depth_max_, path.size());
    }
  }

  Json build(ondemand::document& document) {
    const ondemand::json_type type = unwrap(document.type());
    if (type == ondemand::json_type::array) {
      Json built = build_array(unwrap(document.get_array()));
      return finish(document, std::move(built));
    }
    if (type == ondemand::json_type::object) {
      Json built = build_object(unwrap(document.get_object()));
      return finish(document, std::move(built));
    }
    const std::string_view whole = trim(text_);
    if (type == ondemand::json_type::number) {
      if (auto integer = read_integer(whole)) return *std::move(integer);
    }
    // At the root, and only there, simdjson 3.0.1 takes any word that begins with "null" for null.
    if (type == ondemand::json_type::null && whole != "null") throw ParseFailure{out_of_place, {}};
    return finish(document, build_scalar(document, type));
  }

 private:
  /// One step of the way from the root: a key, or an index where the key has no data.
  struct Step {
    std::string_view key;
    std::size_t index = 0;
  };

  static Json finish(ondemand::document& document, Json built) {
    // Only past its last token has a document no location.
    if (document.current_location().error() == simdjson::OUT_OF_BOUNDS) return built;
    throw ParseFailure{"more follows after its end", {}};
  }

  Json build_value(ondemand::value value) {
    const ondemand::json_type type = unwrap(value.type());
    if (type == ondemand::json_type::array) return build_array(unwrap(value.get_array()));
    if (type == ondemand::json_type::object) return build_object(unwrap(value.get_object()));
    if (type == ondemand::json_type::number) {
      // The value counts as unread then, and On-Demand steps over it.
      if (auto integer = read_integer(value.raw_json_token())) return *std::move(integer);
    }
    return build_scalar(value, type);
  }

  Json build_scalar(auto& value, ondemand::json_type type) {
    switch (type) {
      case ondemand::json_type::string:
        return Json(unwrap(value.get_string()));
      case ondemand::json_type::number:
        return Json(unwrap(value.get_double()));
      case ondemand::json_type::boolean:
        return Json(unwrap(value.get_bool()));
      default:
        if (!unwrap(simdjson::simdjson_result<bool>(value.is_null()))) {
          throw ParseFailure{out_of_place, {}};
        }
        return Json();
    }
  }

  Json build_array(ondemand::array source) {
    enter();
    const std::size_t begin = open_.items.size();
    for (auto item : source) {
      if (tracks_path_) path_.push_back({{}, open_.items.size() - begin});
      open_.items.push_back(build_value(unwrap(std::move(item))));
      if (tracks_path_) path_.pop_back();
    }
    --depth_;
    return Json(take_from(open_.items, begin));
  }

  Json build_object(ondemand::object source) {
    enter();
    const std::size_t begin = open_.members.size();
    KeySketch keys;
    for (auto result : source) {
      ondemand::field field = unwrap(std::move(result));
      const std::string_view key = unwrap(field.unescaped_key());
      if (tracks_path_) path_.push_back({key.data() == nullptr ? "" : key});
      // On-Demand steps over a value that nobody asks for.
      if (!is_at_one_of(options_.skip)) {
        keys.add(key);
        Json value =
            is_at_one_of(options_.unread) ? raw_text(field.value()) : build_value(field.value());
        // The parser keeps the unescaped key until it reads another text.
        open_.members.emplace_back(key, std::move(value));
      }
      if (tracks_path_) path_.pop_back();
    }
    --depth_;
    Json::Object members = take_from(open_.members, begin);
    if (keys.may_repeat()) drop_duplicates(members);
    return Json(std::move(members));
  }

  void enter() {
    if (++depth_ > depth_max) throw ParseFailure{"it is nested more than 200 levels deep", {}};
  }

  static Json raw_text(ondemand::value value) {
    const ondemand::json_type type = unwrap(value.type());
    if (type == ondemand::json_type::array) {
      return Json(trim(unwrap(unwrap(value.get_array()).raw_json())));
    }
    if (type == ondemand::json_type::object) {
      return Json(trim(unwrap(unwrap(value.get_object()).raw_json())));
    }
    return Json(trim(value.raw_json_token()));
  }

  bool is_at_one_of(const std::vector<JsonParseOptions::Path>& paths) const {
    if (path_.size() > path_depth_max_) return false;
    for (const auto& path : paths) {
      if (path.size() == path_.size() && std::equal(path.begin(), path.end(), path_.begin(),
                                                    [](std::string_view key, const Step& step) {
                                                      return step.key.data() != nullptr &&
                                                             step.key == key;
                                                    })) {
        return true;
      }
    }
    return false;
  }

  /// Keeps each key once, where it came first and with the value that came last.
  void drop_duplicates(Json::Object& members) {
    for (const std::size_t later : find_duplicates(members)) {
      report(members[later].first);
      for (std::size_t first = 0; first < later; ++first) {
        if (members[first].first != members[later].first) continue;
        members[first].second = std::move(members[later].second);
        break;
      }
      dropped_.push_back(later);
    }
    if (dropped_.empty()) return;
    std::size_t next = 0, kept = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (next < dropped_.size() && dropped_[next] == i) {
        ++next;
      } else if (kept != i) {
        members[kept++] = std::move(members[i]);
      } else {
        ++kept;
      }
    }
    members.resize(kept);
    dropped_.clear();
  }

  /// The indexes, ascending, of members whose key an earlier member has.
  static std::vector<std::size_t> find_duplicates(const Json::Object& members) {
    std::vector<std::size_t> found;
    if (members.size() <= scan_max) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        const bool seen = std::any_of(
            members.begin(), members.begin() + static_cast<std::ptrdiff_t>(i),
            [&](const Json::Member& earlier) { return earlier.first == members[i].first; });
        if (seen) found.push_back(i);
      }
      return found;
    }
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return members[a].first < members[b].first;
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (members[order[i]].first == members[order[i - 1]].first) found.push_back(order[i]);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// "spec.containers[0].name"
  void report(std::string_view key) {
    if (options_.duplicate_keys == nullptr) return;
    if (options_.duplicate_keys->size() >= duplicate_keys_max) return;
    std::string text;
    for (const Step& step : path_) {
      if (step.key.data() == nullptr) {
        text += "[" + std::to_string(step.index) + "]";
      } else {
        text += text.empty() ? "" : ".";
        text += step.key;
      }
    }
    text += text.empty() ? "" : ".";
    options_.duplicate_keys->push_back(text.append(key));
  }

  const std::string_view text_;
  const JsonParseOptions& options_;
  OpenParts& open_;
  const bool tracks_path_;
  std::size_t path_depth_max_ = 0;
  std::size_t depth_ = 0;
  std::vector<Step> path_;
  std::vector<std::size_t> dropped_;
};

/// The offset of the first control character inside a string, or the size of the text.
std::size_t find_control_in_string(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') inside = !inside;
    if (inside && text[i] == '\\') ++i;
    if (inside && i < text.size() && static_cast<unsigned char>(text[i]) < 0x20) return i;
  }
  return text.size();
}

/// Where the first stage, which looks at all bytes at once, found fault.
std::size_t find_fault(std::string_view text, simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return find_invalid_utf8(text);
    case simdjson::UNESCAPED_CHARS:
      return find_control_in_string(text);
    case simdjson::UNCLOSED_STRING:
      return text.size();
    default:
      return 0;
  }
}

/// A parser and a copy of the text with the padding that simdjson reads past its end.
class Workspace {
 public:
  Json parse(std::string_view text, const JsonParseOptions& options) {
    buffer_.assign(text);
    buffer_.append(simdjson::SIMDJSON_PADDING, ' ');
    ondemand::document document;
    const simdjson::padded_string_view padded(buffer_.data(), text.size(), buffer_.size());
    const simdjson::error_code code = parser_.iterate(padded).get(document);
    if (code != simdjson::SUCCESS) throw ParseFailure{describe(code), find_fault(text, code)};
    try {
      return Builder(text, options, open_).build(document);
    } catch (ParseFailure& failure) {
      open_.items.clear();
      open_.members.clear();
      failure.offset = text.size();
      const char* at = nullptr;
      // At its end the document says that there is no place.
      if (document.current_location().get(at) == simdjson::SUCCESS) {
        failure.offset = std::min(static_cast<std::size_t>(at - buffer_.data()), text.size());
      }
      throw;
    }
  }

  std::size_t bytes() const {
    return std::max({buffer_.capacity(), parser_.capacity(), open_.bytes()});
  }

 private:
  std::string buffer_;
  ondemand::parser parser_;
  OpenParts open_;
};

}  // namespace

std::expected<Json, JsonFault> read_json(std::string_view text, const JsonParseOptions& options) {
  static thread_local std::unique_ptr<Workspace> workspace;
  if (workspace == nullptr) workspace = std::make_unique<Workspace>();
  std::expected<Json, JsonFault> result;
  try {
    result = workspace->parse(text, options);
  } catch (const ParseFailure& failure) {
    result = std::unexpected(JsonFault{failure.message, failure.offset.value_or(0)});
  }
  if (workspace->bytes() > kept_bytes_max) workspace.reset();
  return result;
}

Failure malformed_json(const JsonFault& fault) {
  return fail(ErrorCode::invalid, "",
              "not valid JSON: " + fault.what + ", near byte " + std::to_string(fault.offset),
              "check the text there for a missing comma, quote or bracket");
}

Result<Json> parse_json(std::string_view text, const JsonParseOptions& options) {
  std::expected<Json, JsonFault> result = read_json(text, options);
  if (!result) return malformed_json(result.error());
  return *std::move(result);
}

}  // namespace slipway
