#pragma once

#include <string>

#include "base/result.h"

namespace slipway::kubernetes {

/// What libcurl tells of a transfer that brought no whole answer. Internal to this folder.
struct Breakdown {
  int code = 0;            ///< CURLcode
  std::string text;        ///< Its words, for a cause that we don't know better.
  long system_error = 0;   ///< errno of the connection
  long verify_result = 0;  ///< OpenSSL's X509_V_ERR_..., 0: fine.
  bool connected = false;  ///< The connection stood; the answer was what failed.
  bool too_long = false;   ///< We ended it ourselves: the answer passed its bound.
};

/// The Error that it is: always `unavailable`, with a hint for its cause.
Error error_of(const Breakdown& breakdown, std::string place);

}  // namespace slipway::kubernetes
