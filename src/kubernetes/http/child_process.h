#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kubernetes/event_loop.h"

namespace slipway::kubernetes {

/// A program that runs beside us until it ends, without holding the loop up.
class ChildProcess {
 public:
  struct Command {
    std::string program;  ///< A path, or a name that PATH leads to.
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;  ///< Over our own.
    bool terminal = false;  ///< It reads from our standard input, and its errors are shown.
    Duration timeout = Duration::from_seconds(60);
    std::size_t output_max = 1 << 20;
  };
  struct Ended {
    enum class How { exited, killed, timed_out, printed_too_much } how = How::exited;
    int status = 0;      ///< Exit status, or the signal's number.
    std::string output;  ///< Standard output.
    std::string errors;  ///< The beginning of standard error.
  };
  using Done = std::function<void(const Ended&)>;

  /// Starts it. `done` comes on the loop, never inside this call.
  ///
  /// *Errors*: `not_found` where there is no such program, else `unavailable`.
  static Result<std::unique_ptr<ChildProcess>> start(RealEventLoop& loop, const Command& command,
                                                     Done done);
  /// Kills it, if it still runs. `done` is then not called.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace slipway::kubernetes
