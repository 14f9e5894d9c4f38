#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "kubernetes/http/certificates_for_test.h"
#include "kubernetes/http/pem.h"

namespace slipway::kubernetes {
namespace {

struct End {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, End>;
using Key = std::unique_ptr<EVP_PKEY, End>;

template <class Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, End> bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}
std::string pem_of(EVP_PKEY* key) {
  return pem_of(
      [&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::unique_ptr<BIO, End> reader_of(const std::string& pem) {
  return std::unique_ptr<BIO, End>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

void add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Wish {
  std::string name;
  std::string alternative_names;
  long seconds_valid = 3600;
  bool authority = false;
};

/// Signed by `issuer`, or by itself where that has no certificate yet.
TestIdentity make_identity(const Wish& wish, const TestIdentity& issuer) {
  static long serial = 1;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x), -7200);
  X509_gmtime_adj(X509_getm_notAfter(x), wish.seconds_valid);
  X509_set_pubkey(x, key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
  add_extension(x, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wish.alternative_names.empty()) {
    add_extension(x, NID_subject_alt_name, wish.alternative_names);
  }
  if (issuer.certificate.empty()) {
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, key.get(), EVP_sha256());
  } else {
    const Certificate above(
        PEM_read_bio_X509(reader_of(issuer.certificate).get(), nullptr, nullptr, nullptr));
    const Key above_key(
        PEM_read_bio_PrivateKey(reader_of(issuer.key).get(), nullptr, nullptr, nullptr));
    X509_set_issuer_name(x, X509_get_subject_name(above.get()));
    X509_sign(x, above_key.get(), EVP_sha256());
  }
  return {pem_of(x), pem_of(key.get())};
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : authority_(make_identity({.name = name, .alternative_names = "", .authority = true}, {})) {}

TestIdentity TestAuthority::server(const std::string& names, long seconds_valid) const {
  return make_identity({"test server", names, seconds_valid}, authority_);
}

TestIdentity TestAuthority::client(const std::string& name) const {
  return make_identity({.name = name, .alternative_names = ""}, authority_);
}

TEST_CASE("certificates and keys that can't be used are told apart") {
  const TestAuthority authority;
  const TestIdentity one = authority.client("one");
  const TestIdentity other = authority.client("other");
  CHECK(check_certificates(authority.certificate(), "ca"));
  CHECK(check_certificates(authority.certificate() + "\n" + one.certificate, "ca"));
  CHECK(check_key_pair(one.certificate, one.key));

  const std::string half = one.certificate.substr(0, one.certificate.size() / 2);
  struct Row {
    const char* name;
    Result<void> result;
    const char* want;
  };
  const Row rows[] = {
      {"empty",           check_certificates("",                     "ca"),      "ca: holds no certificate in PEM form"},
      {"other text",      check_certificates("hello",                "ca"),      "ca: holds no certificate in PEM form"},
      {"half",            check_certificates(half,                   "ca"),      "ca: holds no certificate in PEM form"},
      {"second is half",  check_certificates(one.certificate + half, "ca"),
       "ca: holds a certificate that cannot be read"                                                                   },
      {"a key for it",    check_certificates(one.key,                "ca"),      "ca: holds no certificate in PEM form"},
      {"no key",          check_key_pair(one.certificate,            "hello"),
       "client-key: holds no private key that can be read"                                                             },
      {"the other's key", check_key_pair(one.certificate,            other.key),
       "client-key: does not belong to client-certificate"                                                             },
      {"no certificate",  check_key_pair("hello",                    one.key),
       "client-certificate: holds no certificate in PEM form"                                                          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    REQUIRE_FALSE(row.result);
    CHECK(row.result.error().code == ErrorCode::invalid);
    CHECK(row.result.error().where + ": " + row.result.error().message == row.want);
    CHECK_FALSE(row.result.error().hint.empty());
  }
}

}  // namespace slipway::kubernetes
