#include "cluster/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <initializer_list>
#include <memory>
#include <utility>

namespace slipway::cluster {

namespace {

template <auto free>
struct Free {
  void operator()(auto* pointer) const { free(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;

struct Signed {
  Certificate certificate;
  Key key;
};

/// Who a certificate is about, and what it may be used for.
struct Subject {
  const char* common_name;
  const char* organization;  ///< Null: none.
  std::initializer_list<std::pair<int, const char*>> extensions;
};

Failure openssl_failure(const char* what) {
  char reason[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, reason, sizeof reason);
  }
  ERR_clear_error();
  return fail(ErrorCode::internal, "certificates", fmt::format("{} failed: {}", what, reason),
              "check the OpenSSL installation");
}

bool add_name(X509_NAME* name, const char* field, const char* value) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(value);
  return value == nullptr ||
         X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, -1, -1, 0) == 1;
}

bool set_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;  // RFC 5280: a serial number is positive.
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, Instant now) {
  constexpr long skew = 5 * 60;
  constexpr int year_days = 365;
  time_t start = static_cast<time_t>(now.nanoseconds / 1'000'000'000) - skew;
  return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &start) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), year_days, 0, &start) != nullptr;
}

bool add_extensions(X509* certificate, X509* issuer, const Subject& subject) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : subject.extensions) {
    const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return false;
  }
  return true;
}

/// Makes a key and a certificate for it, signed by `issuer`, or by itself where that is null.
Result<Signed> make_signed(const Subject& subject, const Signed* issuer, Instant now) {
  Signed made{Certificate(X509_new()), Key(EVP_EC_gen("P-256"))};
  X509* const certificate = made.certificate.get();
  if (!made.key || certificate == nullptr) return openssl_failure("making a key");
  X509* const issuer_certificate = issuer != nullptr ? issuer->certificate.get() : certificate;
  EVP_PKEY* const issuer_key = issuer != nullptr ? issuer->key.get() : made.key.get();

  X509_NAME* const name = X509_get_subject_name(certificate);
  const bool filled =
      X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
      set_validity(certificate, now) && add_name(name, "O", subject.organization) &&
      add_name(name, "CN", subject.common_name) &&
      X509_set_issuer_name(certificate, X509_get_subject_name(issuer_certificate)) == 1 &&
      X509_set_pubkey(certificate, made.key.get()) == 1 &&
      add_extensions(certificate, issuer_certificate, subject);
  if (!filled) return openssl_failure("filling in a certificate");
  if (X509_sign(certificate, issuer_key, EVP_sha256()) == 0) {
    return openssl_failure("signing a certificate");
  }
  return made;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(length));
}

Result<std::string> certificate_pem(const Signed& made) {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_X509(memory.get(), made.certificate.get()) != 1) {
    return openssl_failure("writing a certificate");
  }
  return text_of(memory.get());
}

Result<KeyPair> key_pair(const Signed& made) {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (!memory || PEM_write_bio_PrivateKey(memory.get(), made.key.get(), nullptr, nullptr, 0,
                                          nullptr, nullptr) != 1) {
    return openssl_failure("writing a key");
  }
  return KeyPair{TRY(certificate_pem(made)), text_of(memory.get())};
}

Result<std::string> make_token() {
  unsigned char bytes[24];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return openssl_failure("making a token");
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

}  // namespace

Result<Credentials> make_credentials(Instant now) {
  const Subject authority{
      "slipway-authority",
      nullptr,
      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"}}
  };
  const Subject server{
      "slipway-apiserver",
      nullptr,
      {{NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth"},
        {NID_subject_alt_name, "IP:127.0.0.1,IP:::1,DNS:localhost"}}
  };
  const Subject client{
      "slipway-admin",
      "system:masters",
      {{NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "clientAuth"}}
  };
  const Signed issuer = TRY(make_signed(authority, nullptr, now));
  Credentials credentials;
  credentials.authority_pem = TRY(certificate_pem(issuer));
  credentials.server = TRY(key_pair(TRY(make_signed(server, &issuer, now))));
  credentials.client = TRY(key_pair(TRY(make_signed(client, &issuer, now))));
  credentials.token = TRY(make_token());
  return credentials;
}

}  // namespace slipway::cluster
