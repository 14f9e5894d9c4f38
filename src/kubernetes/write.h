#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/meta.h"
#include "kubernetes/transport.h"

namespace slipway::kubernetes {

/// Where a Write finds an annotation.
std::string annotation_path(std::string_view key);

/// One write: the API server applies all of it, or refuses all of it because the world has moved.
/// No constructor takes a name alone, and the uid is always tested, so it can't hit a namesake.
///
/// A Write is a value: it can be compared, printed, logged and replayed.
class Write {
 public:
  /// A change of fields, as a JSON patch that tests the uid and every expectation first. `why` is
  /// for people: event, log, timeline.
  Write(const api::Object& seen, std::string why);

  /// Holds the write to the value at `path` as seen; absence counts as a value. Expect what the
  /// decision rests on, no more: the whole object changes with each pod that turns ready. Absence
  /// is tested at the nearest path whose parent exists, since a `test` with null needs one.
  Write& expect_as_seen(std::string_view path);
  /// Sets the value at `path`, making missing parents (whose absence is then tested). An item of a
  /// list can be set where it was seen, not added: set the whole list.
  Write& set(std::string_view path, Json value);
  /// Removes the value at `path`; nothing where it was not seen. What is removed is expected as
  /// seen.
  Write& remove(std::string_view path);
  // Several changes of one write compose: each starts from what those before it have made.
  /// Sends the patch to this subresource ("scale", "status"); a created object goes to that of the
  /// object which it names ("binding": POST pods/NAME/binding).
  Write& through(std::string_view subresource);

  /// A new object. It must have a fixed name: a second attempt then answers AlreadyExists and can
  /// be checked, where a generated name would make a twin.
  static Write create(const api::Kind& kind, Json object, std::string why);
  /// Deletes this very object in this very version (uid and resourceVersion preconditions).
  /// `propagation` is Background, Foreground or Orphan. `grace_seconds` overrides a pod's own grace
  /// period (0: its containers have stopped, remove it now).
  static Write delete_object(const api::Object& seen, std::string why,
                             std::string propagation = "Background",
                             std::optional<std::int64_t> grace_seconds = {});
  /// Evicts this very pod: it is deleted, unless a disruption budget forbids it (429).
  static Write evict(const api::Object& pod, std::string why);
  /// Replaces the status, as a merge patch of what differs from the status seen, under the
  /// resourceVersion seen: people write status too. With `subresource` false it goes to the main
  /// resource (AnalysisRun, Experiment).
  static Write status(const api::Object& seen, const Json& new_status, std::string why,
                      bool subresource = true);

  /// Replaces the object through a subresource that takes no patch (a Namespace's "finalize"), in
  /// the very version seen.
  static Write replace_through(const api::Object& seen, Json object, std::string_view subresource,
                               std::string why);

  /// True when there is nothing to send: the object already reads as wanted.
  bool changes_nothing() const;

  const api::ObjectRef& target() const { return target_; }
  const std::string& why() const { return why_; }
  bool is_create() const { return verb_ == Verb::create; }
  bool is_delete() const { return verb_ == Verb::delete_; }
  /// What is created (create only).
  const Json& body() const { return body_; }
  /// The very request that goes out.
  Request request() const;
  /// "patch ReplicaSet shop/web-5d4: old revision: scale-down delay is over {/spec/replicas: 3 ->
  /// 0}"
  std::string text() const;

  bool operator==(const Write&) const = default;

 private:
  enum class Verb { patch, create, delete_, status, replace };
  Write() = default;
  /// Lets `make` add changes, given the object with the changes so far.
  Write& change(std::string_view path, const std::function<void(const Json&)>& make);

  Verb verb_ = Verb::patch;
  api::ObjectRef target_;
  std::string why_;
  std::string subresource_;
  Json seen_;     ///< The object as seen, for expectations.
  Json tests_;    ///< JSON-patch `test` operations.
  Json changes_;  ///< JSON-patch changes.
  Json body_;     ///< Created or replacing object, merge patch or DeleteOptions.
};

/// Sends writes, one after the other. The only code in the project that changes a cluster.
class Writer {
 public:
  /// `on_response` gets each object that a write returned, before the next write goes out, so that
  /// the cache reads our own writes. For deletes the Json is null.
  using Applied = std::function<void(const Write&, const Json& object)>;
  /// How a list of writes ended: how many were applied, and the error that stopped it.
  struct Outcome {
    std::size_t applied = 0;
    std::optional<Error> error;           ///< None when all were applied.
    std::optional<Duration> retry_after;  ///< What the server asked for.
  };

  /// `reading` is how answers are read.
  Writer(Transport& transport, Applied on_response, JsonParseOptions reading = {})
      : transport_(transport), on_response_(std::move(on_response)), reading_(std::move(reading)) {}

  /// Sends `writes` in order and stops at the first that fails. A write that changes nothing is
  /// not sent, and counts as applied. `done` is called once: inside this call where nothing is to
  /// be sent, else from the event loop. A Writer that is destroyed calls nobody any more.
  /// `goes_on` is asked before each write but the first, which may be long after it: where it says
  /// no, the rest is left out, and fewer are applied without an error.
  void execute(std::vector<Write> writes, std::function<void(Outcome)> done,
               std::function<bool()> goes_on = {});

 private:
  struct Run;
  void proceed(std::shared_ptr<Run> run);
  void receive(std::shared_ptr<Run> run, const Request& sent, Result<Response> response);

  Transport& transport_;
  Applied on_response_;
  JsonParseOptions reading_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace slipway::kubernetes
