#include "controller/counting_transport.h"

#include "base/log.h"
#include "base/text.h"

namespace slipway::controller {
namespace {

using kubernetes::Method;
using kubernetes::Request;

/// Warnings name what a person should change, which is the same few things each time. A server
/// that words each anew must not fill the log.
constexpr std::size_t warnings_max = 100;

/// What the metric's labels say of one request.
struct Labels {
  std::string kind = "Unknown";
  std::string namespace_;
  std::string name = "N/A";
  std::string verb;
};

std::string verb_of(Method method, bool collection, bool watch) {
  switch (method) {
    case Method::get:
      return watch ? "Watch" : collection ? "List" : "Get";
    case Method::post:
      return "Create";
    case Method::put:
      return "Update";
    case Method::patch:
      return "Patch";
    default:
      return collection ? "DeleteAll" : "Delete";
  }
}

/// Reads "/apis/GROUP/VERSION[/namespaces/NS]/PLURAL[/NAME[/SUB]]".
Labels labels_of(const Request& request, bool watch) {
  Labels labels;
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  std::vector<std::string_view> parts = split(path, '/');
  // Begins with an empty part before the first slash; "/api/v1" has no group.
  const std::size_t prefix = parts.size() > 1 && parts[1] == "api" ? 3 : 4;
  if (parts.size() <= prefix) return labels;
  parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(prefix));
  if (parts[0] == "namespaces" && parts.size() > 2) {
    labels.namespace_ = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  labels.kind = parts[0];
  const bool collection = parts.size() == 1;
  // Names of these come and go: a series for each would never end.
  const bool bounded = labels.kind != "events" && labels.kind != "replicasets";
  if (!collection && bounded) labels.name = parts[1];
  labels.verb = verb_of(request.method, collection, watch);
  return labels;
}

}  // namespace

void CountingTransport::send(Request request, Done done) {
  const Labels labels = labels_of(request, false);
  inner_.send(std::move(request),
              [this, labels, done = std::move(done)](Result<kubernetes::Response> response) {
                metrics_.requested(labels.kind, labels.namespace_, labels.name, labels.verb,
                                   response ? response->status : 0);
                if (response) pass_on_warnings(*response);
                done(std::move(response));
              });
}

void CountingTransport::pass_on_warnings(const kubernetes::Response& response) {
  for (const std::string& warning : response.warnings) {
    if (warned_.size() >= warnings_max || !warned_.insert(warning).second) continue;
    log::warn("the API server warns", {
                                          {"warning", warning}
    });
  }
}

std::unique_ptr<kubernetes::Stream> CountingTransport::open(Request request,
                                                            kubernetes::StreamEvents events) {
  const Labels labels = labels_of(request, true);
  auto on_open = std::move(events.on_open);
  events.on_open = [this, labels, on_open = std::move(on_open)](int status) {
    metrics_.requested(labels.kind, labels.namespace_, labels.name, labels.verb, status);
    if (on_open) on_open(status);
  };
  return inner_.open(std::move(request), std::move(events));
}

}  // namespace slipway::controller
