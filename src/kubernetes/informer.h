#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/meta.h"
#include "api/packed_object.h"
#include "base/log.h"
#include "kubernetes/reflector.h"

namespace slipway::kubernetes {

/// Remembers which objects this process saw go, so that an older copy that arrives late (a
/// response, a watch that was behind) does not bring one back. Bounded: the oldest are forgotten.
class Tombstones {
 public:
  /// The object is deleted: no uid lives twice.
  void add(const std::string& uid) { add(uid, {}); }
  /// The object was not to be seen at that version, for all we know: a list did not name it, or it
  /// left a selector. It may come back in a newer version.
  void add(const std::string& uid, const std::string& version);
  /// Whether it is deleted.
  bool contains(const std::string& uid) const;
  /// Whether this version of the object is from before it went.
  bool covers(const std::string& uid, const std::string& version) const;
  void clear();

 private:
  struct Gone {
    std::uint64_t order;
    std::string version;
  };
  static constexpr std::size_t limit = 4096;  ///< Far more than can be in flight at once.
  std::map<std::string, Gone> gone_;
  std::map<std::uint64_t, std::string> by_order_;
  std::uint64_t next_ = 0;
};

/// What an Informer needs of an object before it can be decoded.
struct Identity {
  api::ObjectKey key;
  std::string uid;
  std::string resource_version;

  static Identity of(const Json& object);
};

/// Whether an object belongs to what is watched, as far as its metadata tells. A field selector is
/// left to the server.
class InterestFilter {
 public:
  explicit InterestFilter(const Interest& interest);
  bool admits(const Json& object) const;
  /// Of what the server has selected already.
  bool keeps(const Json& object) const { return !keeps_ || keeps_(object); }
  /// Whether an object can leave without being deleted, by a change that a selector minds.
  bool can_be_left() const { return can_be_left_; }

 private:
  bool can_be_left_;
  std::string namespace_;
  std::optional<api::LabelSelector> selector_;
  std::function<bool(const Json&)> keeps_;
};

/// Decodes what the server sent into an API type.
template <class T>
Result<T> decode_as(const Json& json) {
  return api::decode<T>(json);
}

/// A read-only cache of all objects of one kind, kept current by a Reflector and by the responses
/// to our own writes. T has `metadata`, as API types do.
///
/// *Guarantees*: objects are immutable and shared; an object never goes back to an older
/// resourceVersion of the same uid, wherever the older copy comes from, unless the store itself has
/// gone back (a restored backup).
///
/// An object that can't be decoded any more stays as it was last read: to drop it would look like a
/// deletion, and a write that starts from the old copy is refused where it matters. It is logged
/// once a version.
template <class T>
class Informer final : private ReflectorSink {
 public:
  using Pointer = std::shared_ptr<const T>;
  static constexpr bool has_template = requires(const T& object) { object.spec.template_; };
  /// `before` or `after` is empty for an add or a delete. Called after the cache has changed.
  using Handler = std::function<void(const Pointer& before, const Pointer& after)>;
  /// Makes a T of what the server sent. Replaced by tests and by those that keep less.
  using Decode = std::function<Result<T>(const Json&)>;

  Informer(EventLoop& loop, Transport& transport, Interest interest, std::uint64_t seed,
           Decode decode = decode_as<T>, Reflector::Options options = {})
      : decode_(std::move(decode)),
        kind_(interest.kind.kind),
        filter_(interest),
        reflector_(loop, transport, std::move(interest), *this, seed, options) {}

  /// Objects that this says yes to are kept packed, and unpacked at each look: for what is many and
  /// seldom looked at. Called before start. Only for types with a pod template.
  void keep_packed(std::function<bool(const T&)> is_cold)
    requires has_template
  {
    is_cold_ = std::move(is_cold);
  }
  void on_change(Handler handler) { handlers_.push_back(std::move(handler)); }
  void start() { reflector_.start(); }
  void stop() { reflector_.stop(); }
  bool synced() const { return reflector_.synced(); }
  bool unserved() const { return reflector_.unserved(); }
  std::string trouble() const { return reflector_.trouble(); }

  Pointer get(const api::ObjectKey& key) const {
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : look(found->second);
  }
  std::size_t size() const { return objects_.size(); }
  /// All objects by key order; of one namespace with `for_each_in`.
  void for_each(const std::function<void(const Pointer&)>& visit) const {
    for (const auto& [key, entry] : objects_) visit(look(entry));
  }
  void for_each_in(const std::string& namespace_,
                   const std::function<void(const Pointer&)>& visit) const {
    for (auto at = objects_.lower_bound({namespace_, {}});
         at != objects_.end() && at->first.namespace_ == namespace_; ++at) {
      visit(look(at->second));
    }
  }

  /// Read-your-writes: takes an object that a write or a live read returned.
  void apply(const Json& object) {
    const Identity identity = Identity::of(object);
    filter_.admits(object) ? take_if_alive(identity, object) : drop(identity);
  }
  /// A write of ours, or a live read, found this very object gone.
  void forget(const api::ObjectKey& key, const std::string& uid) { drop({key, uid, {}}); }

