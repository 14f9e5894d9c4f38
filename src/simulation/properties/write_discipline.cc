#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "simulation/properties/declared_metadata.h"
#include "simulation/properties/groups.h"
#include "simulation/properties/json_difference.h"

/// W1 to W12: what every request must be, whatever it is for.
namespace slipway::simulation {
namespace {

using kubernetes::Method;

/// A change of an object that the properties guard. Events are news and leases have rules of their
/// own, in their own tests.
bool is_guarded_change(const SentRequest& request) {
  return request.method != Method::get && request.about.kind != ObjectKind::event &&
         request.about.kind != ObjectKind::lease;
}

bool is_create(const SentRequest& request) {
  return request.method == Method::post && request.about.collection;
}

bool is_json_patch(const SentRequest& request) {
  return request.content_type == kubernetes::media::json_patch;
}

std::string object_of(const SentRequest& request) {
  return std::string(to_string(request.about.kind)) + " " + request.about.key;
}

std::string id_of(const SentRequest& request) {
  return request.replica + " " + object_of(request);
}

Violation violation_of(const SentRequest& request, const Ledger& ledger, std::string text) {
  return {.property = {},
          .at = ledger.now(),
          .revision = ledger.revision(),
          .request = request.id,
          .object = object_of(request),
          .text = std::move(text)};
}

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

/// The fields that people, autoscalers and other replicas change too, so that a decision to change
/// them has always read them.
bool is_shared_field(std::string_view path) {
  return path == "/spec/replicas" || path.starts_with("/metadata/annotations/") ||
         path.starts_with("/spec/selector");
}

/// Why a JSON patch is not held to what was read; empty where it is.
std::string lack_of_json_patch(const Json& operations, ObjectKind kind) {
  std::set<std::string, std::less<>> tested;
  if (!operations.is_array()) return "is no JSON patch";
  for (const Json& operation : operations.as_array()) {
    if (operation["op"].string_or_empty() == "test") {
      tested.emplace(operation["path"].string_or_empty());
    }
  }
  if (tested.contains("/metadata/resourceVersion")) return {};
  if (!tested.contains("/metadata/uid")) return "tests neither uid nor resourceVersion";
  for (const Json& operation : operations.as_array()) {
    const std::string_view path = operation["path"].string_or_empty();
    if (operation["op"].string_or_empty() == "test" || !is_shared_field(path)) continue;
    const bool covered = std::ranges::any_of(
        tested, [&](const std::string& top) { return is_at_or_below(path, top); });
    if (!covered) return fmt::format("changes {} without testing what it was", path);
    // Whoever changes a ReplicaSet's size has read the deadline that goes with it.
    if (kind == ObjectKind::deployment) continue;
    const bool reads_deadline = std::ranges::any_of(tested, [](const std::string& top) {
      return is_at_or_below("/metadata/annotations/scale-down-deadline", top);
    });
    if (path == "/spec/replicas" && !reads_deadline) {
      return "changes the size without testing the scale-down deadline";
    }
  }
  return {};
}

std::string lack_of_precondition(const SentRequest& request, const Json& body) {
  switch (request.method) {
    case Method::post:
      if (is_create(request)) {
        return body["metadata"]["name"].is_string() ? "" : "creates an object without a name";
      }
      return body["deleteOptions"]["preconditions"]["uid"].is_string() ? ""
                                                                       : "evicts without a uid";
    case Method::delete_:
      if (!body["preconditions"]["uid"].is_string()) return "deletes without a uid";
      return body["preconditions"]["resourceVersion"].is_string()
                 ? ""
                 : "deletes without a resourceVersion";
    case Method::patch:
      if (is_json_patch(request)) return lack_of_json_patch(body, request.about.kind);
      [[fallthrough]];
    default:
      return body["metadata"]["resourceVersion"].is_string() ? ""
                                                             : "is sent without a resourceVersion";
  }
}

class W1 final : public Property {
 public:
  W1() : Property("W1", "every write names all that its decision read") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request)) return;
    checked();
    const std::string lack = lack_of_precondition(request, ledger.body(request));
    if (!lack.empty()) {
      broken(violation_of(request, ledger,
                          fmt::format("{} {}", kubernetes::to_string(request.method), lack)));
    }
  }
};

