#include "cluster/api_server.h"

#include "cluster/server/bootstrap.h"
#include "cluster/server/builtin_resources.h"
#include "cluster/server/route.h"
#include "cluster/server/watch.h"

namespace slipway::cluster {

struct ApiServer::State {
  State(kubernetes::EventLoop& loop, Options options) : server(loop, std::move(options)) {}
  Server server;
};

ApiServer::ApiServer(kubernetes::EventLoop& loop, Options options)
    : state_(std::make_unique<State>(loop, std::move(options))) {
  Server& server = state_->server;
  for (ResourcePtr& resource : builtin_resources()) {
    server.store.table(resource->table);
    server.registry.add(std::move(resource));
  }
  create_first_objects(server);
}

ApiServer::ApiServer(kubernetes::EventLoop& loop, Options options, const ApiServer& like)
    : state_(std::make_unique<State>(loop, std::move(options))) {
  Server& server = state_->server;
  const Server& theirs = like.state_->server;
  server.store.copy_objects_of(theirs.store);
  server.registry = theirs.registry;
  server.addresses = theirs.addresses;
}

ApiServer::~ApiServer() {
  close_watches(state_->server);
}

bool ApiServer::is_watch(const kubernetes::Request& request) {
  return asks_for_watch(request);
}

kubernetes::Response ApiServer::handle(const kubernetes::Request& request) {
  return answer(state_->server, request);
}

std::unique_ptr<kubernetes::Stream> ApiServer::watch(const kubernetes::Request& request,
                                                     kubernetes::StreamEvents events) {
  Server& server = state_->server;
  std::expected<Call, kubernetes::Response> call = read_call(server, request);
  if (!call) return refuse_watch(server, std::move(call.error()), std::move(events));
  return open_watch(server, std::move(*call), std::move(events));
}

std::uint64_t ApiServer::revision() const {
  return state_->server.store.revision();
}

void ApiServer::observe(StoreObserver& observer) {
  state_->server.store.add_observer(&observer);
}

void ApiServer::compact() {
  state_->server.store.compact();
}

Store& ApiServer::store() {
  return state_->server.store;
}

}  // namespace slipway::cluster
