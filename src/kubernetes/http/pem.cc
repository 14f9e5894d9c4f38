#include "kubernetes/http/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace slipway::kubernetes {
namespace {

struct End {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, End>;
using Certificate = std::unique_ptr<X509, End>;
using Key = std::unique_ptr<EVP_PKEY, End>;

Bio reader_of(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate next_certificate(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
}

/// Refuses to ask at the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<void> check_certificates(const std::string& pem, const std::string& what) {
  const Bio bio = reader_of(pem);
  std::size_t count = 0;
  while (next_certificate(bio.get()) != nullptr) ++count;
  // The end of the text is an error to OpenSSL, too.
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (count > 0 && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) return {};
  return fail(
      ErrorCode::invalid, what,
      count == 0 ? "holds no certificate in PEM form" : "holds a certificate that cannot be read",
      "it should begin with -----BEGIN CERTIFICATE-----");
}

Result<void> check_key_pair(const std::string& certificate_pem, const std::string& key_pem) {
  TRY_DONE(check_certificates(certificate_pem, "client-certificate"));
  const Certificate certificate = next_certificate(reader_of(certificate_pem).get());
  const Bio bio = reader_of(key_pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr));
  const bool matches = key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (matches) return {};
  if (key == nullptr) {
    return fail(ErrorCode::invalid, "client-key", "holds no private key that can be read",
                "it should be PEM text of an unencrypted key");
  }
  return fail(ErrorCode::invalid, "client-key", "does not belong to client-certificate",
              "take both from the same issue");
}

}  // namespace slipway::kubernetes