/// Follows, for each replica and object, a request that failed until the object is read again.
class AfterFailure : public Property {
 public:
  using Property::Property;

  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    if (request.method == Method::get) {
      if (request.status != 200 && request.status != 404) return;
      // Pods are not watched: each plan that looks at them lists them afresh.
      if (request.about.kind == ObjectKind::pod && request.about.collection) {
        read_all_again(request.replica, ObjectKind::pod);
      }
      read_again(request.replica, request.about.kind, request.about.key);
    } else if (is_guarded_change(request) && is_failure(request)) {
      open_.insert_or_assign(id_with_name(request, ledger), request);
    }
  }
  void on_delivery(std::string_view replica, ObjectKind kind, std::string_view key, std::uint64_t,
                   const Ledger&) override {
    if (!open_.empty()) read_again(replica, kind, key);
  }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request)) return;
    const auto found = open_.find(id_with_name(request, ledger));
    if (found == open_.end()) return;
    checked();
    if (const std::string wrong = judge(found->second, request); !wrong.empty()) {
      broken(violation_of(request, ledger, wrong));
    }
    open_.erase(found);
  }

 protected:
  virtual bool is_failure(const SentRequest& request) const = 0;
  /// What is wrong with `next`, sent without a look at the object since `failed`.
  virtual std::string judge(const SentRequest& failed, const SentRequest& next) const = 0;

 private:
  /// A create is about the object that it names.
  static std::string id_with_name(const SentRequest& request, const Ledger& ledger) {
    std::string id = id_of(request);
    if (is_create(request)) id += ledger.body(request)["metadata"]["name"].string_or_empty();
    return id;
  }
  void read_again(std::string_view replica, ObjectKind kind, std::string_view key) {
    if (open_.erase(fmt::format("{} {} {}", replica, to_string(kind), key)) > 0) checked();
  }
  void read_all_again(std::string_view replica, ObjectKind kind) {
    const std::string prefix = fmt::format("{} {} ", replica, to_string(kind));
    std::erase_if(open_, [&](const auto& one) { return one.first.starts_with(prefix); });
  }

  std::map<std::string, SentRequest> open_;
};

class W2 final : public AfterFailure {
 public:
  W2() : AfterFailure("W2", "after a refusal the object is read before it is written again") {}

 private:
  bool is_failure(const SentRequest& request) const override {
    return request.outcome == Outcome::answered &&
           (request.status == 409 || (request.status == 422 && is_json_patch(request)));
  }
  std::string judge(const SentRequest& failed, const SentRequest& next) const override {
    return fmt::format("{} follows a {} ({}) with no look at the object in between",
                       kubernetes::to_string(next.method), kubernetes::to_string(failed.method),
                       failed.status);
  }
};

class W7 final : public AfterFailure {
 public:
  W7() : AfterFailure("W7", "after an ambiguous answer it reads, or repeats the very request") {}

 private:
  bool is_failure(const SentRequest& request) const override {
    return request.outcome == Outcome::ambiguous ||
           (request.outcome == Outcome::answered && request.status == 504);
  }
  std::string judge(const SentRequest& failed, const SentRequest& next) const override {
    if (failed.method == next.method && failed.target == next.target && failed.body == next.body) {
      return {};
    }
    return "another write follows one whose outcome is unknown, with no look in between";
  }
};

class W3 final : public Property {
 public:
  W3() : Property("W3", "no write leaves its object as it was") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.request != nullptr) committed_.insert(change.commit.request);
    if (change.request == nullptr || !is_guarded_change(*change.request)) return;
    if (change.commit.before == nullptr || change.commit.after == nullptr) return;
    checked();
    for_each_difference(*change.commit.before, *change.commit.after,
                        [&](const Difference& one) { found_ |= !is_bookkeeping(one.path); });
    if (!std::exchange(found_, false)) {
      broken(change.violation(object_of(*change.request), "the write changed nothing"));
    }
  }
  void on_answer(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request)) return;
    const bool changed = committed_.erase(request.id) > 0;
    if (request.outcome == Outcome::ambiguous) {
      ambiguous_.insert(request.target + request.body);
      return;
    }
    if (request.status < 200 || request.status >= 300 || request.method == Method::delete_ ||
        request.about.subresource == "eviction") {
      return;
    }
    checked();
    // The repetition of one whose answer was lost may find its work done.
    if (!changed && !ambiguous_.contains(request.target + request.body)) {
      broken(violation_of(request, ledger, "the write was accepted and changed nothing"));
    }
  }

 private:
  bool found_ = false;
  std::set<std::uint64_t> committed_;
  std::set<std::string> ambiguous_;
};