 private:
  struct NotPacked {
    explicit NotPacked(const T&) {}
    T unpack() const { return {}; }
  };
  using Packed = std::conditional_t<has_template, api::PackedObject<T>, NotPacked>;

  struct Entry {
    Pointer object;       ///< Nothing where it is packed.
    std::string version;  ///< Of either, so that a list that brings nothing new unpacks nothing.
    std::unique_ptr<Packed> packed;
    std::uint32_t round = 0;  ///< Of the list that named it last.
  };

  static Pointer look(const Entry& entry) {
    return entry.packed == nullptr ? entry.object
                                   : std::make_shared<const T>(entry.packed->unpack());
  }

  void put(Entry& entry, const Pointer& object) {
    const bool cold = is_cold_ && is_cold_(*object);
    entry.packed = cold ? std::make_unique<Packed>(*object) : nullptr;
    entry.object = cold ? nullptr : object;
    entry.version = object->metadata.resource_version;
  }

  void store_went_back() override {
    tombstones_.clear();
    went_back_ = true;
  }
  void replace_begin() override {
    ++round_;
    unreadable_.clear();
  }
  void replace_item(const Json& object) override {
    if (!filter_.keeps(object)) return;
    const Identity identity = Identity::of(object);
    // A list that names an object overrules one that did not.
    if (!tombstones_.contains(identity.uid)) take(identity, object);
    // Named by the list, even where the cache knows better or the object can't be read.
    if (const auto found = objects_.find(identity.key); found != objects_.end()) {
      found->second.round = round_;
    }
  }
  void replace_end(const std::string& list_version) override {
    // What is newer than the list was made after it and stays, unless time itself went back.
    const std::string version = went_back_ ? std::string() : list_version;
    std::vector<Identity> gone;
    for (const auto& [key, entry] : objects_) {
      if (entry.round != round_) gone.push_back({key, look(entry)->metadata.uid, version});
    }
    went_back_ = false;
    // After the walk: a handler may change the cache.
    for (const Identity& one : gone) drop(one);
  }
  void upsert(const Json& object) override {
    const Identity identity = Identity::of(object);
    if (filter_.keeps(object)) return take_if_alive(identity, object);
    // Nobody else's object leaves a trace.
    if (objects_.contains(identity.key)) drop(identity);
  }
  void remove(const Json& object) override {
    Identity identity = Identity::of(object);
    if (!filter_.can_be_left()) identity.resource_version.clear();
    drop(identity);
  }

  void take_if_alive(const Identity& identity, const Json& json) {
    if (!tombstones_.covers(identity.uid, identity.resource_version)) take(identity, json);
  }

  void take(const Identity& identity, const Json& json) {
    // Of two namesakes with different uids, too, the older is gone, whichever arrives last.
    const auto known = objects_.find(identity.key);
    if (known != objects_.end() && !went_back_ &&
        !api::newer_version(identity.resource_version, known->second.version)) {
      return;
    }
    Result<T> decoded = decode_(json);
    if (!decoded) {
      std::string& logged = unreadable_[identity.key];
      if (std::exchange(logged, identity.resource_version) == identity.resource_version) return;
      log::error(
          "cannot read an object",
          {
              {"kind",   kind_                 },
              {"object", identity.key.text()   },
              {"error",  decoded.error().text()}
      });
      return;
    }
    unreadable_.erase(identity.key);
    const Pointer before = known == objects_.end() ? nullptr : look(known->second);
    const Pointer after = std::make_shared<const T>(*std::move(decoded));
    if (before != nullptr && before->metadata.uid != identity.uid) {
      tombstones_.add(before->metadata.uid);
    }
    put(objects_[identity.key], after);
    for (const Handler& handler : handlers_) handler(before, after);
  }

  /// The object was gone at the identity's version; at any, where it has none.
  void drop(const Identity& identity) {
    tombstones_.add(identity.uid, identity.resource_version);
    unreadable_.erase(identity.key);
    const auto found = objects_.find(identity.key);
    if (found == objects_.end()) return;
    const Pointer before = look(found->second);
    if (before->metadata.uid != identity.uid || !is_before(before, identity.resource_version)) {
      return;
    }
    objects_.erase(found);
    for (const Handler& handler : handlers_) handler(before, nullptr);
  }

  static bool is_before(const Pointer& object, const std::string& version) {
    return version.empty() || !api::newer_version(object->metadata.resource_version, version);
  }

  Decode decode_;
  std::string kind_;
  std::function<bool(const T&)> is_cold_;
  std::vector<Handler> handlers_;
  std::map<api::ObjectKey, Entry> objects_;
  std::map<api::ObjectKey, std::string> unreadable_;  ///< The version last complained about.
  std::uint32_t round_ = 0;                           ///< Counts lists.
  bool went_back_ = false;
  Tombstones tombstones_;
  InterestFilter filter_;
  Reflector reflector_;
};

}  // namespace slipway::kubernetes
