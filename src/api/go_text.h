#pragma once

#include <string>

#include "base/json.h"

namespace slipway::api {

/// A value as Go prints it with `%v`, which some of Kubernetes' messages show:
/// `map[image:web:1 ports:[80 81]]`, keys sorted, texts without quotes.
std::string go_text(const Json& value);

}  // namespace slipway::api
