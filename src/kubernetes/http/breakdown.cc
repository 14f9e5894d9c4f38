#include "kubernetes/http/breakdown.h"

#include <curl/curl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <cstring>

namespace slipway::kubernetes {
namespace {

constexpr const char* server_hint =
    "is the API server running? check the server address in the kubeconfig and try again";

std::string connect_hint(long system_error) {
  switch (system_error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "check the network, a VPN, and the server address in the kubeconfig";
    default:
      return server_hint;
  }
}

std::string verify_hint(const Breakdown& breakdown) {
  // libcurl looks at the names itself, before it asks OpenSSL for the result.
  if (breakdown.text.find("match") != std::string::npos) {
    return "the server's certificate is for other names: correct the server address, or set "
           "tls-server-name in the kubeconfig";
  }
  switch (breakdown.verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "renew the server's certificate, or correct this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "correct this machine's clock";
    default:
      return "the server's certificate is not signed by certificate-authority of the kubeconfig: "
             "is it the file of another cluster, or of one that was made anew?";
  }
}

std::string handshake_hint(const std::string& text) {
  const auto mentions = [&](const char* words) { return text.find(words) != std::string::npos; };
  if (mentions("wrong version number") || mentions("packet length too long") ||
      mentions("http request")) {
    return "no TLS is spoken there: is the server's address one with http://, or another port?";
  }
  if (mentions("protocol version")) return "the server needs TLS 1.2 or newer";
  if (mentions(" alert ")) {
    return "the server does not accept our client certificate: check client-certificate of the "
           "kubeconfig";
  }
  return server_hint;
}

std::string hint_of(const Breakdown& breakdown) {
  switch (breakdown.code) {
    case CURLE_COULDNT_CONNECT:
      return connect_hint(breakdown.system_error);
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check the server's name in the kubeconfig, and this machine's DNS";
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return "check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY";
    case CURLE_OPERATION_TIMEDOUT:
      return breakdown.connected ? "the server is slow or overloaded: try again"
                                 : "the network drops packets, or the server address in the "
                                   "kubeconfig is wrong";
    case CURLE_PEER_FAILED_VERIFICATION:
      return verify_hint(breakdown);
    case CURLE_SSL_CERTPROBLEM:
      return "check client-certificate and client-key of the kubeconfig";
    case CURLE_SSL_CACERT_BADFILE:
      return "give certificate-authority in the kubeconfig, or install the ca-certificates package";
    case CURLE_SSL_CONNECT_ERROR:
      return handshake_hint(breakdown.text);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      // In TLS 1.3 the server looks at our certificate after the handshake.
      if (breakdown.text.find(" alert ") != std::string::npos) {
        return handshake_hint(breakdown.text);
      }
      return "the connection broke: try again";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return "the connection broke: try again";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "no API server answers there: check the server address in the kubeconfig";
    default:
      return "try again";
  }
}

std::string message_of(const Breakdown& breakdown) {
  if (breakdown.code == CURLE_COULDNT_CONNECT && breakdown.system_error != 0) {
    return std::string("cannot connect: ") +
           std::strerror(static_cast<int>(breakdown.system_error));
  }
  if (!breakdown.text.empty()) return breakdown.text;
  return curl_easy_strerror(static_cast<CURLcode>(breakdown.code));
}

}  // namespace

Error error_of(const Breakdown& breakdown, std::string place) {
  if (breakdown.too_long) {
    return {ErrorCode::unavailable, std::move(place), "the answer is too long to be taken in",
            "does something else than an API server answer there?"};
  }
  return {ErrorCode::unavailable, std::move(place), message_of(breakdown), hint_of(breakdown)};
}

}  // namespace slipway::kubernetes
