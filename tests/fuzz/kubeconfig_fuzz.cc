// Reading a kubeconfig survives any text; what it returns is fit for use, or the error helps.
// A zero byte parts the input into two files.
#include "fuzz.h"
#include "kubernetes/kubeconfig.h"

using namespace slipway;
using namespace slipway::kubernetes;

namespace {

bool has_control(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

void check(const ConnectionConfig& config) {
  const std::string& server = config.server;
  fuzz::require(server.starts_with("http://") || server.starts_with("https://"),
                "the server has a scheme");
  fuzz::require(!server.ends_with('/') && !has_control(server), "the server is an address");
  fuzz::require(!config.namespace_.empty(), "there is a namespace");
  fuzz::require(config.client_certificate_pem.empty() == config.client_key_pem.empty(),
                "certificate and key come together");
  fuzz::require(
      !has_control(config.token) && !has_control(config.as) && !has_control(config.as_uid),
      "nothing breaks out of a header");
  const bool other = !config.token.empty() || !config.token_file.empty() ||
                     !config.username.empty() || !config.client_key_pem.empty();
  fuzz::require(!config.exec || !other, "a plugin runs only where it is needed");
  fuzz::require(!config.exec || !config.exec->command.empty(), "a plugin has a command");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t zero = text.find('\0');
  const std::string first(text.substr(0, zero));
  const std::string second(zero == std::string_view::npos ? "" : text.substr(zero + 1));
  const Environment environment{
      .variable = [](const std::string& name) -> std::optional<std::string> {
        if (name == "KUBECONFIG") return "/folder/first:/folder/second";
        return std::nullopt;
      },
      .read_file = [&](const std::string& path) -> Result<std::string> {
        if (path == "/folder/first") return first;
        if (path == "/folder/second") return second;
        if (path.starts_with("/folder/")) return std::string("text");
        return fail(ErrorCode::not_found, path, "no such file", "check the path");
      }};
  for (const ConfigOverrides& overrides : {
           ConfigOverrides{},
           ConfigOverrides{.context = "a"},
           ConfigOverrides{.cluster = "a", .user = "a"},
           ConfigOverrides{.server = "https://flag"}
  }) {
    const Result<ConnectionConfig> config = load_connection_config(overrides, environment);
    if (config) {
      check(*config);
    } else {
      fuzz::require(config.error().code == ErrorCode::invalid, "a person must mend it");
      fuzz::require(!config.error().message.empty(), "an error says what is wrong");
    }
  }
  return 0;
}
