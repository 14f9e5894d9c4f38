#include "kubernetes/client.h"

#include <memory>

#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// Objects a page: an answer of a few megabytes.
constexpr int page_size = 500;

struct Listing : std::enable_shared_from_this<Listing> {
  Transport& transport;
  std::string path;
  std::string query;
  std::function<void(Result<Json::Array>)> done;
  Json::Array items;

  Listing(Transport& t, std::string p, std::string q, std::function<void(Result<Json::Array>)> d)
      : transport(t), path(std::move(p)), query(std::move(q)), done(std::move(d)) {}

  void ask(const std::string& next) {
    Request request;
    request.target = path + "?limit=" + std::to_string(page_size);
    if (!query.empty()) request.target += "&" + query;
    if (!next.empty()) request.target += "&continue=" + url_encode(next);
    transport.send(request, [self = shared_from_this(), request](Result<Response> response) {
      self->take(request, std::move(response));
    });
  }

  void take(const Request& request, Result<Response> response) {
    if (!response) {
      done(Failure(response.error()));
      return;
    }
    Result<Json> page = body_of(*response, request, transport.server());
    if (!page) {
      done(Failure(page.error()));
      return;
    }
    if (Json* list = page->find("items"); list != nullptr && list->is_array()) {
      for (Json& item : list->as_array()) items.push_back(std::move(item));
    }
    const std::string next((*page)["metadata"]["continue"].string_or_empty());
    if (next.empty()) {
      done(std::move(items));
    } else {
      ask(next);
    }
  }
};

}  // namespace

void Client::get(const api::Kind& kind, const api::ObjectKey& key, GotObject done) {
  Request request;
  request.target = kind.path(key.namespace_, key.name);
  transport_.send(request, [&transport = transport_, request,
                            done = std::move(done)](Result<Response> response) {
    if (!response) {
      done(Failure(response.error()));
      return;
    }
    done(body_of(*response, request, transport.server()));
  });
}

void Client::list(const api::Kind& kind, const std::string& namespace_, const std::string& query,
                  std::function<void(Result<Json::Array>)> done) {
  std::make_shared<Listing>(transport_, kind.path(namespace_), query, std::move(done))->ask("");
}

}  // namespace slipway::kubernetes
