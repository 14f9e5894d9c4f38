#include "kubernetes/client.h"

#include <memory>

#include "base/text.h"

namespace slipway::kubernetes {
namespace {

/// Objects a page: an answer of a few megabytes.
constexpr int page_size = 500;

class Listing : public std::enable_shared_from_this<Listing> {
 public:
  using Done = std::function<void(Result<Json::Array>)>;

  Listing(Transport& transport, std::string path, std::string query, Done done)
      : transport_(transport),
        path_(std::move(path)),
        query_(std::move(query)),
        done_(std::move(done)) {}

  /// Asks for the page that `next` names; with an empty one for the first.
  void ask(const std::string& next) {
    std::vector<std::string> query;
    if (paged_) query.push_back("limit=" + std::to_string(page_size));
    if (!query_.empty()) query.push_back(query_);
    if (!next.empty()) query.push_back("continue=" + url_encode(next));
    Request request;
    request.target = query.empty() ? path_ : path_ + "?" + join(query, "&");
    transport_.send(
        request, [self = shared_from_this(), request, later = !next.empty()](
                     const Result<Response>& response) { self->take(request, response, later); });
  }

 private:
  void take(const Request& request, const Result<Response>& response, bool later_page) {
    if (!response) return done_(Failure(response.error()));
    Result<Json> page = body_of(*response, request, transport_.server());
    if (!page) {
      if (page.error().code != ErrorCode::expired || !later_page) {
        return done_(Failure(page.error()));
      }
      // The pages so far are of a version that has been compacted away. All at once can't expire.
      items_.clear();
      paged_ = false;
      return ask("");
    }
    if (Json* list = page->find("items"); list != nullptr && list->is_array()) {
      for (Json& item : list->as_array()) items_.push_back(std::move(item));
    }
    const std::string next((*page)["metadata"]["continue"].string_or_empty());
    if (next.empty()) return done_(std::move(items_));
    ask(next);
  }

  Transport& transport_;
  const std::string path_;
  const std::string query_;
  const Done done_;
  bool paged_ = true;
  Json::Array items_;
};

}  // namespace

void Client::get(const api::Kind& kind, const api::ObjectKey& key, GotObject done) {
  Request request;
  request.target = kind.path(key.namespace_, key.name);
  transport_.send(request, [&transport = transport_, request,
                            done = std::move(done)](const Result<Response>& response) {
    if (!response) return done(Failure(response.error()));
    done(body_of(*response, request, transport.server()));
  });
}

void Client::list(const api::Kind& kind, const std::string& namespace_, const std::string& query,
                  std::function<void(Result<Json::Array>)> done) {
  std::make_shared<Listing>(transport_, kind.path(namespace_), query, std::move(done))->ask("");
}

}  // namespace slipway::kubernetes
