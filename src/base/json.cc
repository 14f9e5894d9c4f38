#include "base/json.h"

#include <algorithm>

#include "base/ensure.h"
#include "base/text.h"

namespace slipway {
namespace {

const Json null_json;

/// The next token of a pointer, unescaped; moves `pointer` past it.
std::string next_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::size_t end = std::min(pointer.find('/'), pointer.size());
  std::string token = unescape_pointer(pointer.substr(0, end));
  pointer.remove_prefix(end);
  return token;
}

std::optional<std::size_t> array_index(std::string_view token, std::size_t size) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  for (const char c : token) {
    if (c < '0' || c > '9' || index >= size) return std::nullopt;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < size ? std::optional(index) : std::nullopt;
}

std::vector<const Json::Member*> sorted_members(const Json::Object& object) {
  std::vector<const Json::Member*> members;
  members.reserve(object.size());
  for (const Json::Member& member : object) members.push_back(&member);
  std::ranges::sort(members, {},
                    [](const Json::Member* member) -> const std::string& { return member->first; });
  return members;
}

bool objects_equal(const Json::Object& a, const Json::Object& b) {
  if (a.size() != b.size()) return false;
  // Members mostly stand in the same order on both sides.
  const auto same = std::ranges::mismatch(a, b, {}, &Json::Member::first, &Json::Member::first);
  if (same.in1 == a.end()) {
    return std::ranges::equal(a, b, {}, &Json::Member::second, &Json::Member::second);
  }
  return std::ranges::equal(sorted_members(a), sorted_members(b),
                            [](const Json::Member* x, const Json::Member* y) { return *x == *y; });
}

}  // namespace

void Json::destroy() noexcept {
  if (!shared_->drop_owner()) return;
  switch (type_) {
    case Type::string:
      delete string_;
      break;
    case Type::array:
      delete array_;
      break;
    case Type::object:
      delete object_;
      break;
    default:
      break;
  }
}

Json::Array& Json::own_array() {
  if (array_->owners.load(std::memory_order_acquire) != 1) *this = Json(array_->value);
  return array_->value;
}

Json::Object& Json::own_object() {
  if (object_->owners.load(std::memory_order_acquire) != 1) *this = Json(object_->value);
  return object_->value;
}

bool Json::as_bool() const {
  ASSERT(is_bool());
  return boolean_;
}

std::int64_t Json::as_integer() const {
  ASSERT(is_integer());
  return integer_;
}

double Json::as_double() const {
  ASSERT(is_number());
  return is_integer() ? static_cast<double>(integer_) : real_;
}

const std::string& Json::as_string() const {
  ASSERT(is_string());
  return string_->value;
}

const Json::Array& Json::as_array() const {
  ASSERT(is_array());
  return array_->value;
}

Json::Array& Json::as_array() {
  ASSERT(is_array());
  return own_array();
}

const Json::Object& Json::as_object() const {
  ASSERT(is_object());
  return object_->value;
}

Json::Object& Json::as_object() {
  ASSERT(is_object());
  return own_object();
}

std::size_t Json::size() const {
  if (is_object()) return object_->value.size();
  return is_array() ? array_->value.size() : 0;
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : object_->value) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Json* Json::find(std::string_view key) {
  const Json* found = static_cast<const Json*>(this)->find(key);
  if (found == nullptr) return nullptr;
  const bool alone = object_->owners.load(std::memory_order_acquire) == 1;
  if (!alone) {
    own_object();
    found = static_cast<const Json*>(this)->find(key);
  }
  return const_cast<Json*>(found);
}

const Json& Json::operator[](std::string_view key) const {
  const Json* found = find(key);
  return found == nullptr ? null_json : *found;
}

const Json& Json::at(std::size_t index) const {
  return is_array() && index < array_->value.size() ? array_->value[index] : null_json;
}

Json& Json::set(std::string_view key, Json value) {
  Json& slot = member(key);
  slot = std::move(value);
  return slot;
}

Json& Json::member(std::string_view key) {
  if (is_null()) *this = Json(Object{});
  ASSERT(is_object());
  if (Json* found = find(key)) return *found;
  return own_object().emplace_back(std::string(key), Json()).second;
}

bool Json::erase(std::string_view key) {
  if (!is_object()) return false;
  if (static_cast<const Json*>(this)->find(key) == nullptr) return false;
  std::erase_if(own_object(), [&](const Member& member) { return member.first == key; });
  return true;
}

void Json::push_back(Json item) {
  if (is_null()) *this = Json(Array{});
  ASSERT(is_array());
  own_array().push_back(std::move(item));
}

const Json* Json::find_pointer(std::string_view pointer) const {
  const Json* at = this;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    const std::string token = next_token(pointer);
    if (at->is_array()) {
      const auto index = array_index(token, at->size());
      if (!index) return nullptr;
      at = &at->as_array()[*index];
    } else {
      at = at->find(token);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

bool Json::operator==(const Json& other) const {
  if (shares_with(other)) return true;
  if (type_ != other.type_) {
    // As doubles: a double past 2^53 is written in digits that may read as another integer near it.
    return is_number() && other.is_number() && as_double() == other.as_double();
  }
  switch (type_) {
    case Type::integer:
      return integer_ == other.integer_;
    case Type::real:
      return real_ == other.real_;
    case Type::boolean:
      return boolean_ == other.boolean_;
    case Type::string:
      return string_->value == other.string_->value;
    case Type::array:
      return array_->value == other.array_->value;
    case Type::object:
      return objects_equal(object_->value, other.object_->value);
    default:
      return true;
  }
}

std::string escape_pointer(std::string_view token) {
  std::string escaped;
  for (const char c : token) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string unescape_pointer(std::string_view token) {
  if (token.find('~') == token.npos) return std::string(token);
  std::string plain;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      plain += token[i + 1] == '0' ? '~' : '/';
      ++i;
    } else {
      plain += token[i];
    }
  }
  return plain;
}

}  // namespace slipway
