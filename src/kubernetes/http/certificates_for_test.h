#pragma once

#include <string>

namespace slipway::kubernetes {

/// A certificate and its private key, as PEM text.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

/// A certificate authority of a test's own.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "test authority");

  const std::string& certificate() const { return authority_.certificate; }
  /// For "127.0.0.1", or any DNS names and addresses in OpenSSL's words:
  /// "DNS:kube.test,IP:127.0.0.1". `seconds_valid` may be negative: it has run out.
  TestIdentity server(const std::string& names = "IP:127.0.0.1", long seconds_valid = 3600) const;
  TestIdentity client(const std::string& name) const;

 private:
  TestIdentity authority_;
};

}  // namespace slipway::kubernetes
