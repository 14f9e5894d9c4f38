#pragma once

#include <sys/single_threaded.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace slipway {

/// A JSON value of 16 bytes. Objects keep the order in which keys came in; equality does not look
/// at it. Integers that fit 64 bits are kept exactly; other numbers are doubles. Strings are UTF-8.
///
/// Copies share what they hold until one of them is changed, so a copy costs as much as a number,
/// and an edit as much as the objects on its way. A reference or pointer into a value that was got
/// for changing it (`member`, `find`, `as_object` of one that is not const) is good until that
/// value is copied or changed in another way; one got for reading, until it is changed. Of values
/// that share, each thread may use its own.
class Json {
 public:
  enum class Type : std::uint8_t { null, boolean, integer, real, string, array, object };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() noexcept : type_(Type::null), integer_(0) {}
  Json(std::nullptr_t) noexcept : Json() {}
  Json(bool value) noexcept : type_(Type::boolean), boolean_(value) {}
  Json(int value) noexcept : type_(Type::integer), integer_(value) {}
  Json(unsigned value) noexcept : type_(Type::integer), integer_(value) {}
  Json(long value) noexcept : type_(Type::integer), integer_(value) {}
  Json(long long value) noexcept : type_(Type::integer), integer_(value) {}
  Json(double value) noexcept : type_(Type::real), real_(value) {}
  Json(const char* text) : Json(std::string(text)) {}
  Json(std::string_view text) : Json(std::string(text)) {}
  Json(std::string text) : type_(Type::string), string_(new Shared<std::string>(std::move(text))) {}
  Json(Array items) : type_(Type::array), array_(new Shared<Array>(std::move(items))) {}
  Json(Object members) : type_(Type::object), object_(new Shared<Object>(std::move(members))) {}
  Json(const Json& other) noexcept : type_(other.type_), integer_(other.integer_) {
    if (type_ >= Type::string) shared_->add_owner();
  }
  Json(Json&& other) noexcept : type_(other.type_), integer_(other.integer_) {
    other.type_ = Type::null;
    other.integer_ = 0;
  }
  Json& operator=(const Json& other) {
    Json copy(other);
    swap(copy);
    return *this;
  }
  Json& operator=(Json&& other) noexcept {
    Json moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Json() {
    if (type_ >= Type::string) destroy();
  }
  void swap(Json& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(integer_, other.integer_);
  }

  /// `Json::object({{"kind", "Pod"}, {"spec", Json::object()}})`
  static Json object(std::initializer_list<Member> members = {}) { return Json(Object(members)); }
  static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }

  Type type() const { return type_; }
  bool is_null() const { return type_ == Type::null; }
  bool is_bool() const { return type_ == Type::boolean; }
  bool is_integer() const { return type_ == Type::integer; }
  bool is_number() const { return type_ == Type::integer || type_ == Type::real; }
  bool is_string() const { return type_ == Type::string; }
  bool is_array() const { return type_ == Type::array; }
  bool is_object() const { return type_ == Type::object; }

  // The value as that type. It must be of it: check first, or use the `_or` forms.
  bool as_bool() const;
  std::int64_t as_integer() const;
  double as_double() const;  ///< Of an integer too.
  const std::string& as_string() const;
  const Array& as_array() const;
  Array& as_array();
  const Object& as_object() const;
  Object& as_object();

  bool bool_or(bool otherwise) const { return is_bool() ? boolean_ : otherwise; }
  std::int64_t integer_or(std::int64_t otherwise) const {
    return is_integer() ? integer_ : otherwise;
  }
  /// The text, or an empty one where this is no string.
  std::string_view string_or_empty() const {
    return is_string() ? std::string_view(string_->value) : std::string_view();
  }

  /// Members of an object, items of an array, else 0.
  std::size_t size() const;
  bool empty() const { return size() == 0; }

  /// The member of that key; nothing where there is none or this is no object.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  /// The member of that key, or null (the JSON value) where there is none. Chains:
  /// `object["metadata"]["name"].string_or_empty()`.
  const Json& operator[](std::string_view key) const;
  /// The item at that index, or null where there is none.
  const Json& at(std::size_t index) const;

  /// Sets a member, replacing one of that key in place; turns null into an object first.
  Json& set(std::string_view key, Json value);
  /// The member of that key, made (as null) where it is missing; turns null into an object first.
  Json& member(std::string_view key);
  /// Removes the member of that key. Returns whether there was one.
  bool erase(std::string_view key);
  /// Appends an item; turns null into an array first.
  void push_back(Json item);

