#include "base/result.h"

namespace slipway {

std::string Error::text() const {
  std::string text;
  if (!where.empty()) text += where + ": ";
  text += message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

Error inside(std::string_view outer, Error error) {
  if (outer.empty()) return error;
  if (error.where.empty()) {
    error.where = outer;
  } else if (error.where.front() == '[') {
    error.where.insert(0, outer);
  } else {
    error.where = std::string(outer) + "." + error.where;
  }
  return error;
}

}  // namespace slipway
