#pragma once

#include <string>
#include <string_view>

#include "kubernetes/transport.h"

namespace slipway::cluster {

/// An answer that says why not, as the API says it: a `Status` object with this code, reason
/// ("Unauthorized") and message.
kubernetes::Response refusal(int status, std::string_view reason, std::string_view message);

}  // namespace slipway::cluster
