#include "cluster/certificates.h"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/file_for_test.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cluster/kubeconfig_file.h"

namespace slipway::cluster {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate read_certificate(const std::string& pem) {
  BIO* const memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(memory, nullptr, nullptr, nullptr), X509_free);
  BIO_free(memory);
  return certificate;
}

constexpr Instant now{1'767'225'600'000'000'000};

}  // namespace

TEST_CASE("the authority signs the server's and the client's certificate, and no other has") {
  const Credentials credentials = make_credentials(now).value();
  const Credentials other = make_credentials(now).value();
  const Certificate authority = read_certificate(credentials.authority_pem);
  const Certificate server = read_certificate(credentials.server.certificate_pem);
  const Certificate client = read_certificate(credentials.client.certificate_pem);
  REQUIRE(authority);
  EVP_PKEY* const key = X509_get0_pubkey(authority.get());
  CHECK(X509_verify(server.get(), key) == 1);
  CHECK(X509_verify(client.get(), key) == 1);
  CHECK(X509_verify(read_certificate(other.client.certificate_pem).get(), key) == 0);
  CHECK(credentials.token != other.token);

  for (const char* host : {"localhost"}) {
    CHECK(X509_check_host(server.get(), host, 0, 0, nullptr) == 1);
  }
  for (const char* address : {"127.0.0.1", "::1"}) {
    CHECK(X509_check_ip_asc(server.get(), address, 0) == 1);
  }
  CHECK(X509_check_ip_asc(server.get(), "10.0.0.1", 0) == 0);

  time_t start = now.nanoseconds / 1'000'000'000;
  time_t late = start + 366 * 24 * 3600;
  CHECK(X509_cmp_time(X509_get0_notBefore(server.get()), &start) < 0);
  CHECK(X509_cmp_time(X509_get0_notAfter(server.get()), &start) > 0);
  CHECK(X509_cmp_time(X509_get0_notAfter(server.get()), &late) < 0);
}

TEST_CASE("a kubeconfig holds all that is needed to reach the cluster") {
  const Credentials credentials = make_credentials(now).value();
  const Json config =
      parse_yaml_document(kubeconfig_text("https://127.0.0.1:6443", credentials)).value();
  CHECK(config["current-context"] == Json("slipway"));
  const Json& cluster = config["clusters"].at(0)["cluster"];
  CHECK(cluster["server"] == Json("https://127.0.0.1:6443"));
  CHECK(base64_decode(cluster["certificate-authority-data"].string_or_empty()) ==
        credentials.authority_pem);
  const Json& user = config["users"].at(0)["user"];
  CHECK(base64_decode(user["client-key-data"].string_or_empty()) == credentials.client.key_pem);
  CHECK(user["token"] == Json(credentials.token));
}

TEST_CASE("a private file is its owner's alone, and replaced as a whole") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("slipway-test-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder / "config";
  REQUIRE(write_private_file(path, "one"));
  REQUIRE(write_private_file(path, "two"));
  CHECK(read_file_for_test(path) == "two");
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  std::filesystem::remove_all(folder);

  const auto refused = write_private_file(path, "three");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().where == path);
}

}  // namespace slipway::cluster
