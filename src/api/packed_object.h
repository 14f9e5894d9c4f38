#pragma once

#include <string>

#include "api/codec.h"
#include "api/packed_text.h"
#include "api/pod_template.h"
#include "base/ensure.h"
#include "base/json.h"

namespace slipway::api {

/// An object of an API type, kept at a tenth of its size: its JSON compressed, its pod template
/// beside it, which is compressed already. For what is many and seldom looked at: unpacking takes
/// some 20 µs.
template <class T>
class PackedObject {
 public:
  explicit PackedObject(const T& object) : template_(object.spec.template_) {
    T rest = object;
    rest.spec.template_ = {};
    text_ = PackedText(to_text(encode(rest)), PackedText::Family::objects);
  }

  T unpack() const {
    Result<Json> content = parse_json(text_.text());
    ASSERT(content.has_value());
    Result<T> object = decode<T>(*content);
    ASSERT(object.has_value());
    object->spec.template_ = template_;
    return *std::move(object);
  }

 private:
  PackedText text_;
  PodTemplate template_;
};

}  // namespace slipway::api
