#pragma once

#include <memory>
#include <utility>

namespace slipway::api {

/// An optional value kept on the heap: 8 bytes when absent, copied and compared by value. For
/// structs that most objects do without, where a std::optional would reserve their whole size.
template <class T>
class Box {
 public:
  Box() noexcept = default;
  Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    if (this != &other) *this = Box(other);
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;

  bool has_value() const noexcept { return value_ != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  // The value, which must be there.
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return value_.get(); }
  const T* operator->() const noexcept { return value_.get(); }

  /// Nothing where the box is empty.
  T* get() noexcept { return value_.get(); }
  const T* get() const noexcept { return value_.get(); }

  /// Puts a fresh value in, whatever was there.
  T& emplace(T value = {}) {
    value_ = std::make_unique<T>(std::move(value));
    return *value_;
  }
  void reset() noexcept { value_.reset(); }

  bool operator==(const Box& other) const {
    if (!value_ || !other.value_) return !value_ && !other.value_;
    return *value_ == *other.value_;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace slipway::api