class W4 final : public Property {
 public:
  W4() : Property("W4", "nothing is decided on a copy older than our own last write to it") {}

  void on_commit(const Change& change, const Ledger&) override {
    if (change.request != nullptr) made_[change.commit.request] = change.commit.revision;
  }
  void on_answer(const SentRequest& request, const Ledger&) override {
    const auto made = made_.find(request.id);
    if (made == made_.end()) return;
    if (request.outcome == Outcome::answered && is_guarded_change(request) &&
        !request.about.collection) {
      last_[id_of(request)] = made->second;
    }
    made_.erase(made);
  }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request) || request.decided_on == 0) return;
    const auto last = last_.find(id_of(request));
    if (last == last_.end()) return;
    checked();
    if (request.decided_on < last->second) {
      broken(violation_of(
          request, ledger,
          fmt::format("decided on revision {}, though its own write had already made revision {}",
                      request.decided_on, last->second)));
    }
  }

 private:
  std::map<std::uint64_t, std::uint64_t> made_;  ///< Revision by request, until it is answered.
  std::map<std::string, std::uint64_t> last_;
};

bool is_ours_in_rollout(std::string_view path) {
  constexpr std::array<std::string_view, 4> annotations = {
      "rollout.argoproj.io~1revision", "rollout.argoproj.io~1workload-generation",
      "notified.notifications.argoproj.io", "slipway.dev~1revision-for"};
  return path.starts_with("/status") || std::ranges::any_of(annotations, [&](auto key) {
           return path.starts_with("/metadata/annotations/" + std::string(key));
         });
}

bool is_ours_in_set(std::string_view path) {
  constexpr std::string_view prefix = "/metadata/annotations/";
  constexpr std::array<std::string_view, 6> annotations = {
      "rollout.argoproj.io~1revision",
      "rollout.argoproj.io~1revision-history",
      "rollout.argoproj.io~1desired-replicas",
      "scale-down-deadline",
      "argo-rollouts.argoproj.io~1scale-down-deadline",
      "slipway.dev~1claim"};
  if (path.starts_with(prefix)) {
    return std::ranges::find(annotations, path.substr(prefix.size())) != annotations.end();
  }
  return path == "/spec/replicas" || path == "/spec/minReadySeconds" ||
         path == "/metadata/labels/rollouts-pod-template-hash" ||
         path.starts_with("/metadata/ownerReferences");
}

bool is_ours_in_service(std::string_view path) {
  return path == "/spec/selector/rollouts-pod-template-hash" ||
         path == "/metadata/annotations/slipway.dev~1claim" ||
         path == "/metadata/annotations/argo-rollouts.argoproj.io~1managed-by-rollouts";
}

bool is_ours_in_deployment(std::string_view path) {
  return path == "/spec/replicas";
}

/// A ReplicaSet gets its Rollout's annotations, in any version that there was.
bool is_passed_on(const Change& change, const Difference& one, const Ledger& ledger) {
  constexpr std::string_view prefix = "/metadata/annotations/";
  if (change.set_after == nullptr || change.rollout == nullptr || one.after == nullptr ||
      !one.path.starts_with(prefix)) {
    return false;
  }
  const auto& versions = ledger.versions(ObjectKind::rollout, change.rollout->key);
  return std::ranges::any_of(versions, [&](const Version& version) {
    const Json* given = version.content ? version.content->find_pointer(one.path) : nullptr;
    return given != nullptr && *given == *one.after;
  });
}

/// What the server notes on a pod that it evicts for us: one condition, the others as they were.
bool is_mark_of_eviction(const Commit& commit, const Difference& one) {
  constexpr std::string_view path = "/status/conditions";
  if (commit.kind != ObjectKind::pod || !one.path.starts_with(path)) return false;
  const auto others = [&](const Json& pod) {
    Json::Array kept;
    const Json& conditions = pod["status"]["conditions"];
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      if (conditions.at(i)["type"] != Json("DisruptionTarget")) kept.push_back(conditions.at(i));
    }
    return Json(std::move(kept));
  };
  return others(*commit.before) == others(*commit.after);
}

