#pragma once

#include <functional>
#include <memory>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {

/// Drives libcurl's transfers on our event loop: its sockets and its timer are asio's to watch.
/// Internal to this folder.
class CurlLoop {
 public:
  /// A transfer has ended with this CURLcode; its handle is out of the loop already.
  using Ended = std::function<void(int code)>;

  explicit CurlLoop(RealEventLoop& loop);
  /// Stops all transfers without calling back.
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Starts the transfer of a CURL handle, which stays the caller's. `ended` comes on the loop,
  /// never inside this call, and may do anything: even destroy this CurlLoop.
  void add(void* handle, Ended ended);
  /// Stops a transfer without calling back. Not from inside libcurl's own callbacks.
  void remove(void* handle);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace slipway::kubernetes
