#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway::api {

/// An amount of a resource: "500m", "1.5Gi", "2e3". Source: k8s.io/apimachinery resource.Quantity,
/// whose rounding and canonical form this keeps to the letter, since hashes rest on them.
///
/// *Guarantees*: exact for any number of digits; finer than a billionth is rounded away from zero.
class Quantity {
 public:
  /// *Errors*: `invalid`, in Go's words.
  static Result<Quantity> parse(std::string_view text);

  Quantity() = default;  ///< Zero.

  /// The canonical text: the largest suffix without a fraction, "1000m" as "1", "1024Mi" as "1Gi".
  /// Like Go, keeps some well-formed texts as they were written ("1.500", "1e3").
  std::string text() const;
  /// The same for equal values, whatever their suffix: digits and a power of ten, "15e8".
  std::string value_text() const;

  bool is_zero() const { return digits_.empty(); }
  /// Rounded away from zero to whole thousandths, as servers do with resource lists.
  Quantity rounded_up_to_milli() const;
  /// Thousandths, rounded away from zero, and capped to what 64 bits hold.
  std::int64_t milli() const;

  /// By value.
  std::strong_ordering operator<=>(const Quantity& other) const;
  bool operator==(const Quantity& other) const { return (*this <=> other) == 0; }

 private:
  /// Which suffixes the text is written with.
  enum class Format : std::uint8_t { decimal, decimal_exponent, binary };

  void round_up_to(std::int64_t exponent);
  void strip();
  std::string decimal_text(Format format) const;
  std::string binary_text() const;

  bool negative_ = false;
  Format format_ = Format::decimal;
  std::string digits_;         ///< Without zeros at either end; empty for zero.
  std::int64_t exponent_ = 0;  ///< Of ten: the value is digits times ten to that power.
  std::string as_written_;     ///< Kept where Go keeps it, else empty.
};

}  // namespace slipway::api