/// What a Rollout gives to the pods of a part, on them and in their template. Source: behaviour.md
/// 23, 24.
bool is_given_to_pods(const Commit& commit, const Difference& one, const Ledger& ledger) {
  if (commit.kind == ObjectKind::pod) return is_declared_metadata(one, "/metadata", ledger);
  if (commit.kind != ObjectKind::replica_set) return false;
  if (one.path == "/metadata/annotations/rollout.argoproj.io~1ephemeral-metadata" ||
      one.path == "/metadata/annotations/slipway.dev~1pods-behind") {
    return true;
  }
  if (!one.path.starts_with("/spec/template/")) return false;
  return lasting_part((*commit.before)["spec"]["template"], ledger) ==
         lasting_part((*commit.after)["spec"]["template"], ledger);
}

class W5 final : public Property {
 public:
  W5() : Property("W5", "each write changes only fields that are ours") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const Commit& commit = change.commit;
    if (!commit.ours || commit.before == nullptr || commit.after == nullptr) return;
    if (commit.kind == ObjectKind::event || commit.kind == ObjectKind::lease) return;
    checked();
    bool (*is_ours)(std::string_view) = nullptr;
    if (commit.kind == ObjectKind::rollout) is_ours = is_ours_in_rollout;
    if (commit.kind == ObjectKind::replica_set) is_ours = is_ours_in_set;
    if (commit.kind == ObjectKind::service) is_ours = is_ours_in_service;
    if (commit.kind == ObjectKind::deployment) is_ours = is_ours_in_deployment;
    const auto is_fine = [&](const Difference& one) {
      return (is_ours != nullptr && is_ours(one.path)) || is_passed_on(change, one, ledger) ||
             is_given_to_pods(commit, one, ledger);
    };
    // Of a whole map that was added or removed only the members count.
    const auto members_are_fine = [&](const Difference& one) {
      const bool added = one.after != nullptr;
      const Json& map = added ? *one.after : *one.before;
      if (!map.is_object()) return false;
      return std::ranges::all_of(map.as_object(), [&](const Json::Member& member) {
        const Json* value = &member.second;
        return is_fine({.path = one.path + "/" + escape_pointer(member.first),
                        .before = added ? nullptr : value,
                        .after = added ? value : nullptr});
      });
    };
    for_each_difference(*commit.before, *commit.after, [&](const Difference& one) {
      if (is_bookkeeping(one.path) || one.path.starts_with("/metadata/deletion")) return;
      const bool fine = is_mark_of_eviction(commit, one) || is_fine(one) || members_are_fine(one);
      if (!fine) {
        broken(change.violation(std::string(to_string(commit.kind)) + " " + commit.key,
                                "the write changed " + one.path + ", which is not ours"));
      }
    });
  }
};

/// Both are missing, or both are there and equal.
bool same(const Json* a, const Json* b) {
  return a == nullptr || b == nullptr ? a == b : *a == *b;
}

class W6 final : public Property {
 public:
  W6() : Property("W6", "no write undoes a change by others that its decision had not seen") {}

  void on_commit(const Change& change, const Ledger& ledger) override {
    const Commit& commit = change.commit;
    if (change.request == nullptr || change.request->decided_on == 0 || commit.before == nullptr ||
        commit.after == nullptr) {
      return;
    }
    const std::vector<Version>& versions = ledger.versions(commit.kind, commit.key);
    if (versions.size() < 3) return;
    const Version* seen = ledger.version_at(commit.kind, commit.key, change.request->decided_on);
    const Json* decided_on = seen == nullptr ? nullptr : seen->content.get();
    // All before the last, which is this commit, back to the one decided on.
    for (std::size_t i = versions.size() - 2; i > 0; --i) {
      const Version& foreign = versions[i];
      if (foreign.revision <= change.request->decided_on) return;
      const Version& before = versions[i - 1];
      if (foreign.ours || foreign.content == nullptr || before.content == nullptr) continue;
      checked();
      for_each_difference(*before.content, *foreign.content, [&](const Difference& one) {
        if (is_bookkeeping(one.path) || one.before == nullptr) return;
        const Json* now = commit.after->find_pointer(one.path);
        const Json* was = commit.before->find_pointer(one.path);
        if (same(now, was) || now == nullptr || !(*now == *one.before)) return;
        // What was decided on has come back: who saw that very value overlooks nothing of it.
        if (!same(was, decided_on == nullptr ? nullptr : decided_on->find_pointer(one.path))) {
          broken(change.violation(
              std::string(to_string(commit.kind)) + " " + commit.key,
              fmt::format("the write, decided on revision {}, set {} back to what it was before "
                          "revision {}, which others had made",
                          change.request->decided_on, one.path, foreign.revision)));
        }
      });
    }
  }
};

