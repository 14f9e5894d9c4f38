#include "cli/session.h"

#include "base/text.h"
#include "cli/version.h"
#include "kubernetes/http_transport.h"

namespace slipway::cli {
namespace {

/// Tries of a write that others keep overtaking: upstream's CLI gives up after as many.
constexpr int update_attempts = 5;

Error as_plugin_tells(Error error, const api::Kind& kind, const std::string& name) {
  if (error.code != ErrorCode::not_found) return error;
  const std::string group = kind.group.empty() ? "" : "." + std::string(kind.group);
  return {ErrorCode::not_found, "", to_lower(kind.kind) + group + " " + quote(name) + " not found",
          ""};
}

}  // namespace

Result<Json> Session::get(const api::Kind& kind, const std::string& name) {
  return get(kind, api::ObjectKey{kind.namespaced ? namespace_ : "", name});
}

Result<Json> Session::get(const api::Kind& kind, const api::ObjectKey& key) {
  std::optional<Result<Json>> answer;
  kubernetes::Client(transport_).get(kind, key, [&](Result<Json> result) {
    answer = std::move(result);
  });
  run_([&] { return answer.has_value(); });
  if (!*answer) return Failure(as_plugin_tells(std::move(*answer).error(), kind, key.name));
  return std::move(*answer);
}

Result<Json::Array> Session::list(const api::Kind& kind, const std::string& namespace_,
                                  const std::string& query) {
  std::optional<Result<Json::Array>> answer;
  kubernetes::Client(transport_).list(kind, namespace_, query, [&](Result<Json::Array> result) {
    answer = std::move(result);
  });
  run_([&] { return answer.has_value(); });
  return std::move(*answer);
}

Result<Json> Session::write(const kubernetes::Write& write) {
  std::optional<kubernetes::Writer::Outcome> outcome;
  Json written;
  kubernetes::Writer writer(
      transport_, [&](const kubernetes::Write&, const Json& object) { written = object; });
  writer.execute({write}, [&](kubernetes::Writer::Outcome o) { outcome = std::move(o); });
  run_([&] { return outcome.has_value(); });
  if (outcome->error) return Failure(*outcome->error);
  return written;
}

Result<Json> Session::update(
    const api::Kind& kind, const std::string& name,
    const std::function<Result<kubernetes::Write>(const Json& seen)>& decide) {
  for (int attempt = 1;; ++attempt) {
    const Json seen = TRY(get(kind, name));
    const kubernetes::Write decided = TRY(decide(seen));
    if (decided.changes_nothing()) return seen;
    Result<Json> written = write(decided);
    if (written || written.error().code != ErrorCode::refused || attempt == update_attempts) {
      return written;
    }
  }
}

Result<std::unique_ptr<ServerSession>> ServerSession::connect(
    const kubernetes::ConfigOverrides& overrides) {
  const kubernetes::ConnectionConfig config =
      TRY(kubernetes::load_connection_config(overrides, kubernetes::Environment::real()));
  std::unique_ptr<ServerSession> made(new ServerSession());
  made->loop_ = kubernetes::make_real_event_loop();
  made->transport_ = TRY(kubernetes::make_http_transport(
      *made->loop_, config, {.user_agent = "slipway/" + build_info().version}));
  kubernetes::RealEventLoop& loop = *made->loop_;
  made->session_ = std::make_unique<Session>(loop, *made->transport_, config.namespace_,
                                             [&loop](const std::function<bool()>& until) {
                                               while (!until()) loop.run_one();
                                             });
  return made;
}

}  // namespace slipway::cli
