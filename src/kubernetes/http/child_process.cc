#include "kubernetes/http/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <thread>

extern char** environ;

// glibc 2.36 declares it in <sys/pidfd.h> without C linkage.
extern "C" int pidfd_open(pid_t, unsigned int) noexcept;

namespace slipway::kubernetes {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

constexpr std::size_t errors_max = 4096;
/// Where the kernel has no pidfd (before 5.3, or forbidden), the end is looked for this often.
constexpr Duration poll_pause = 20_ms;

/// A pipe whose ends no other child inherits.
struct Pipe {
  int read = -1;
  int write = -1;

  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
};

std::vector<std::string> environment_of(const ChildProcess::Command& command) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    bool replaced = false;
    for (const auto& [name, value] : command.environment) {
      replaced |= text.starts_with(name + "=");
    }
    if (!replaced) variables.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// posix_spawnp with what we want of it. Returns 0 or an errno.
int spawn(const ChildProcess::Command& command, int output, int errors, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!command.terminal) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  // A group of its own, so that its children can be killed with it; but only the terminal's own
  // group may read from the terminal.
  if (!command.terminal) flags |= POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&attributes, flags);

  std::vector<std::string> arguments{command.program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = environment_of(command);
  const int error = posix_spawnp(&pid, command.program.c_str(), &actions, &attributes,
                                 pointers(arguments).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

struct ChildProcess::State : std::enable_shared_from_this<State> {
  struct Output {
    stream_descriptor pipe;
    std::string text;
    std::size_t max;
    Output(asio::io_context& context, int fd, std::size_t bytes_max)
        : pipe(context, fd), max(bytes_max) {
      pipe.non_blocking(true);
    }
  };

  State(RealEventLoop& loop, const Command& command, pid_t child, int output_fd, int errors_fd,
        Done callback)
      : pid(child),
        own_group(!command.terminal),
        show_errors(command.terminal),
        done(std::move(callback)),
        output(*static_cast<asio::io_context*>(loop.native()), output_fd, command.output_max),
        errors(*static_cast<asio::io_context*>(loop.native()), errors_fd, errors_max),
        exit_watch(*static_cast<asio::io_context*>(loop.native())),
        poll(loop),
        timeout(loop) {}

  void begin(Duration limit) {
    listen(output);
    listen(errors);
    timeout.set(limit, [this] { finish_by_force(Ended::How::timed_out); });
    const int fd = pidfd_open(pid, 0);
    if (fd < 0) return look_again();
    exit_watch.assign(fd);
    exit_watch.async_wait(stream_descriptor::wait_read,
                          [weak = weak_from_this()](boost::system::error_code error) {
                            const auto self = weak.lock();
                            if (self != nullptr && !error) self->reap();
                          });
  }

  void look_again() {
    poll.set(poll_pause, [this] {
      if (!reap()) look_again();
    });
  }

  /// Waits for output, and only then reads, so that nothing is on its way when the child ends.
  void listen(Output& from) {
    from.pipe.async_wait(stream_descriptor::wait_read,
                         [weak = weak_from_this(), &from](boost::system::error_code error) {
                           const auto self = weak.lock();
                           if (self == nullptr || self->pid == 0 || error) return;
                           bool more = false;
                           if (!self->drain(from, more)) {
                             return self->finish_by_force(Ended::How::printed_too_much);
                           }
                           if (more) self->listen(from);
                         });
  }

  /// Returns false when it is too much to be an answer. Too many errors are left out.
  bool take(Output& from, std::size_t count) {
    const std::string_view bytes(buffer.data(), count);
    if (&from == &errors) {
      if (show_errors) (void)!::write(STDERR_FILENO, bytes.data(), bytes.size());
      from.text.append(bytes.substr(0, from.max - from.text.size()));
      return true;
    }
    if (from.text.size() + count > from.max) return false;
    from.text.append(bytes);
    return true;
  }

  /// Takes what is in the pipe. `more`: its end has not come. Returns false when it is too much.
  bool drain(Output& from, bool& more) {
    for (;;) {
      const ssize_t count = ::read(from.pipe.native_handle(), buffer.data(), buffer.size());
      more = count < 0 && (errno == EAGAIN || errno == EINTR);
      if (count <= 0) return true;
      if (!take(from, static_cast<std::size_t>(count))) return false;
    }
  }

  /// Returns whether it has ended.
  bool reap() {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == 0) return false;
    pid = 0;
    Ended ended;
    if (WIFEXITED(status)) {
      ended.status = WEXITSTATUS(status);
    } else {
      ended.how = Ended::How::killed;
      ended.status = WTERMSIG(status);
    }
    // What is still in the pipes, not until their ends: a grandchild may hold them open for ever.
    bool more = false;
    if (!drain(output, more)) ended.how = Ended::How::printed_too_much;
    drain(errors, more);
    finish(std::move(ended));
    return true;
  }

  void finish_by_force(Ended::How how) {
    kill_it();
    finish({.how = how});
  }

  void finish(Ended ended) {
    const auto self = shared_from_this();  // `done` may drop the process.
    timeout.cancel();
    poll.cancel();
    ended.output = std::move(output.text);
    ended.errors = std::move(errors.text);
    if (const Done callback = std::exchange(done, nullptr)) callback(ended);
  }

  void kill_it() {
    if (pid == 0) return;
    ::kill(own_group ? -pid : pid, SIGKILL);
    // It is gone in a moment, unless a broken file system holds it. The loop doesn't wait for that.
    std::thread([child = pid] { waitpid(child, nullptr, 0); }).detach();
    pid = 0;
  }

  pid_t pid;  ///< 0 once it has ended.
  const bool own_group;
  const bool show_errors;
  Done done;
  std::array<char, 16384> buffer;
  Output output;
  Output errors;
  stream_descriptor exit_watch;
  Timer poll;
  Timer timeout;
};

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}

ChildProcess::~ChildProcess() {
  state_->done = nullptr;
  state_->timeout.cancel();
  state_->poll.cancel();
  state_->kill_it();
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(RealEventLoop& loop,
                                                          const Command& command, Done done) {
  Pipe output;
  Pipe errors;
  if (!output.open() || !errors.open()) {
    return fail(ErrorCode::unavailable, command.program,
                std::string("no pipe to it: ") + std::strerror(errno), "close other programs");
  }
  pid_t pid = 0;
  if (const int error = spawn(command, output.write, errors.write, pid); error != 0) {
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable, command.program,
                std::string("cannot be run: ") + std::strerror(error),
                "install it, or correct PATH");
  }
  auto state = std::make_shared<State>(loop, command, pid, std::exchange(output.read, -1),
                                       std::exchange(errors.read, -1), std::move(done));
  state->begin(command.timeout);
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(state)));
}

}  // namespace slipway::kubernetes
