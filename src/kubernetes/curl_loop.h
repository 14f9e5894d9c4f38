#pragma once

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {

/// Drives libcurl's transfers on our event loop. Internal to this folder.
class CurlLoop {
 public:
  /// A transfer has ended; its handle is out of the loop already.
  using Ended = std::function<void(CURLcode)>;

  explicit CurlLoop(RealEventLoop& loop);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Starts a transfer. The handle stays the caller's. `ended` comes on the loop, never inside.
  void add(CURL* easy, Ended ended);
  /// Stops a transfer without calling back. Not from inside one of libcurl's own callbacks.
  void remove(CURL* easy);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace slipway::kubernetes
