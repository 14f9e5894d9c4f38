#pragma once

#include <string>

#include "base/result.h"
#include "cluster/certificates.h"

namespace slipway::cluster {

/// A kubeconfig that leads to this cluster and needs no other file: one cluster, user and context,
/// all named "slipway", with certificates embedded. `server` is "https://127.0.0.1:6443".
std::string kubeconfig_text(const std::string& server, const Credentials& credentials);

/// Writes a file that only its owner can read, whole or not at all: readers see the old text or the
/// new, never a part.
///
/// *Errors*: `invalid`, naming the path.
Result<void> write_private_file(const std::string& path, const std::string& text);

}  // namespace slipway::cluster
