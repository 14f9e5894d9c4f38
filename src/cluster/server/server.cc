#include "cluster/server/server.h"

#include "base/text.h"

namespace slipway::cluster {

std::string Call::key() const {
  return object_key(path.namespace_, path.name);
}

std::string object_key(std::string_view namespace_, std::string_view name) {
  std::string key;
  if (!namespace_.empty()) key.append(namespace_).append("/");
  return key.append(name);
}

std::string warning_header(std::string_view text) {
  return "299 - " + quote(text);
}

void run_later(Server& server, Duration delay, std::function<void(Server&)> task) {
  server.loop.after(delay,
                    [&server, alive = std::weak_ptr<bool>(server.alive), task = std::move(task)] {
                      if (!alive.expired()) task(server);
                    });
}

}  // namespace slipway::cluster
