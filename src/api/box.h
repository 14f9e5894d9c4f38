#pragma once

#include <utility>

namespace slipway::api {

/// An optional value kept on the heap: 8 bytes when absent, copied and compared by value. For
/// structs that most objects do without, where a std::optional would reserve their whole size.
///
/// It owns a plain pointer because a std::unique_ptr for each of the API's structs would make up a
/// third of what it costs to include them.
template <class T>
class Box {
 public:
  Box() noexcept = default;
  Box(T value) : value_(new T(std::move(value))) {}
  Box(const Box& other) : value_(other.value_ ? new T(*other.value_) : nullptr) {}
  Box(Box&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Box& operator=(const Box& other) {
    if (this != &other) *this = Box(other);
    return *this;
  }
  Box& operator=(Box&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Box() { delete value_; }

  bool has_value() const noexcept { return value_ != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  // The value, which must be there.
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return value_; }
  const T* operator->() const noexcept { return value_; }

  /// Nothing where the box is empty.
  T* get() noexcept { return value_; }
  const T* get() const noexcept { return value_; }

  /// Puts a fresh value in, whatever was there.
  T& emplace() { return emplace(T{}); }
  T& emplace(T value) {
    *this = Box(std::move(value));
    return *value_;
  }
  void reset() noexcept { *this = Box(); }

  bool operator==(const Box& other) const {
    if (!value_ || !other.value_) return !value_ && !other.value_;
    return *value_ == *other.value_;
  }

 private:
  T* value_ = nullptr;
};

}  // namespace slipway::api
