#pragma once

#include <functional>
#include <string>

#include "api/meta.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

/// Reads of single objects, and lists for people (the CLI). Has no way to write: see Write.
class Client {
 public:
  explicit Client(Transport& transport) : transport_(transport) {}

  using GotObject = std::function<void(Result<Json>)>;
  /// A live read. Errors: `not_found` among those of `error_of`.
  void get(const api::Kind& kind, const api::ObjectKey& key, GotObject done);
  /// All pages of a list, as one array. `query` may hold "labelSelector=...&fieldSelector=...".
  void list(const api::Kind& kind, const std::string& namespace_, const std::string& query,
            std::function<void(Result<Json::Array>)> done);

  Transport& transport() { return transport_; }

 private:
  Transport& transport_;
};

}  // namespace slipway::kubernetes
