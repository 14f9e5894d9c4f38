#include "controller/service_release.h"

#include <algorithm>

#include "base/log.h"
#include "rollout/keys.h"
#include "rollout/observed.h"
#include "rollout/services.h"

namespace slipway::controller {

/// How soon it is tried again while a plan holds the Service.
constexpr Duration busy_poll = 1_s;

using kubernetes::Write;
using kubernetes::Writer;

ServiceRelease::ServiceRelease(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                               Caches caches)
    : client_(transport),
      caches_(std::move(caches)),
      writer_(transport, [this](const Write&, const Json& object) { caches_.apply(object); }),
      queue_(loop, [this](const api::ObjectKey& key) { reconcile(key); }) {}

void ServiceRelease::consider(const api::ObjectKey& service) {
  if (is_forsaken(service)) queue_.add(service);
}

void ServiceRelease::consider_named_by(const api::Rollout& rollout) {
  for (const std::string& name : rollout::references(rollout).services) {
    consider({rollout.metadata.namespace_, name});
  }
}

bool ServiceRelease::is_forsaken(const api::ObjectKey& key) const {
  const auto service = caches_.service(key);
  if (service == nullptr || service->metadata.deletion_timestamp) return false;
  const std::string* manager = service->metadata.annotation(rollout::keys::managed_by);
  return manager != nullptr && !caches_.names({key.namespace_, *manager}, key);
}

bool ServiceRelease::holds_up(const api::ObjectKey& rollout) const {
  return std::ranges::any_of(
      held_, [&](const api::ObjectKey& service) { return caches_.names(rollout, service); });
}

void ServiceRelease::reconcile(const api::ObjectKey& key) {
  held_.contains(key) ? look_first(key) : ask_for_manager(key);
}

void ServiceRelease::look_first(const api::ObjectKey& key) {
  client_.get(api::kinds::service, key,
              [this, alive = std::weak_ptr<bool>(alive_), key](const Result<Json>& answer) {
                if (alive.expired()) return;
                if (!answer && answer.error().code != ErrorCode::not_found) {
                  queue_.done(key, {.failed = true});
                  return;
                }
                held_.erase(key);
                if (answer) {
                  caches_.apply(*answer);
                  ask_for_manager(key);
                } else {
                  queue_.done(key, {});
                }
              });
}

void ServiceRelease::ask_for_manager(const api::ObjectKey& key) {
  if (!is_forsaken(key)) {
    queue_.done(key, {});
    return;
  }
  const std::string manager = *caches_.service(key)->metadata.annotation(rollout::keys::managed_by);
  client_.get(api::kinds::rollout, {key.namespace_, manager},
              [this, alive = std::weak_ptr<bool>(alive_), key](const Result<Json>& answer) {
                if (!alive.expired()) judge(key, answer);
              });
}

void ServiceRelease::judge(const api::ObjectKey& key, const Result<Json>& manager) {
  if (!manager && manager.error().code != ErrorCode::not_found) {
    queue_.done(key, {.failed = true});
    return;
  }
  if (manager) {
    const auto rollout = api::decode_tolerant<api::Rollout>(*manager, nullptr);
    const auto& named = rollout::references(rollout).services;
    if (std::ranges::find(named, key.name) != named.end()) {
      queue_.done(key, {});
      return;
    }
  }
  let_go(key);
}

void ServiceRelease::let_go(const api::ObjectKey& key) {
  if (!is_forsaken(key)) {  // Meanwhile it is named again.
    queue_.done(key, {});
    return;
  }
  const auto service = caches_.service(key);
  const std::string& manager = *service->metadata.annotation(rollout::keys::managed_by);
  if (caches_.busy({key.namespace_, manager}, key)) {
    queue_.done(key, {.look_again = busy_poll});
    return;
  }
  held_.insert(key);
  Write write = caches_.serves(*service) ? rollout::unmark(*service) : rollout::release(*service);
  writer_.execute({std::move(write)}, [this, key](Writer::Outcome outcome) {
    if (!outcome.error) {
      held_.erase(key);
    } else {
      log::warn("a Service could not be let go",
                {
                    {"service", key.text()           },
                    {"error",   outcome.error->text()}
      });
    }
    queue_.done(key, {.failed = outcome.error.has_value(), .look_again = outcome.retry_after});
  });
}

}  // namespace slipway::controller
