#include "kubernetes/credentials.h"

#include <thread>

#include "base/text.h"
#include "kubernetes/exec_credential.h"

namespace slipway::kubernetes {
namespace {

/// A mounted service account token is rotated well before it ends; client-go looks as often.
constexpr Duration token_file_age_max = 60_s;
/// A credential that is about to run out would do so on the way.
constexpr Duration expiry_margin = 10_s;

}  // namespace

struct Credentials::State : std::enable_shared_from_this<State> {
  State(RealEventLoop& event_loop, const ConnectionConfig& given, Environment from)
      : loop(event_loop), config(given), environment(std::move(from)) {
    proof = {config.token, config.client_certificate_pem, config.client_key_pem};
  }

  Result<Proof> from_file() {
    const Instant now = loop.monotonic_now();
    if (read_at && now - *read_at < token_file_age_max) return proof;
    const Result<std::string> text = environment.read_file(config.token_file);
    if (text) {
      proof.token = trim(*text);
      read_at = now;
      return proof;
    }
    // While the file is being replaced the old token serves on.
    if (!proof.token.empty()) return proof;
    return Failure(inside("token file", text.error()));
  }

  bool credential_holds() const {
    return credential &&
           (!credential->expires || loop.now() + expiry_margin < *credential->expires);
  }

  void from_plugin(Done done) {
    waiting.push_back(std::move(done));
    if (running) return;
    running = true;
    // The thread owns copies: it may outlive the transport.
    std::thread([weak = weak_from_this(), &event_loop = loop, plugin = *config.exec,
                 info = exec_info(config)] {
      Result<std::string> output = run_exec_plugin(plugin, info);
      if (weak.expired()) return;
      event_loop.post([weak, plugin, output = std::move(output)] {
        if (const auto self = weak.lock()) self->plugin_ended(plugin, output);
      });
    }).detach();
  }

  void plugin_ended(const ExecPlugin& plugin, const Result<std::string>& output) {
    running = false;
    Result<Proof> result = proof;
    if (!output) {
      result = Failure(output.error());
    } else {
      Result<ExecCredential> parsed = parse_exec_credential(*output, plugin);
      if (parsed) {
        credential = std::move(*parsed);
        result = credential->proof;
      } else {
        result = Failure(parsed.error());
      }
    }
    const std::vector<Done> served = std::move(waiting);
    waiting.clear();
    for (const Done& done : served) done(result);
  }

  RealEventLoop& loop;
  const ConnectionConfig config;
  Environment environment;
  Proof proof;
  std::optional<Instant> read_at;  ///< Monotonic: when the token file was last read.
  std::optional<ExecCredential> credential;
  std::vector<Done> waiting;
  bool running = false;
};

Credentials::Credentials(RealEventLoop& loop, const ConnectionConfig& config,
                         Environment environment)
    : state_(std::make_shared<State>(loop, config, std::move(environment))) {}

Credentials::~Credentials() = default;

void Credentials::get(Done done) {
  State& state = *state_;
  if (state.config.exec) {
    if (state.credential_holds()) {
      done(state.credential->proof);
    } else {
      state.from_plugin(std::move(done));
    }
  } else if (!state.config.token_file.empty()) {
    done(state.from_file());
  } else {
    done(state.proof);
  }
}

void Credentials::reject() {
  state_->read_at.reset();
  state_->credential.reset();
}

}  // namespace slipway::kubernetes
