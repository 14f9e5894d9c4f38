#include <simdjson.h>

#include <unordered_set>

#include "base/json.h"

namespace slipway {
namespace {

constexpr std::size_t depth_max = 200;
/// Above this many members a set finds duplicate keys; below, a scan is quicker.
constexpr std::size_t scan_max = 16;
/// A parser that has read a longer text than this is given back, so that one huge list doesn't hold
/// its working memory for ever.
constexpr std::size_t kept_text_max = 4 << 20;

using simdjson::dom::element;
using simdjson::dom::element_type;

Error parse_error(const std::string& what) {
  return {ErrorCode::invalid, "", "not valid JSON: " + what,
          "check the text for a missing comma, quote or bracket"};
}

class Builder {
 public:
  explicit Builder(const JsonParseOptions& options) : options_(options) {}

  Json build(element value) {
    switch (value.type()) {
      case element_type::OBJECT:
        return build_object(value);
      case element_type::ARRAY:
        return build_array(value);
      case element_type::STRING:
        return Json(std::string_view(value.get_string().value_unsafe()));
      case element_type::BOOL:
        return Json(value.get_bool().value_unsafe());
      case element_type::INT64:
        return Json(static_cast<long>(value.get_int64().value_unsafe()));
      case element_type::UINT64:
        return Json(static_cast<double>(value.get_uint64().value_unsafe()));
      case element_type::DOUBLE:
        return Json(value.get_double().value_unsafe());
      default:
        return Json();
    }
  }

 private:
  Json build_object(element value) {
    Json::Object members;
    std::unordered_set<std::string_view> seen;
    for (const auto& [key, member] : simdjson::dom::object(value)) {
      path_.push_back(key);
      if (skipped()) {
        path_.pop_back();
        continue;
      }
      Json::Member* same = members.empty() ? nullptr : find_same(members, seen, key);
      Json built = build(member);
      if (same == nullptr) {
        members.emplace_back(std::string(key), std::move(built));
        if (members.size() > scan_max) remember(members, seen);
      } else {
        if (options_.duplicate_keys != nullptr) options_.duplicate_keys->push_back(path_text());
        same->second = std::move(built);
      }
      path_.pop_back();
    }
    return Json(std::move(members));
  }

  Json build_array(element value) {
    const simdjson::dom::array source(value);
    Json::Array items;
    items.reserve(source.size());
    for (const element item : source) {
      path_.push_back({});
      indexes_.push_back(items.size());
      items.push_back(build(item));
      indexes_.pop_back();
      path_.pop_back();
    }
    return Json(std::move(items));
  }

  static Json::Member* find_same(Json::Object& members, std::unordered_set<std::string_view>& seen,
                                 std::string_view key) {
    if (members.size() > scan_max && !seen.contains(key)) return nullptr;
    for (Json::Member& member : members) {
      if (member.first == key) return &member;
    }
    return nullptr;
  }

  /// Keys may move as the vector grows, so the set is filled anew each time it doubles.
  static void remember(const Json::Object& members, std::unordered_set<std::string_view>& seen) {
    if (seen.size() + 1 == members.size() && members.size() < members.capacity()) {
      seen.insert(members.back().first);
      return;
    }
    seen.clear();
    for (const Json::Member& member : members) seen.insert(member.first);
  }

  bool skipped() const {
    for (const auto& path : options_.skip) {
      if (path.size() == path_.size() && std::equal(path.begin(), path.end(), path_.begin())) {
        return true;
      }
    }
    return false;
  }

  /// "spec.containers[0].name"
  std::string path_text() const {
    std::string text;
    std::size_t index = 0;
    for (const std::string_view part : path_) {
      if (part.data() == nullptr) {
        text += "[" + std::to_string(indexes_[index++]) + "]";
      } else {
        if (!text.empty()) text += ".";
        text += part;
      }
    }
    return text;
  }

  const JsonParseOptions& options_;
  std::vector<std::string_view> path_;
  std::vector<std::size_t> indexes_;
};

/// Parses into a parser of this thread's, and hands the root to `use` while it lives.
template <class Use>
auto with_document(std::string_view text, Use use) -> decltype(use(element())) {
  static thread_local std::unique_ptr<simdjson::dom::parser> kept;
  std::unique_ptr<simdjson::dom::parser> parser = std::move(kept);
  if (parser == nullptr) {
    parser = std::make_unique<simdjson::dom::parser>();
    // The parser counts the document itself as a level.
    if (parser->allocate(64 * 1024, depth_max + 1) != simdjson::SUCCESS) {
      return Failure(parse_error("out of memory"));
    }
  }
  element root;
  const simdjson::error_code error = parser->parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) return Failure(parse_error(simdjson::error_message(error)));
  auto result = use(root);
  if (text.size() <= kept_text_max) kept = std::move(parser);
  return result;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonParseOptions& options) {
  return with_document(text,
                       [&](element root) -> Result<Json> { return Builder(options).build(root); });
}

Result<Json> parse_json_list(std::string_view text, std::string_view member,
                             const std::function<Result<void>(Json)>& item,
                             const JsonParseOptions& options) {
  return with_document(text, [&](element root) -> Result<Json> {
    if (!root.is_object()) return fail(ErrorCode::invalid, "", "found no JSON object", "");
    Json rest = Json::object();
    for (const auto& [key, value] : simdjson::dom::object(root)) {
      if (key != member) {
        rest.set(key, Builder(JsonParseOptions{}).build(value));
        continue;
      }
      if (value.is_null()) continue;
      if (!value.is_array()) {
        return fail(ErrorCode::invalid, std::string(member), "found no array, expected one", "");
      }
      for (const element one : simdjson::dom::array(value)) {
        TRY_DONE(item(Builder(options).build(one)));
      }
    }
    return rest;
  });
}

}  // namespace slipway
