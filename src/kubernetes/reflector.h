#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/kinds.h"
#include "base/random.h"
#include "kubernetes/event_loop.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

/// Which objects are of interest.
struct Interest {
  api::Kind kind;
  std::string namespace_;      ///< Empty: all.
  std::string label_selector;  ///< Text form, empty: all.
  std::string field_selector;
  bool metadata_only = false;  ///< Of each object its metadata (PartialObjectMetadata).
  /// Of what the server sends, what a cache keeps; the rest counts as not there. Empty: all.
  std::function<bool(const Json& object)> keeps = nullptr;
};

/// Where a Reflector puts what it reads.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  /// The store itself has gone back in time (a restored backup): the list that follows counts, even
  /// where it is older than what the sink has.
  virtual void store_went_back() {}
  /// A full list begins, goes on object by object, and ends: what was not named is gone, unless it
  /// is newer than the list (our own create may overtake the list's pages).
  virtual void replace_begin() = 0;
  virtual void replace_item(const Json& object) = 0;
  virtual void replace_end(const std::string& list_version) = 0;
  virtual void upsert(const Json& object) = 0;
  virtual void remove(const Json& object) = 0;
};

/// Keeps a sink in step with the API server: a paged list, then a watch with bookmarks, resumed
/// where it broke; a new list after 410 Gone; a stream that has been silent for 90 s (no event, no
/// bookmark) is taken for dead and opened anew. Failures back off with jitter, 1 s to 30 s; a break
/// after a healthy stream resumes at once.
///
/// *Guarantees*: an answer that is cut, or is no list, removes nothing from the sink. A list that
/// is older than what was seen before comes from a server that lags, and is asked for again; the
/// fifth in a row is believed, and the sink told.
class Reflector {
 public:
  struct Options {
    std::int64_t page_size = 250;
    Duration silence_limit = Duration::from_seconds(90);
    Duration watch_timeout_min = Duration::from_seconds(300);  ///< The server ends it between this
                                                               ///< and twice this.
    Duration backoff_min = Duration::from_seconds(1);
    Duration backoff_max = Duration::from_seconds(30);
    /// Leaves spec.template as text (JsonParseOptions::unread), for those who decode objects into
    /// api types: most templates are never looked at.
    bool unread_templates = false;
  };

  Reflector(EventLoop& loop, Transport& transport, Interest interest, ReflectorSink& sink,
            std::uint64_t seed, Options options);
  Reflector(EventLoop& loop, Transport& transport, Interest interest, ReflectorSink& sink,
            std::uint64_t seed)
      : Reflector(loop, transport, std::move(interest), sink, seed, Options{}) {}
  ~Reflector();

  void start();
  void stop();
  /// Whether a first full list has been delivered.
  bool synced() const;
  /// The server answers that it has no such kind: a CRD that is not installed (yet). Asked again as
  /// after any failure.
  bool unserved() const;
  /// Why it is not in step now, for /healthz and people; empty when all is well.
  std::string trouble() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// How an object is read: without managed fields, and as the options say. `at` is the way to it
/// from the root of the text.
JsonParseOptions object_reading(const Reflector::Options& options,
                                const JsonParseOptions::Path& at = {});

}  // namespace slipway::kubernetes
