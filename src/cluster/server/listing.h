#pragma once

#include <string>
#include <vector>

#include "cluster/server/server.h"

namespace slipway::cluster {

/// Reads a `resourceVersion`: an answer may not be older. *Errors*: 400 for what is no version, 504
/// for one that is yet to come.
Served<std::uint64_t> wanted_revision(const Server& server, std::string_view text);

/// The objects that a list request asks for, and what goes into the list's metadata.
struct Listed {
  std::vector<ObjectPtr> objects;
  std::uint64_t revision = 0;
  std::string continue_token;  ///< Empty: this is the last page.
  std::size_t remaining = 0;   ///< Objects on later pages.
  bool remaining_known = false;
};

/// Reads selectors, page and version of the call, and gathers. Pages of one list show one state of
/// the store, however it changes in between.
/// *Errors*: 400 for selectors, versions and tokens; 410 for a state that history has forgotten;
/// 504 for a version that is yet to come.
Served<Listed> list_stored(Server& server, const Call& call);

/// The list as one text, put together from the objects' own.
std::string list_text(const Resource& resource, const Listed& listed);

}  // namespace slipway::cluster
