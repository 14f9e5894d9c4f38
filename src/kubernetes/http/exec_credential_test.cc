#include "kubernetes/http/exec_credential.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "kubernetes/http/certificates_for_test.h"

namespace slipway::kubernetes {
namespace {

ExecPlugin plugin() {
  return {.api_version = "client.authentication.k8s.io/v1",
          .command = "tool",
          .install_hint = "brew install tool"};
}

std::string printed(const std::string& status) {
  return R"({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
             "spec": {}, "status": )" +
         status + "}";
}

Json pair_status(const std::string& certificate, const std::string& key) {
  Json status;
  status.set("clientCertificateData", certificate);
  status.set("clientKeyData", key);
  return status;
}

TEST_CASE("tokens, certificates and expirations are read") {
  Result<ExecCredential> got = parse_exec_credential(printed(R"({"token": "t"})"), plugin());
  REQUIRE(got);
  CHECK(got->proof == Proof{"Bearer t", "", ""});
  CHECK_FALSE(got->expires);

  got = parse_exec_credential(
      printed(R"({"token": "t", "expirationTimestamp": "2026-01-01T00:00:00Z"})"), plugin());
  REQUIRE(got);
  CHECK(got->expires == parse_rfc3339("2026-01-01T00:00:00Z").value());

  const TestIdentity me = TestAuthority().client("me");
  got = parse_exec_credential(printed(to_text(pair_status(me.certificate, me.key))), plugin());
  REQUIRE(got);
  CHECK(got->proof == Proof{"", me.certificate, me.key});
}

TEST_CASE("what is no credential is refused without quoting it, with the plugin's own hint") {
  struct Row {
    const char* name;
    std::string text;
    const char* want;
  };
  const std::string other_version =
      R"({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1"})";
  const Row rows[] = {
      {"nothing",         "",                                                                 "printed nothing"                         },
      {"words",           "secret-token\n",                                                   "printed no JSON"                         },
      {"other kind",      R"({"kind": "Secret"})",                                            R"(printed kind "Secret")"                },
      {"no kind",         "{}",                                                               R"(printed kind "")"                      },
      {"a list",          "[]",                                                               R"(printed kind "")"                      },
      {"other version",   other_version,
       R"(printed apiVersion "client.authentication.k8s.io/v1beta1")"                                                                   },
      {"no status",       printed("null"),                                                    "neither a token nor a client certificate"},
      {"number as token", printed(R"({"token": 5})"),                                         "neither a token nor a client certificate"},
      {"two lines",       printed(R"({"token": "a\nb"})"),                                    "line break"                              },
      {"half a pair",     printed(R"({"clientCertificateData": "x"})"),                       "without the other"                       },
      {"bad pair",        printed(R"({"clientCertificateData": "x", "clientKeyData": "y"})"),
       "client-certificate holds no certificate"                                                                                        },
      {"bad time",        printed(R"({"token": "t", "expirationTimestamp": "soon"})"),
       R"(no time: "soon")"                                                                                                             },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<ExecCredential> got = parse_exec_credential(row.text, plugin());
    REQUIRE_FALSE(got);
    CAPTURE(got.error().text());
    CHECK(got.error().code == ErrorCode::unavailable);
    CHECK(got.error().where == "exec plugin tool");
    CHECK(got.error().message.find(row.want) != std::string::npos);
    CHECK(got.error().message.find("secret-token") == std::string::npos);
    CHECK(got.error().hint == "brew install tool");
  }
}

TEST_CASE("the plugin is told about the cluster only where it asks for that") {
  ConnectionConfig config;
  config.server = "https://kube.test:6443";
  config.certificate_authority_pem = "PEM";
  config.tls_server_name = "kube";
  config.proxy_url = "http://proxy:3128";
  config.exec = plugin();
  CHECK(parse_json(exec_info(config, false)).value() == parse_json(R"({
    "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
    "spec": {"interactive": false}})")
                                                            .value());
  config.exec->provide_cluster_info = true;
  config.exec->cluster_config = R"({"audience": "a"})";
  CHECK(parse_json(exec_info(config, true)).value() == parse_json(R"({
    "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
    "spec": {"interactive": true, "cluster": {
      "server": "https://kube.test:6443", "certificate-authority-data": "UEVN",
      "tls-server-name": "kube", "proxy-url": "http://proxy:3128",
      "config": {"audience": "a"}}}})")
                                                           .value());
}

}  // namespace
}  // namespace slipway::kubernetes