class W8 final : public Property {
 public:
  W8() : Property("W8", "what is decided on is what the store had, never a copy that was edited") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request) || request.decided_on == 0 || !is_json_patch(request)) return;
    const Version* version =
        ledger.version_at(request.about.kind, request.about.key, request.decided_on);
    if (version == nullptr || version->revision != request.decided_on || !version->content) return;
    checked();
    const Json& operations = ledger.body(request);
    if (!operations.is_array()) return;
    for (const Json& operation : operations.as_array()) {
      if (operation["op"].string_or_empty() != "test") continue;
      const std::string_view path = operation["path"].string_or_empty();
      const Json* stored = version->content->find_pointer(path);
      const Json& claimed = operation["value"];
      // What the server leaves away reads as its zero.
      if (stored == nullptr ? claimed.is_null() || claimed == Json(0) : *stored == claimed)
        continue;
      broken(violation_of(request, ledger,
                          fmt::format("says that {} was {} in revision {}; the store had {}", path,
                                      to_text(claimed), request.decided_on,
                                      stored == nullptr ? "nothing" : to_text(*stored))));
    }
  }
};

class W9 final : public Property {
 public:
  W9() : Property("W9", "a replica has at most one write of an object under way") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request) || request.about.collection) return;
    checked();
    if (!under_way_.insert(id_of(request)).second) {
      broken(violation_of(request, ledger, "sent while another write of it was under way"));
    }
  }
  void on_answer(const SentRequest& request, const Ledger&) override {
    if (is_guarded_change(request)) under_way_.erase(id_of(request));
  }

 private:
  std::set<std::string> under_way_;
};

class W11 final : public Property {
 public:
  W11() : Property("W11", "a reconcile with nothing to do reads and writes nothing") {}

  void at_quiet(const Ledger&) override { quiet_ = true; }
  /// What another controller left, and what goes in the end, is news.
  void at_handover(Leavings leavings, const Ledger&) override {
    if (leavings == Leavings::anothers) quiet_ = false;
  }
  void at_end(const Ledger&) override { quiet_ = false; }
  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!quiet_ || request.about.kind == ObjectKind::lease) return;
    checked();
    // Lists are how a watch begins again.
    if (request.method == Method::get && request.about.collection) return;
    broken(violation_of(request, ledger,
                        fmt::format("{} though nothing has changed for long",
                                    kubernetes::to_string(request.method))));
  }

 private:
  bool quiet_ = false;
};

class W12 final : public Property {
 public:
  W12() : Property("W12", "no decision mixes two objects of one name") {}

  void on_request(const SentRequest& request, const Ledger& ledger) override {
    if (!is_guarded_change(request) || request.about.kind != ObjectKind::replica_set) return;
    if (!is_create(request)) return;
    const Json& owners = ledger.body(request)["metadata"]["ownerReferences"];
    if (!owners.is_array()) return;
    for (const Json& owner : owners.as_array()) {
      checked();
      const std::string key = request.about.key + std::string(owner["name"].string_or_empty());
      const auto& versions = ledger.versions(ObjectKind::rollout, key);
      const bool met = std::ranges::any_of(versions, [&](const Version& version) {
        return version.content && (*version.content)["metadata"]["uid"] == owner["uid"];
      });
      if (!met) {
        broken(violation_of(request, ledger,
                            fmt::format("names an owner {} of uid {}, which never was", key,
                                        owner["uid"].string_or_empty())));
      }
    }
  }
};

}  // namespace

void add_write_properties(Properties& all) {
  all.push_back(std::make_unique<W1>());
  all.push_back(std::make_unique<W2>());
  all.push_back(std::make_unique<W3>());
  all.push_back(std::make_unique<W4>());
  all.push_back(std::make_unique<W5>());
  all.push_back(std::make_unique<W6>());
  all.push_back(std::make_unique<W7>());
  all.push_back(std::make_unique<W8>());
  all.push_back(std::make_unique<W9>());
  all.push_back(std::make_unique<W11>());
  all.push_back(std::make_unique<W12>());
}

}  // namespace slipway::simulation
