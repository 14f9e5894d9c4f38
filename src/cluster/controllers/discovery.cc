#include "cluster/controllers/discovery.h"

#include <set>

#include "base/log.h"
#include "kubernetes/reflector.h"

namespace slipway::cluster {

using api::Kind;
using kubernetes::Request;
using kubernetes::Response;

namespace {

/// CustomResourceDefinitions change a few times while they are being established.
constexpr Duration settle = Duration::from_milliseconds(20);
constexpr Duration retry = Duration::from_seconds(1);

std::string_view group_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

bool has_verbs(const Json& resource, std::initializer_list<std::string_view> wanted) {
  for (const std::string_view verb : wanted) {
    bool found = false;
    for (std::size_t i = 0; i < resource["verbs"].size(); ++i) {
      found = found || resource["verbs"].at(i).string_or_empty() == verb;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

std::vector<Kind> read_resource_list(
    const Json& list, const std::function<std::string_view(std::string_view)>& keep) {
  const std::string_view group_version = list["groupVersion"].string_or_empty();
  const std::string_view group = group_of(group_version);
  const std::string_view version =
      group.empty() ? group_version : group_version.substr(group.size() + 1);
  std::vector<Kind> kinds;
  for (std::size_t i = 0; i < list["resources"].size(); ++i) {
    const Json& resource = list["resources"].at(i);
    const std::string_view name = resource["name"].string_or_empty();
    const bool is_subresource = name.find('/') != std::string_view::npos;
    if (is_subresource || !has_verbs(resource, {"list", "watch", "delete"})) continue;
    kinds.push_back({keep(group), keep(version), keep(resource["kind"].string_or_empty()),
                     keep(name), resource["namespaced"].bool_or(false)});
  }
  return kinds;
}

struct Discovery::State final : kubernetes::ReflectorSink,
                                std::enable_shared_from_this<Discovery::State> {
  State(kubernetes::EventLoop& loop, kubernetes::Transport& t, std::uint64_t seed)
      : transport(t),
        definitions(loop, t,
                    {.kind = api::kinds::custom_resource_definition, .metadata_only = true}, *this,
                    seed),
        timer(loop) {}

  // Whatever happens to a definition, all kinds are asked for anew.
  void store_went_back() override {}
  void replace_begin() override {}
  void replace_item(const Json&) override {}
  void replace_end(const std::string&) override { ask_again(settle); }
  void upsert(const Json&) override { ask_again(settle); }
  void remove(const Json&) override { ask_again(settle); }

  void ask_again(Duration delay);
  void ask();
  void get(std::string path, std::function<void(const Json&)> use);
  void finish();
  std::string_view keep(std::string_view text) { return *texts.emplace(text).first; }

  kubernetes::Transport& transport;
  kubernetes::Reflector definitions;
  kubernetes::Timer timer;
  std::set<std::string, std::less<>> texts;  ///< Nodes of a set stay where they are.
  std::vector<Kind> kinds;
  std::vector<Changed> handlers;
  bool synced = false;

  std::uint64_t round = 0;  ///< Answers to an earlier round are of no interest.
  int waiting_for = 0;
  bool failed = false;
  std::vector<Kind> found;
};

void Discovery::State::ask_again(Duration delay) {
  synced = false;
  timer.set(delay, [this] { ask(); });
}

void Discovery::State::ask() {
  ++round;
  waiting_for = 0;
  failed = false;
  found.clear();
  const auto collect = [this](const Json& list) {
    for (const Kind& kind :
         read_resource_list(list, [this](std::string_view text) { return keep(text); })) {
      found.push_back(kind);
    }
  };
  get("/api/v1", collect);
  get("/apis", [this, collect](const Json& groups) {
    for (std::size_t i = 0; i < groups["groups"].size(); ++i) {
      const Json& preferred = groups["groups"].at(i)["preferredVersion"]["groupVersion"];
      get("/apis/" + std::string(preferred.string_or_empty()), collect);
    }
  });
}

void Discovery::State::get(std::string path, std::function<void(const Json&)> use) {
  ++waiting_for;
  const Request request{.target = std::move(path)};
  transport.send(request, [weak = weak_from_this(), asked = round, request,
                           use = std::move(use)](const Result<Response>& response) {
    const std::shared_ptr<State> self = weak.lock();
    if (self == nullptr || self->round != asked) return;
    const Result<Json> body =
        response ? kubernetes::body_of(*response, request, self->transport.server())
                 : Result<Json>(Failure(response.error()));
    if (body) {
      use(*body);
    } else if (body.error().code != ErrorCode::not_found) {
      // A group that has just gone is answered 404; all else leaves the picture incomplete.
      log::warn("cannot discover kinds", {
                                             {"error", body.error().text()}
      });
      self->failed = true;
    }
    if (--self->waiting_for == 0) self->finish();
  });
}

void Discovery::State::finish() {
  if (failed) return ask_again(retry);
  synced = true;
  kinds = std::move(found);
  found.clear();
  for (const Changed& changed : handlers) changed();
}

Discovery::Discovery(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                     std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, seed)) {}

Discovery::~Discovery() = default;

void Discovery::on_change(Changed changed) {
  state_->handlers.push_back(std::move(changed));
}

void Discovery::start() {
  state_->definitions.start();
}

void Discovery::stop() {
  state_->definitions.stop();
  state_->timer.cancel();
  ++state_->round;
}

bool Discovery::synced() const {
  return state_->synced;
}

const std::vector<Kind>& Discovery::kinds() const {
  return state_->kinds;
}

const Kind* Discovery::find(std::string_view api_version, std::string_view kind) const {
  for (const Kind& candidate : state_->kinds) {
    if (candidate.group == group_of(api_version) && candidate.kind == kind) return &candidate;
  }
  return nullptr;
}

}  // namespace slipway::cluster
