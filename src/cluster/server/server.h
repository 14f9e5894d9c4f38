#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/api_server.h"
#include "cluster/server/negotiate.h"
#include "cluster/server/request_path.h"
#include "cluster/server/resource.h"
#include "cluster/server/service_addresses.h"
#include "cluster/server/status.h"
#include "cluster/server/store.h"

namespace slipway::cluster {

class Watch;

/// All that the API server is: its state, and what it was given.
struct Server {
  Server(kubernetes::EventLoop& event_loop, ApiServer::Options given)
      : loop(event_loop),
        options(std::move(given)),
        random(options.seed),
        store(options.history_limit) {}

  kubernetes::EventLoop& loop;
  ApiServer::Options options;
  Random random;
  Store store;
  Registry registry;
  ServiceAddresses addresses;
  std::set<Watch*> watches;  ///< Those that are open.
  /// Texts of discovery and OpenAPI by what they show, good for one generation of the registry.
  std::map<std::string, std::string, std::less<>> documents;
  std::uint64_t documents_generation = 0;
  /// Falls with the server: what is posted on the loop asks before it touches it.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

/// One request, read.
struct Call {
  const kubernetes::Request& request;
  RequestPath path;
  Query query;
  Representation form;
  ResourcePtr resource;                    ///< Set for calls of resources.
  std::vector<std::string> warnings = {};  ///< For the answer's `Warning` headers.

  bool dry_run() const { return query.has("dryRun"); }
  /// The key of the named object in its table.
  std::string key() const;
};

/// The key of an object in its kind's table.
std::string object_key(std::string_view namespace_, std::string_view name);

/// Runs a task on the loop after a delay, unless the server is gone by then.
void run_later(Server& server, Duration delay, std::function<void(Server&)> task);

/// `299 - "unknown field \"spec.odd\""`
std::string warning_header(std::string_view text);

}  // namespace slipway::cluster
