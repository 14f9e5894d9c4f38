#include "simulation/properties/ledger.h"

#include <algorithm>
#include <ranges>

namespace slipway::simulation {
namespace {

/// Requests that are remembered. One is asked for when it is carried out, which comes at most some
/// minutes late.
constexpr std::size_t sent_max = 4096;

bool has_versions(ObjectKind kind) {
  return kind == ObjectKind::rollout || kind == ObjectKind::replica_set ||
         kind == ObjectKind::service || kind == ObjectKind::deployment ||
         kind == ObjectKind::pod_template;
}

template <class View>
const View* find_in(const std::map<std::string, View, std::less<>>& views, std::string_view key) {
  const auto found = views.find(key);
  return found == views.end() ? nullptr : &found->second;
}

/// Puts the new view, or removes; what was there goes to `before`.
template <class View>
const View* replace(std::map<std::string, View, std::less<>>& views, const std::string& key,
                    std::optional<View> now, std::optional<View>& before) {
  before.reset();
  const auto found = views.find(key);
  if (found != views.end()) {
    before = std::move(found->second);
    if (!now) views.erase(found);
  }
  if (!now) return nullptr;
  if (before) return &(found->second = *std::move(now));
  return &views.emplace(key, *std::move(now)).first->second;
}

template <class View>
const View* pointer_to(const std::optional<View>& view) {
  return view ? &*view : nullptr;
}

void remove_key(std::unordered_map<std::string, std::vector<std::string>>& keys_by_owner,
                const std::string& owner, const std::string& key) {
  const auto found = keys_by_owner.find(owner);
  if (found == keys_by_owner.end()) return;
  std::erase(found->second, key);
  if (found->second.empty()) keys_by_owner.erase(found);
}

void move_key(std::unordered_map<std::string, std::vector<std::string>>& keys_by_owner,
              const std::string* from, const std::string* to, const std::string& key) {
  if (from != nullptr && to != nullptr && *from == *to) return;
  if (from != nullptr) remove_key(keys_by_owner, *from, key);
  if (to != nullptr && !to->empty()) keys_by_owner[*to].push_back(key);
}

}  // namespace

Violation Change::violation(std::string object, std::string text) const {
  return {.property = {},
          .at = commit.at,
          .revision = commit.revision,
          .request = commit.request,
          .object = std::move(object),
          .text = std::move(text)};
}

const ReplicaSetView* World::find(std::string_view key) const {
  const auto found =
      std::ranges::find_if(sets, [&](const ReplicaSetView& set) { return set.key == key; });
  return found == sets.end() ? nullptr : &*found;
}

bool World::goes_back_within_window() const {
  const std::int64_t window = rollout->spec()["rollbackWindow"]["revisions"].integer_or(0);
  const auto created = [](const ReplicaSetView& set) {
    return (*set.json)["metadata"]["creationTimestamp"].string_or_empty();
  };
  const auto made = [&](const std::string& hash) {
    const auto found = std::ranges::find(sets, hash, &ReplicaSetView::hash);
    return found == sets.end() ? std::string() : std::string(created(*found));
  };
  const std::string from = made(rollout->stable_hash);
  const std::string to = made(rollout->current_hash);
  if (to.empty() || to >= from) return false;
  return window > std::ranges::count_if(sets, [&](const ReplicaSetView& set) {
           return to < created(set) && created(set) < from;
         });
}

std::string Ledger::id_of(ObjectKind kind, std::string_view key) {
  std::string id(1, static_cast<char>('a' + static_cast<int>(kind)));
  id += key;
  return id;
}

const RolloutView* Ledger::rollout(std::string_view key) const {
  return find_in(rollouts_, key);
}

const RolloutView* Ledger::rollout_of_uid(std::string_view uid) const {
  const auto key = rollout_keys_.find(std::string(uid));
  if (key == rollout_keys_.end()) return nullptr;
  const RolloutView* found = rollout(key->second);
  return found != nullptr && found->uid == uid ? found : nullptr;
}

const ReplicaSetView* Ledger::replica_set(std::string_view key) const {
  return find_in(sets_, key);
}

const ServiceView* Ledger::service(std::string_view key) const {
  return find_in(services_, key);
}

std::vector<const ReplicaSetView*> Ledger::owned_by(std::string_view rollout_uid) const {
  std::vector<const ReplicaSetView*> owned;
  const auto keys = sets_of_.find(std::string(rollout_uid));
  if (keys == sets_of_.end()) return owned;
  for (const std::string& key : keys->second) owned.push_back(replica_set(key));
  return owned;
}

bool Ledger::is_available(const PodView& pod, const ReplicaSetView& set) const {
  return !pod.leaving && truth_.pod_serves(pod.uid, pod.ready) &&
         now() - pod.ready_since >= Duration::from_seconds(set.min_ready_seconds);
}

std::int64_t Ledger::available(const ReplicaSetView& set) const {
  const auto keys = pods_of_.find(set.uid);
  if (keys == pods_of_.end()) return 0;
  return std::ranges::count_if(keys->second, [&](const std::string& key) {
    const PodView* pod = find_in(pods_, key);
    return pod != nullptr && is_available(*pod, set);
  });
}

bool Ledger::is_selected(const RolloutView& rollout, std::string_view hash) const {
  return std::ranges::any_of(rollout.services, [&](const std::string& key) {
    const ServiceView* found = service(key);
    return found != nullptr && !found->hash.empty() && found->hash == hash;
  });
}

const std::vector<Version>& Ledger::versions(ObjectKind kind, std::string_view key) const {
  static const std::vector<Version> none;
  const auto found = versions_.find(id_of(kind, key));
  return found == versions_.end() ? none : found->second;
}

const Version* Ledger::version_at(ObjectKind kind, std::string_view key,
                                  std::uint64_t revision) const {
  const std::vector<Version>& all = versions(kind, key);
  const auto after = std::ranges::upper_bound(all, revision, {}, &Version::revision);
  return after == all.begin() ? nullptr : &*std::prev(after);
}

std::uint64_t Ledger::known(std::string_view replica, ObjectKind kind, std::string_view key) const {
  const auto found = replicas_.find(replica);
  if (found == replicas_.end()) return 0;
  const auto version = found->second.known->find(id_of(kind, key));
  return version == found->second.known->end() ? 0 : version->second;
}

std::uint64_t Ledger::known_to(const SentRequest& request, ObjectKind kind,
                               std::string_view key) const {
  const auto found = std::ranges::lower_bound(sent_, request.id, {},
                                              [](const Sent& sent) { return sent.request.id; });
  if (found == sent_.end() || found->request.id != request.id) {
    return known(request.replica, kind, key);
  }
  const auto version = found->basis.known->find(id_of(kind, key));
  return version == found->basis.known->end() ? 0 : version->second;
}

const SentRequest* Ledger::request(std::uint64_t id) const {
  const auto found =
      std::ranges::lower_bound(sent_, id, {}, [](const Sent& sent) { return sent.request.id; });
  return found == sent_.end() || found->request.id != id ? nullptr : &found->request;
}

const Json& Ledger::body(const SentRequest& request) const {
  static const Json none;
  const auto found = std::ranges::lower_bound(sent_, request.id, {},
                                              [](const Sent& sent) { return sent.request.id; });
  if (found == sent_.end() || found->request.id != request.id) return none;
  if (!found->body) found->body = parse_json(request.body).value_or(Json());
  return *found->body;
}

World Ledger::true_world(const RolloutView& rollout) const {
  World world;
  world.rollout = rollout;
  for (const ReplicaSetView* set : owned_by(rollout.uid)) {
    world.sets.push_back(*set);
    world.available.push_back(available(*set));
  }
  for (const std::string& key : rollout.serving_services()) {
    const ServiceView* found = service(key);
    if (found != nullptr && !found->hash.empty()) world.selected.push_back(found->hash);
  }
  const ServiceView* preview = service(rollout.preview_service);
  if (preview != nullptr) world.previewed = preview->hash;
  return world;
}

const Version* Ledger::version_for(const Basis& basis, ObjectKind kind, std::string_view key,
                                   Others others) const {
  const auto known = basis.known->find(id_of(kind, key));
  const std::uint64_t revision = known == basis.known->end() ? 0 : known->second;
  const Version* seen = nullptr;
  for (const Version& version : versions(kind, key)) {
    if (version.revision <= revision || (version.ours && others == Others::blamed)) {
      seen = &version;
    }
  }
  return seen;
}

World Ledger::world_of(const SentRequest& request, const RolloutView& rollout,
                       Others others) const {
  World world;
  const auto found = std::ranges::lower_bound(sent_, request.id, {},
                                              [](const Sent& sent) { return sent.request.id; });
  if (found == sent_.end() || found->request.id != request.id) return true_world(rollout);
  const Basis& basis = found->basis;
  // Our own writes to a Rollout are of its status alone: its spec is others' in any version.
  const Version* own = version_for(basis, ObjectKind::rollout, rollout.key, Others::excused);
  if (own == nullptr || own->content == nullptr) return world;
  world.rollout = rollout_view(own->content, rollout.key);
  const RolloutView& known = *world.rollout;
  const auto lent = basis.known->find(id_of(known.lender_kind, known.lender_key));
  const std::uint64_t newest = lent == basis.known->end() ? 0 : lent->second;
  lend(*world.rollout, [&](const Version& version) { return version.revision <= newest; });
  for (const auto& [id, versions] : versions_) {
    if (id[0] != id_of(ObjectKind::replica_set, "")[0]) continue;
    const std::string key = id.substr(1);
    const Version* version = version_for(basis, ObjectKind::replica_set, key, others);
    if (version == nullptr || version->content == nullptr) continue;
    ReplicaSetView set = replica_set_view(version->content, key);
    if (set.owner != rollout.uid) continue;
    world.available.push_back(set.status_available);
    world.sets.push_back(std::move(set));
  }
  for (const std::string& key : world.rollout->serving_services()) {
    const Version* version = version_for(basis, ObjectKind::service, key, others);
    if (version == nullptr || version->content == nullptr) continue;
    ServiceView view = service_view(*version->content, key);
    if (!view.hash.empty()) world.selected.push_back(std::move(view.hash));
  }
  const std::string& preview = world.rollout->preview_service;
  const Version* version = version_for(basis, ObjectKind::service, preview, others);
  if (version != nullptr && version->content != nullptr) {
    world.previewed = service_view(*version->content, preview).hash;
  }
  return world;
}

Instant Ledger::decided_at(const SentRequest& request) const {
  const auto found = std::ranges::lower_bound(sent_, request.id, {},
                                              [](const Sent& sent) { return sent.request.id; });
  return found == sent_.end() || found->request.id != request.id ? request.at : found->basis.at;
}

Change Ledger::apply(const Commit& commit) {
  revision_ = commit.revision;
  Change change{.commit = commit, .request = commit.ours ? request(commit.request) : nullptr};
  switch (commit.kind) {
    case ObjectKind::rollout: {
      std::optional<RolloutView> now;
      if (commit.after) {
        now = rollout_view(commit.after, commit.key);
        lenders_.insert(id_of(now->lender_kind, now->lender_key));
        lend(*now, [](const Version&) { return true; });
      }
      change.rollout_after = replace(rollouts_, commit.key, std::move(now), rollout_before_);
      change.rollout_before = pointer_to(rollout_before_);
      if (change.rollout_after != nullptr) rollout_keys_[change.rollout_after->uid] = commit.key;
      change.rollout = change.rollout_after;
      break;
    }
    case ObjectKind::replica_set:
      apply_set(commit, change);
      break;
    case ObjectKind::pod:
      apply_pod(commit, change);
      break;
    case ObjectKind::service: {
      std::optional<ServiceView> now;
      if (commit.after) now = service_view(*commit.after, commit.key);
      change.service_after = replace(services_, commit.key, std::move(now), service_before_);
      change.service_before = pointer_to(service_before_);
      break;
    }
    case ObjectKind::deployment:
    case ObjectKind::pod_template:
      apply_lender(commit, change);
      break;
    default:
      break;
  }
  if (has_versions(commit.kind)) {
    versions_[id_of(commit.kind, commit.key)].push_back(
        {commit.revision, commit.at, commit.ours, commit.after});
  }
  return change;
}

void Ledger::lend(RolloutView& rollout, const std::function<bool(const Version&)>& is_known) const {
  if (rollout.lender_kind == ObjectKind::other) return;
  for (const Version& version : versions(rollout.lender_kind, rollout.lender_key)) {
    if (is_known(version)) rollout.lender = version.content;
  }
}

void Ledger::apply_lender(const Commit& commit, Change& change) {
  for (auto& [key, rollout] : rollouts_) {
    if (rollout.lender_kind != commit.kind || rollout.lender_key != commit.key) continue;
    rollout.lender = commit.after;
    if (change.rollout == nullptr) change.rollout = &rollout;
  }
}

void Ledger::apply_set(const Commit& commit, Change& change) {
  std::optional<ReplicaSetView> now;
  if (commit.after) now = replica_set_view(commit.after, commit.key);
  change.set_after = replace(sets_, commit.key, std::move(now), set_before_);
  change.set_before = pointer_to(set_before_);
  index_set(change.set_before, change.set_after);
  apply_lender(commit, change);
  const RolloutView* owner =
      rollout_owning(change.set_after ? change.set_after : change.set_before);
  if (owner != nullptr) change.rollout = owner;
}

void Ledger::index_set(const ReplicaSetView* before, const ReplicaSetView* after) {
  const std::string& key = after != nullptr ? after->key : before->key;
  move_key(sets_of_, before != nullptr ? &before->owner : nullptr,
           after != nullptr ? &after->owner : nullptr, key);
  if (before != nullptr && (after == nullptr || after->uid != before->uid)) {
    set_keys_.erase(before->uid);
  }
  if (after == nullptr) return;
  set_keys_[after->uid] = key;
  PastSet& past = past_sets_[after->uid];
  past.key = key;
  if (!after->owner.empty()) past.owner = after->owner;
}

const RolloutView* Ledger::rollout_owning(const ReplicaSetView* set) const {
  return set == nullptr ? nullptr : rollout_of_uid(set->owner);
}

void Ledger::apply_pod(const Commit& commit, Change& change) {
  std::optional<PodView> now;
  if (commit.after) {
    now = pod_view(*commit.after, commit.key);
    const PodView* was = find_in(pods_, commit.key);
    const bool stays_ready = was != nullptr && was->uid == now->uid && was->ready && now->ready;
    now->ready_since = stays_ready ? was->ready_since : commit.at;
  }
  change.pod_after = replace(pods_, commit.key, std::move(now), pod_before_);
  change.pod_before = pointer_to(pod_before_);
  const PodView* before = change.pod_before;
  const PodView* after = change.pod_after;
  move_key(pods_of_, before != nullptr ? &before->owner : nullptr,
           after != nullptr ? &after->owner : nullptr, commit.key);
  const auto set_key = set_keys_.find(after != nullptr ? after->owner : before->owner);
  if (set_key != set_keys_.end()) change.rollout = rollout_owning(replica_set(set_key->second));
}

const Ledger::PastSet* Ledger::set_about(const Addressed& about) const {
  std::string uid;
  if (const auto pod = pods_.find(about.key); about.kind == ObjectKind::pod) {
    if (pod != pods_.end()) uid = pod->second.owner;
  } else if (const ReplicaSetView* set = replica_set(about.key)) {
    uid = set->uid;
  }
  const auto past = past_sets_.find(uid);
  return past == past_sets_.end() ? nullptr : &past->second;
}

std::string Ledger::owner_known_to(const SentRequest& request, const PodView& pod) const {
  const auto set = past_sets_.find(pod.owner);
  if (set == past_sets_.end()) return {};
  const std::uint64_t told = known_to(request, ObjectKind::replica_set, set->second.key);
  const Version* version = version_at(ObjectKind::replica_set, set->second.key, told);
  if (version == nullptr || version->content == nullptr) return {};
  return replica_set_view(version->content, set->second.key).owner;
}

Ledger::Basis Ledger::basis_of(const SentRequest& request) {
  Replica& replica = replicas_[request.replica];
  // The newest plan: writes of one plan come one after the other, those of others have theirs.
  const Basis* newest = nullptr;
  if (request.about.kind == ObjectKind::rollout) {
    const auto found = replica.planned.find(request.about.key);
    if (found != replica.planned.end()) newest = &found->second;
  } else if (request.about.kind == ObjectKind::deployment) {
    for (const auto& [key, rollout] : rollouts_) {
      if (rollout.lender_kind != request.about.kind || rollout.lender_key != request.about.key) {
        continue;
      }
      const auto found = replica.planned.find(key);
      if (found != replica.planned.end()) newest = &found->second;
    }
  } else if (request.about.kind == ObjectKind::replica_set && request.about.collection) {
    const Json object = parse_json(request.body).value_or(Json());
    const auto found = replica.planned.find(
        request.about.key +
        std::string(object["metadata"]["ownerReferences"].at(0)["name"].string_or_empty()));
    if (found != replica.planned.end()) newest = &found->second;
  } else if (const PastSet* set = set_about(request.about)) {
    const auto owner = rollout_keys_.find(set->owner);
    const auto found =
        owner != rollout_keys_.end() ? replica.planned.find(owner->second) : replica.planned.end();
    if (found != replica.planned.end()) newest = &found->second;
  }
  return newest != nullptr ? *newest : Basis{request.at, replica.known};
}

void Ledger::sent(const SentRequest& request) {
  Basis basis = basis_of(request);
  sent_.push_back({request, std::move(basis), {}});
  if (sent_.size() > sent_max) sent_.pop_front();
}

void Ledger::answered(const SentRequest& request) {
  const auto found = std::ranges::lower_bound(sent_, request.id, {},
                                              [](const Sent& sent) { return sent.request.id; });
  if (found != sent_.end() && found->request.id == request.id) found->request = request;
  if (request.outcome != Outcome::answered || request.status != 404) return;
  // Who asks for an object and is told that there is none knows that it is gone.
  const std::vector<Version>& all = versions(request.about.kind, request.about.key);
  const auto gone = std::ranges::find(std::views::reverse(all), nullptr, &Version::content);
  if (gone == std::ranges::rend(all)) return;
  delivered(request.replica, request.about.kind, request.about.key, gone->revision);
}

void Ledger::delivered(std::string_view replica, ObjectKind kind, std::string_view key,
                       std::uint64_t revision) {
  auto found = replicas_.find(replica);
  if (found == replicas_.end()) found = replicas_.emplace(std::string(replica), Replica{}).first;
  std::shared_ptr<Known>& known = found->second.known;
  if (known.use_count() > 1) known = std::make_shared<Known>(*known);
  std::uint64_t& version = (*known)[id_of(kind, key)];
  version = std::max(version, revision);
}

void Ledger::reconciled(std::string_view replica, std::string_view rollout) {
  auto found = replicas_.find(replica);
  if (found == replicas_.end()) found = replicas_.emplace(std::string(replica), Replica{}).first;
  found->second.planned.insert_or_assign(std::string(rollout), Basis{now(), found->second.known});
}

}  // namespace slipway::simulation