  /// Follows an RFC 6901 pointer ("/metadata/annotations/a~1b", "" is the whole). Array items by
  /// decimal index. Nothing where any part is missing.
  const Json* find_pointer(std::string_view pointer) const;

  /// Both hold the same in memory, and so are equal. False of what is not held apart: null,
  /// booleans and numbers.
  bool shares_with(const Json& other) const {
    return type_ >= Type::string && type_ == other.type_ && shared_ == other.shared_;
  }

  /// Deep, without regard to the order of members. Integers compare exactly with each other, and as
  /// doubles with doubles: 1 equals 1.0.
  bool operator==(const Json& other) const;

 private:
  /// As std::shared_ptr does, it counts without atomic instructions while there is one thread.
  struct Owned {
    std::atomic<std::uint32_t> owners = 1;

    void add_owner() {
      if (__libc_single_threaded) {
        owners.store(owners.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      } else {
        owners.fetch_add(1, std::memory_order_relaxed);
      }
    }
    /// Returns whether that was the last one.
    bool drop_owner() {
      // Who owns it alone need not tell others so.
      const std::uint32_t left = owners.load(std::memory_order_acquire) - 1;
      if (left == 0) return true;
      if (!__libc_single_threaded) return owners.fetch_sub(1, std::memory_order_acq_rel) == 1;
      owners.store(left, std::memory_order_relaxed);
      return false;
    }
  };
  template <class T>
  struct Shared : Owned {
    explicit Shared(T given) : value(std::move(given)) {}
    T value;
  };

  void destroy() noexcept;
  /// What it holds, and no other value with it.
  Array& own_array();
  Object& own_object();

  Type type_;
  union {
    bool boolean_;
    std::int64_t integer_;
    double real_;
    Owned* shared_;
    Shared<std::string>* string_;
    Shared<Array>* array_;
    Shared<Object>* object_;
  };
};

struct JsonParseOptions {
  /// Object keys seen twice in one object are reported here, as paths; the last one wins. Source:
  /// what encoding/json does, and the API server's fieldValidation.
  std::vector<std::string>* duplicate_keys = nullptr;
  using Path = std::vector<std::string_view>;  ///< Keys from the root.
  /// Members of these paths are dropped unread (an informer has no use for
  /// `metadata.managedFields`). At most a few. Unread means: stepped over by brackets and quotes,
  /// whichever bracket closes which, so that what is wrong inside goes unnoticed.
  std::vector<Path> skip = {};
  /// Members of these paths become strings that hold their own JSON text, unread: for what is large
  /// and seldom looked at.
  std::vector<Path> unread = {};
};

/// Reads one JSON text (RFC 8259, strict, UTF-8 checked). At most 200 levels deep. Errors name the
/// byte offset.
Result<Json> parse_json(std::string_view text, const JsonParseOptions& options = {});

/// Splits the top-level array `member` of a JSON object into its items, builds one at a time and
/// hands it to `item`, and returns the object without that array. For long lists: in memory there
/// is never more than one item. `options` apply to each item, with paths from the item's root.
///
/// *Errors*: `item`'s own, or what parse_json says. The text past an item is not looked at before
/// the item is handed over, so an error takes back nothing.
Result<Json> parse_json_list(std::string_view text, std::string_view member,
                             const std::function<Result<void>(Json)>& item,
                             const JsonParseOptions& options = {});

/// What parse_json_list returns, without a look at the items: they are stepped over and not
/// checked.
Result<Json> parse_json_list_head(std::string_view text, std::string_view member);

/// Compact JSON text. Control characters, quotes and backslashes are escaped, all else is verbatim.
std::string to_text(const Json& value);
/// Appends the same.
void append_text(const Json& value, std::string& out);
/// The same, indented by two blanks a level.
std::string to_pretty_text(const Json& value);
/// As Go's encoding/json writes it: sorted keys, and `<`, `>`, `&`, U+2028, U+2029 escaped.
void append_go_string(std::string_view text, std::string& out);

/// Joins and splits RFC 6901 tokens: "a/b" is written "a~1b".
std::string escape_pointer(std::string_view token);
std::string unescape_pointer(std::string_view token);

}  // namespace slipway
