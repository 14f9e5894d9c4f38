#pragma once

#include <string>

#include "base/result.h"

namespace slipway::kubernetes {

/// Whether the text holds at least one certificate in PEM form, and no broken one. `what` names it
/// in errors ("certificate-authority").
///
/// *Errors*: `invalid`.
Result<void> check_certificates(const std::string& pem, const std::string& what);

/// Whether the certificate and the private key can be read and belong together.
///
/// *Errors*: `invalid`.
Result<void> check_key_pair(const std::string& certificate_pem, const std::string& key_pem);

}  // namespace slipway::kubernetes
