#include "kubernetes/curl_loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/ensure.h"

namespace slipway::kubernetes {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

/// Connections to one server at once, where it has no HTTP/2: each watch holds one.
constexpr long host_connections_max = 64;

}  // namespace

struct CurlLoop::Impl : std::enable_shared_from_this<Impl> {
  /// One of libcurl's sockets, as long as it wants to hear of it.
  struct Socket {
    stream_descriptor descriptor;
    int wanted = 0;
    bool reading = false;
    bool writing = false;
    explicit Socket(asio::io_context& context) : descriptor(context) {}
  };

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
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, host_connections_max);
  }

  ~Impl() {
    for (const auto& [easy, ended] : transfers) curl_multi_remove_handle(multi, easy);
    curl_multi_cleanup(multi);
    for (const auto& [fd, socket] : sockets) socket->descriptor.release();
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    static_cast<Impl*>(self)->socket_wanted(fd, what);
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self) {
    Impl& impl = *static_cast<Impl*>(self);
    if (milliseconds < 0) {
      impl.timer.cancel();
    } else {
      impl.timer.set(Duration::from_milliseconds(milliseconds),
                     [&impl] { impl.act(CURL_SOCKET_TIMEOUT, 0); });
    }
    return 0;
  }

  void socket_wanted(curl_socket_t fd, int what) {
    const auto found = sockets.find(fd);
    if (what == CURL_POLL_REMOVE) {
      if (found == sockets.end()) return;
      // The descriptor is libcurl's to close.
      found->second->wanted = 0;
      found->second->descriptor.release();
      sockets.erase(found);
      return;
    }
    std::shared_ptr<Socket> socket;
    if (found == sockets.end()) {
      socket = std::make_shared<Socket>(context);
      boost::system::error_code error;
      socket->descriptor.assign(fd, error);
      if (error) return;
      sockets.emplace(fd, socket);
    } else {
      socket = found->second;
    }
    socket->wanted = what;
    listen(socket, fd);
  }

  void listen(const std::shared_ptr<Socket>& socket, curl_socket_t fd) {
    if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->reading) {
      socket->reading = true;
      socket->descriptor.async_wait(
          stream_descriptor::wait_read,
          [weak = weak_from_this(), socket, fd](boost::system::error_code error) {
            socket->reading = false;
            heard(weak, socket, fd, CURL_CSELECT_IN, error);
          });
    }
    if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->writing) {
      socket->writing = true;
      socket->descriptor.async_wait(
          stream_descriptor::wait_write,
          [weak = weak_from_this(), socket, fd](boost::system::error_code error) {
            socket->writing = false;
            heard(weak, socket, fd, CURL_CSELECT_OUT, error);
          });
    }
  }

  static void heard(const std::weak_ptr<Impl>& weak, const std::shared_ptr<Socket>& socket,
                    curl_socket_t fd, int what, boost::system::error_code error) {
    const auto self = weak.lock();
    if (self == nullptr || error == asio::error::operation_aborted || socket->wanted == 0) return;
    self->act(fd, error ? CURL_CSELECT_ERR : what);
    // libcurl may have removed the socket, and even have got another of the same number.
    const auto found = self->sockets.find(fd);
    if (found != self->sockets.end() && found->second == socket) self->listen(socket, fd);
  }

  void act(curl_socket_t fd, int what) {
    int still_running = 0;
    curl_multi_socket_action(multi, fd, what, &still_running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) ended(message->easy_handle, message->data.result);
    }
  }

  void ended(CURL* easy, CURLcode result) {
    const auto found = transfers.find(easy);
    if (found == transfers.end()) return;
    const Ended callback = std::move(found->second);
    transfers.erase(found);
    curl_multi_remove_handle(multi, easy);
    callback(result);
  }

  RealEventLoop& loop;
  asio::io_context& context;
  Timer timer;
  CURLM* multi;
  std::map<CURL*, Ended> transfers;
  std::map<curl_socket_t, std::shared_ptr<Socket>> sockets;
};

CurlLoop::CurlLoop(RealEventLoop& loop) : impl_(std::make_shared<Impl>(loop)) {}

CurlLoop::~CurlLoop() = default;

void CurlLoop::add(CURL* easy, Ended ended) {
  impl_->transfers.emplace(easy, std::move(ended));
  curl_multi_add_handle(impl_->multi, easy);
}

void CurlLoop::remove(CURL* easy) {
  if (impl_->transfers.erase(easy) > 0) curl_multi_remove_handle(impl_->multi, easy);
}

}  // namespace slipway::kubernetes
