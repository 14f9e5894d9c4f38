#pragma once

#include <optional>
#include <string>

#include "cluster/server/server.h"

namespace slipway::cluster {

// How objects come into the store, change and leave it: the rules every writer is held to, the
// server's own included. None of these knows of HTTP.

/// Creates an object that has been decoded. Its namespace must exist and not be on its way out.
/// In a dry run the answer is not stored and has no version.
Served<ObjectPtr> create_stored(Server& server, const Resource& resource,
                                std::string_view namespace_, Json object, bool dry_run);

struct UpdateOptions {
  Subresource way = Subresource::none;
  bool dry_run = false;
  /// A whole new object, whose uid is a precondition; else the result of a patch, whose uid may
  /// not differ.
  bool replaces = false;
};

/// Stores a new revision of `old`. A change of nothing answers `old` and keeps its version; an
/// update that takes the last finalizer off an object which is being deleted removes it.
Served<ObjectPtr> update_stored(Server& server, const Resource& resource, const ObjectPtr& old,
                                Json object, const UpdateOptions& options);

struct DeleteOptions {
  std::optional<std::int64_t> grace_seconds;
  std::string uid;               ///< Precondition; empty: none.
  std::string resource_version;  ///< The same.
  std::string propagation;       ///< "Foreground", "Background", "Orphan" or empty.
  bool dry_run = false;
};

struct Deleted {
  ObjectPtr object;           ///< As it was last, or as it is now, being deleted.
  bool shows_object = false;  ///< The answer is the object, else a Status.
};

/// Deletes an object, or marks it where finalizers or a pod's grace hold it. Source: apiserver's
/// registry store, `Delete`.
Served<Deleted> delete_stored(Server& server, const Resource& resource, const ObjectPtr& object,
                              const DeleteOptions& options);

/// Takes an object out of the store, whatever holds it.
void remove_stored(Server& server, const Resource& resource, const ObjectPtr& object);

}  // namespace slipway::cluster
