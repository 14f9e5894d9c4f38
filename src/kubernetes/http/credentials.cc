#include "kubernetes/http/credentials.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "kubernetes/http/exec_credential.h"

namespace slipway::kubernetes {
namespace {

/// A mounted service account token is rotated long before it ends; client-go looks as often.
constexpr Duration token_file_age_max = 60_s;
/// A credential that is about to run out would do so on the way.
constexpr Duration expiry_margin_max = 30_s;
/// Where each new credential is rejected too, the fault is elsewhere: no plugin runs more often.
constexpr Duration rejection_pause = 10_s;
/// After a failed run its error serves all comers for a while.
constexpr Duration failure_pause = 1_s;

Proof proof_of(const ConnectionConfig& config) {
  Proof proof{.authorization = {},
              .client_certificate_pem = config.client_certificate_pem,
              .client_key_pem = config.client_key_pem};
  if (!config.token.empty()) {
    proof.authorization = "Bearer " + config.token;
  } else if (!config.username.empty()) {
    proof.authorization = "Basic " + base64_encode(config.username + ":" + config.password);
  }
  return proof;
}

class FixedCredentials final : public Credentials {
 public:
  explicit FixedCredentials(Proof proof) : proof_(std::make_shared<Proof>(std::move(proof))) {}

  void get(Done done) override { done(proof_); }
  bool rejected(const ProofPointer&) override { return false; }

 private:
  const ProofPointer proof_;
};

class TokenFileCredentials final : public Credentials {
 public:
  TokenFileCredentials(const EventLoop& loop, const ConnectionConfig& config,
                       Environment environment)
      : loop_(loop),
        path_(config.token_file),
        environment_(std::move(environment)),
        proof_(std::make_shared<Proof>(proof_of(config))) {}

  void get(Done done) override {
    const Instant now = loop_.monotonic_now();
    if (!read_at_ || now - *read_at_ >= token_file_age_max) {
      read();
      read_at_ = now;
    }
    // While the file is being replaced, or is gone, the old token serves on.
    if (proof_->authorization.empty() && error_) return done(Failure(*error_));
    done(proof_);
  }

  bool rejected(const ProofPointer& proof) override {
    if (*proof == *proof_) read();
    return !(*proof == *proof_);
  }

 private:
  void read() {
    const Result<std::string> text = environment_.read_file(path_);
    const std::string_view token = text ? trim(*text) : std::string_view();
    if (token.empty() || token.find_first_of("\r\n") != std::string_view::npos) {
      error_ = text ? Error{ErrorCode::unavailable, path_, "holds no token on one line", ""}
                    : text.error();
      error_->code = ErrorCode::unavailable;
      error_->where = "token file " + error_->where;
      error_->hint = "the token is read again with the next request";
      log::warn("cannot read the token file", {
                                                  {"error", error_->text()}
      });
      return;
    }
    error_.reset();
    Proof fresh = *proof_;
    fresh.authorization = "Bearer " + std::string(token);
    if (fresh == *proof_) return;
    proof_ = std::make_shared<Proof>(std::move(fresh));
  }

  const EventLoop& loop_;
  const std::string path_;
  const Environment environment_;
  ProofPointer proof_;
  std::optional<Instant> read_at_;
  std::optional<Error> error_;
};

class PluginCredentials final : public Credentials {
 public:
  PluginCredentials(EventLoop& loop, ExecPlugin plugin, RunPlugin run)
      : loop_(loop), plugin_(std::move(plugin)), run_(std::move(run)) {}

  void get(Done done) override {
    if (proof_ != nullptr && (!refresh_at_ || loop_.now() < *refresh_at_)) return done(proof_);
    if (error_ && loop_.monotonic_now() - failed_at_ < failure_pause) {
      return done(Failure(*error_));
    }
    waiting_.push_back(std::move(done));
    if (running_ != nullptr) return;
    running_ = run_([this](const Result<std::string>& output) { take(output); });
  }

  bool rejected(const ProofPointer& proof) override {
    if (proof != proof_) return true;  // Replaced meanwhile, or about to be.
    const Instant now = loop_.monotonic_now();
    if (rejected_at_ && now - *rejected_at_ < rejection_pause) return false;
    rejected_at_ = now;
    proof_ = nullptr;
    return true;
  }

 private:
  void take(const Result<std::string>& output) {
    running_ = nullptr;
    Result<ExecCredential> credential =
        output ? parse_exec_credential(*output, plugin_) : Failure(output.error());
    std::optional<Result<ProofPointer>> outcome;
    if (credential) {
      error_.reset();
      proof_ = std::make_shared<Proof>(std::move(credential->proof));
      refresh_at_ = refresh_time(credential->expires);
      outcome = proof_;
    } else {
      error_ = credential.error();
      failed_at_ = loop_.monotonic_now();
      outcome = Failure(credential.error());
    }
    // Who is told may ask again, or destroy this object.
    const std::vector<Done> told = std::exchange(waiting_, {});
    for (const Done& done : told) done(*outcome);
  }

  /// Short before it expires; of a short life, after nine tenths.
  std::optional<Instant> refresh_time(std::optional<Instant> expires) const {
    if (!expires) return std::nullopt;
    const Duration life = *expires - loop_.now();
    return *expires - std::min(expiry_margin_max, Duration{life.nanoseconds / 10});
  }

  EventLoop& loop_;
  const ExecPlugin plugin_;
  const RunPlugin run_;
  std::shared_ptr<void> running_;
  std::vector<Done> waiting_;
  ProofPointer proof_;
  std::optional<Instant> refresh_at_;   ///< Wall clock, as expirations are.
  std::optional<Instant> rejected_at_;  ///< Monotonic.
  std::optional<Error> error_;
  Instant failed_at_;  ///< Monotonic.
};

}  // namespace

std::unique_ptr<Credentials> make_fixed_credentials(const ConnectionConfig& config) {
  return std::make_unique<FixedCredentials>(proof_of(config));
}

std::unique_ptr<Credentials> make_token_file_credentials(const EventLoop& loop,
                                                         const ConnectionConfig& config,
                                                         Environment environment) {
  return std::make_unique<TokenFileCredentials>(loop, config, std::move(environment));
}

std::unique_ptr<Credentials> make_plugin_credentials(EventLoop& loop,
                                                     const ConnectionConfig& config,
                                                     RunPlugin run) {
  return std::make_unique<PluginCredentials>(loop, *config.exec, std::move(run));
}

}  // namespace slipway::kubernetes
