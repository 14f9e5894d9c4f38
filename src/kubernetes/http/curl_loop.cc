#include "kubernetes/http/curl_loop.h"

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/ensure.h"

namespace slipway::kubernetes {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

/// Connections, busy ones counted too, beyond which one that falls idle is closed.
constexpr long connections_kept_max = 160;

}  // namespace

struct CurlLoop::Impl : std::enable_shared_from_this<Impl> {
  /// One of libcurl's sockets, as long as it wants to hear of it.
  struct Socket {
    stream_descriptor descriptor;
    int wanted = CURL_POLL_NONE;
    bool reading = false;
    bool writing = false;
    bool removed = false;
    explicit Socket(asio::io_context& context) : descriptor(context) {}
  };
  using SocketPointer = std::shared_ptr<Socket>;

  explicit Impl(RealEventLoop& event_loop)
      : loop(event_loop),
        context(*static_cast<asio::io_context*>(event_loop.native())),
        timer(event_loop),
        multi(curl_multi_init()) {
    ASSERT(multi != nullptr);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    // No bound on open ones here: watches hold theirs for ever, so that a bound could starve the
    // requests. Who sends bounds what is under way.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections_kept_max);
  }

  void close() {
    for (const auto& [easy, ended] : std::exchange(transfers, {})) {
      curl_multi_remove_handle(multi, easy);
    }
    curl_multi_cleanup(multi);  // Closes all connections, and so tells of each socket.
    multi = nullptr;
    timer.cancel();
    for (const auto& [fd, socket] : std::exchange(sockets, {})) drop(*socket);
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    static_cast<Impl*>(self)->socket_wanted(fd, what);
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self) {
    Impl& impl = *static_cast<Impl*>(self);
    if (milliseconds < 0) {
      impl.timer.cancel();
    } else if (milliseconds == 0) {
      impl.act_soon();
    } else {
      impl.timer.set(Duration::from_milliseconds(milliseconds), [weak = impl.weak_from_this()] {
        if (const auto locked = weak.lock()) locked->act(CURL_SOCKET_TIMEOUT, 0);
      });
    }
    return 0;
  }

  /// As a timer of no time, which each new transfer asks for, but without the kernel's.
  void act_soon() {
    timer.cancel();
    if (acts_soon) return;
    acts_soon = true;
    loop.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr || self->multi == nullptr) return;
      self->acts_soon = false;
      self->act(CURL_SOCKET_TIMEOUT, 0);
    });
  }

  /// The descriptor is libcurl's to close.
  static void drop(Socket& socket) {
    socket.removed = true;
    socket.descriptor.release();
  }

  void socket_wanted(curl_socket_t fd, int what) {
    const auto found = sockets.find(fd);
    if (what == CURL_POLL_REMOVE) {
      if (found == sockets.end()) return;
      drop(*found->second);
      sockets.erase(found);
      return;
    }
    SocketPointer socket;
    if (found == sockets.end()) {
      socket = std::make_shared<Socket>(context);
      boost::system::error_code error;
      socket->descriptor.assign(fd, error);
      if (error) return;  // libcurl's timeouts end what can't be watched.
      sockets.emplace(fd, socket);
    } else {
      socket = found->second;
    }
    socket->wanted = what;
    listen(socket, fd);
  }

  void listen(const SocketPointer& socket, curl_socket_t fd) {
    if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->reading) {
      socket->reading = true;
      wait(socket, fd, stream_descriptor::wait_read, &Socket::reading, CURL_CSELECT_IN);
    }
    if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->writing) {
      socket->writing = true;
      wait(socket, fd, stream_descriptor::wait_write, &Socket::writing, CURL_CSELECT_OUT);
    }
  }

  void wait(const SocketPointer& socket, curl_socket_t fd, stream_descriptor::wait_type type,
            bool Socket::* waiting, int event) {
    socket->descriptor.async_wait(type, [weak = weak_from_this(), socket, fd, waiting,
                                         event](boost::system::error_code error) {
      socket.get()->*waiting = false;
      const auto self = weak.lock();
      if (self == nullptr || socket->removed || error == asio::error::operation_aborted) return;
      if (socket->wanted != CURL_POLL_NONE) self->act(fd, error ? CURL_CSELECT_ERR : event);
      // Still libcurl's, and not another of the same number?
      if (!socket->removed) self->listen(socket, fd);
    });
  }

  /// Lets libcurl work, then tells of the transfers that this has ended.
  void act(curl_socket_t fd, int what) {
    const auto self = shared_from_this();  // A callback may destroy the owner.
    int left = 0;
    curl_multi_socket_action(multi, fd, what, &left);
    while (multi != nullptr) {
      const CURLMsg* message = curl_multi_info_read(multi, &left);
      if (message == nullptr) break;
      if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
    }
  }

  void end(CURL* easy, CURLcode result) {
    const auto found = transfers.find(easy);
    if (found == transfers.end()) return;
    const Ended ended = std::move(found->second);
    transfers.erase(found);
    curl_multi_remove_handle(multi, easy);
    ended(result);
  }

  RealEventLoop& loop;
  asio::io_context& context;
  Timer timer;
  bool acts_soon = false;
  CURLM* multi;
  std::map<CURL*, Ended> transfers;
  std::map<curl_socket_t, SocketPointer> sockets;
};

CurlLoop::CurlLoop(RealEventLoop& loop) : impl_(std::make_shared<Impl>(loop)) {}

CurlLoop::~CurlLoop() {
  impl_->close();
}

void CurlLoop::add(void* handle, Ended ended) {
  impl_->transfers.emplace(handle, std::move(ended));
  const CURLMcode code = curl_multi_add_handle(impl_->multi, handle);
  ASSERT(code == CURLM_OK);
}

void CurlLoop::remove(void* handle) {
  if (impl_->transfers.erase(handle) > 0) curl_multi_remove_handle(impl_->multi, handle);
}

}  // namespace slipway::kubernetes
