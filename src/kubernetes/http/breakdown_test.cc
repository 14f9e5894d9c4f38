#include "kubernetes/http/breakdown.h"

#include <curl/curl.h>
#include <doctest/doctest.h>
#include <openssl/x509_vfy.h>

#include <cerrno>

namespace slipway::kubernetes {
namespace {

TEST_CASE("each cause has its own advice") {
  struct Row {
    const char* name;
    Breakdown breakdown;
    const char* want_message;
    const char* want_hint;
  };
  const Row rows[] = {
      {"refused",
       {.code = CURLE_COULDNT_CONNECT, .text = "Failed to connect", .system_error = ECONNREFUSED},
       "cannot connect: Connection refused",                                                           "is the API server running?"                           },
      {"no route",
       {.code = CURLE_COULDNT_CONNECT, .text = "", .system_error = EHOSTUNREACH},
       "No route to host",                                                                             "a VPN"                                                },
      {"no connection, cause unknown",
       {.code = CURLE_COULDNT_CONNECT, .text = "Failed to connect"},
       "Failed to connect",                                                                            "is the API server running?"                           },
      {"unknown name",
       {.code = CURLE_COULDNT_RESOLVE_HOST, .text = "Could not resolve host: kube.test"},
       "kube.test",                                                                                    "DNS"                                                  },
      {"unknown proxy",                {.code = CURLE_COULDNT_RESOLVE_PROXY, .text = ""},          "", "proxy-url"                                            },
      {"no connection in time",
       {.code = CURLE_OPERATION_TIMEDOUT, .text = "timed out"},
       "timed out",                                                                                    "server address in the kubeconfig is wrong"            },
      {"no answer in time",
       {.code = CURLE_OPERATION_TIMEDOUT, .text = "timed out", .connected = true},
       "timed out",                                                                                    "slow or overloaded"                                   },
      {"unknown authority",
       {.code = CURLE_PEER_FAILED_VERIFICATION,
        .text = "unable to get local issuer certificate",
        .verify_result = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
       "issuer",                                                                                       "not signed by certificate-authority of the kubeconfig"},
      {"signed by itself",
       {.code = CURLE_PEER_FAILED_VERIFICATION,
        .text = "self-signed",
        .verify_result = X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
       "self-signed",                                                                                  "not signed by certificate-authority"                  },
      {"run out",
       {.code = CURLE_PEER_FAILED_VERIFICATION,
        .text = "certificate has expired",
        .verify_result = X509_V_ERR_CERT_HAS_EXPIRED},
       "expired",                                                                                      "renew the server's certificate"                       },
      {"from the future",
       {.code = CURLE_PEER_FAILED_VERIFICATION,
        .text = "not yet valid",
        .verify_result = X509_V_ERR_CERT_NOT_YET_VALID},
       "not yet",                                                                                      "clock"                                                },
      {"other names",
       {.code = CURLE_PEER_FAILED_VERIFICATION,
        .text = "no alternative certificate subject name matches target host name 'a'",
        .verify_result = 1},
       "'a'",                                                                                          "tls-server-name"                                      },
      {"no TLS there",
       {.code = CURLE_SSL_CONNECT_ERROR, .text = "wrong version number"},
       "",                                                                                             "no TLS is spoken there"                               },
      {"old TLS",
       {.code = CURLE_SSL_CONNECT_ERROR, .text = "tlsv1 alert protocol version"},
       "",                                                                                             "TLS 1.2 or newer"                                     },
      {"certificate refused",
       {.code = CURLE_SSL_CONNECT_ERROR, .text = "sslv3 alert bad certificate"},
       "",                                                                                             "client-certificate of the kubeconfig"                 },
      {"certificate refused later",
       {.code = CURLE_RECV_ERROR, .text = "tlsv13 alert certificate required", .connected = true},
       "",                                                                                             "client-certificate of the kubeconfig"                 },
      {"reset",
       {.code = CURLE_RECV_ERROR, .text = "Connection reset by peer", .connected = true},
       "reset",                                                                                        "the connection broke"                                 },
      {"no bundle",                    {.code = CURLE_SSL_CACERT_BADFILE, .text = ""},             "", "ca-certificates"                                      },
      {"too long",
       {.code = CURLE_WRITE_ERROR, .text = "Failed writing", .connected = true, .too_long = true},
       "too long",                                                                                     "something else than an API server"                    },
      {"anything else",                {.code = CURLE_FTP_WEIRD_PASS_REPLY, .text = ""},           "", "try again"                                            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Error error = error_of(row.breakdown, "get pods n/p at s");
    CAPTURE(error.text());
    CHECK(error.code == ErrorCode::unavailable);
    CHECK(error.where == "get pods n/p at s");
    CHECK_FALSE(error.message.empty());
    CHECK(error.message.find(row.want_message) != std::string::npos);
    CHECK(error.hint.find(row.want_hint) != std::string::npos);
  }
}

}  // namespace
}  // namespace slipway::kubernetes
