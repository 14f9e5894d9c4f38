#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace slipway::cluster {

/// A certificate and its private key, both as PEM text.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

/// What an embedded cluster proves itself with, and by what it knows its one user. Made afresh for
/// each cluster: nothing that another cluster signed is worth anything here.
struct Credentials {
  std::string authority_pem;  ///< The CA's certificate. Its key is thrown away once it has signed.
  KeyPair server;             ///< For 127.0.0.1, ::1 and localhost.
  KeyPair client;             ///< O=system:masters, the group that may do anything.
  std::string token;          ///< A bearer token with the same rights.
};

/// Makes keys on P-256 and certificates that are valid from five minutes before `now` (clocks
/// differ) for one year.
///
/// *Errors*: `internal`, with OpenSSL's reason.
Result<Credentials> make_credentials(Instant now);

}  // namespace slipway::cluster
