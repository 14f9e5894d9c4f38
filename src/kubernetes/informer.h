#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/meta.h"
#include "base/log.h"
#include "kubernetes/reflector.h"

namespace slipway::kubernetes {

/// Remembers which objects this process saw deleted, so that an older copy that arrives late (a
/// response, a watch that was behind) does not bring one back. Bounded: the oldest are forgotten.
class Tombstones {
 public:
  void add(const std::string& uid);
  bool contains(const std::string& uid) const;

 private:
  static constexpr std::size_t limit = 4096;  ///< Far more than can be in flight at once.
  std::map<std::string, std::uint64_t> order_of_;
  std::map<std::uint64_t, std::string> by_order_;
  std::uint64_t next_ = 0;
};

/// A read-only cache of all objects of one kind, kept current by a Reflector and by the responses
/// to our own writes. T is an API type with `metadata` and a static `kind`.
///
/// *Guarantees*: objects are immutable and shared; an object never goes back to an older
/// resourceVersion of the same uid, wherever the older copy comes from.
template <class T>
class Informer final : private ReflectorSink {
 public:
  using Pointer = std::shared_ptr<const T>;
  /// `before` or `after` is empty for an add or a delete. Called after the cache has changed.
  using Handler = std::function<void(const Pointer& before, const Pointer& after)>;
  /// Makes a T of what the server sent. Replaced by tests and by those that keep less.
  using Decode = std::function<Result<T>(const Json&)>;

  Informer(
      EventLoop& loop, Transport& transport, Interest interest, std::uint64_t seed,
      Decode decode = [](const Json& json) { return api::decode<T>(json); },
      Reflector::Options options = {})
      : decode_(std::move(decode)),
        reflector_(loop, transport, std::move(interest), *this, seed, options) {}

  void on_change(Handler handler) { handlers_.push_back(std::move(handler)); }
  void start() { reflector_.start(); }
  void stop() { reflector_.stop(); }
  bool synced() const { return reflector_.synced(); }
  std::string trouble() const { return reflector_.trouble(); }

  Pointer get(const api::ObjectKey& key) const {
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
  }
  std::size_t size() const { return objects_.size(); }
  /// All objects by key order; of one namespace with `for_each_in`.
  void for_each(const std::function<void(const Pointer&)>& visit) const {
    for (const auto& [key, object] : objects_) visit(object);
  }
  void for_each_in(const std::string& namespace_,
                   const std::function<void(const Pointer&)>& visit) const {
    for (auto at = objects_.lower_bound({namespace_, {}});
         at != objects_.end() && at->first.namespace_ == namespace_; ++at) {
      visit(at->second);
    }
  }

  /// Read-your-writes: takes an object that a write or a live read returned.
  void apply(const Json& object) { upsert(object); }
  /// A write of ours, or a live read, found this very object gone.
  void forget(const api::ObjectKey& key, const std::string& uid) {
    const auto found = objects_.find(key);
    tombstones_.add(uid);
    if (found != objects_.end() && found->second->metadata.uid == uid) erase(found);
  }

 private:
  using Map = std::map<api::ObjectKey, Pointer>;

  void replace_begin() override { listed_.clear(); }
  void replace_item(const Json& object) override {
    const Json& metadata = object["metadata"];
    listed_.insert({std::string(metadata["namespace"].string_or_empty()),
                    std::string(metadata["name"].string_or_empty())});
    upsert(object);
  }
  void replace_end(const std::string& list_version) override {
    for (auto at = objects_.begin(); at != objects_.end();) {
      const auto next = std::next(at);
      const api::ObjectMeta& metadata = at->second->metadata;
      if (!listed_.contains(at->first) &&
          !api::newer_version(metadata.resource_version, list_version)) {
        tombstones_.add(metadata.uid);
        erase(at);
      }
      at = next;
    }
    listed_.clear();
  }
  void upsert(const Json& json) override {
    Result<T> decoded = decode_(json);
    if (!decoded) {
      log::error("cannot read an object",
                 {
                     {"kind",  T::kind.kind          },
                     {"error", decoded.error().text()}
      });
      return;
    }
    T& object = *decoded;
    if (tombstones_.contains(object.metadata.uid)) return;
    const api::ObjectKey key = object.metadata.key();
    Pointer& slot = objects_[key];
    if (slot != nullptr && slot->metadata.uid == object.metadata.uid &&
        !api::newer_version(object.metadata.resource_version, slot->metadata.resource_version)) {
      return;
    }
    // A namesake with another uid: the older one is gone, whichever arrives last.
    if (slot != nullptr && slot->metadata.uid != object.metadata.uid) {
      if (api::newer_version(slot->metadata.resource_version, object.metadata.resource_version)) {
        return;
      }
      tombstones_.add(slot->metadata.uid);
    }
    const Pointer before = slot;
    const Pointer after = std::make_shared<const T>(std::move(object));
    slot = after;
    for (const Handler& handler : handlers_) handler(before, after);
  }
  void remove(const Json& json) override {
    const Json& metadata = json["metadata"];
    forget({std::string(metadata["namespace"].string_or_empty()),
            std::string(metadata["name"].string_or_empty())},
           std::string(metadata["uid"].string_or_empty()));
  }
  void erase(typename Map::iterator at) {
    const Pointer before = at->second;
    objects_.erase(at);
    for (const Handler& handler : handlers_) handler(before, nullptr);
  }

  Decode decode_;
  std::vector<Handler> handlers_;
  Map objects_;
  std::set<api::ObjectKey> listed_;
  Tombstones tombstones_;
  Reflector reflector_;
};

}  // namespace slipway::kubernetes
