#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace slipway::kubernetes {

/// One cluster, user or context of a kubeconfig.
struct KubeconfigEntry {
  Json content;
  std::string file;  ///< Where it stands: relative paths in it rest on that file's folder.
  std::string name;  ///< "user dev", for messages.

  /// Members by type; absent and null are empty, anything else is an `invalid` that names the
  /// place.
  Result<std::string> text(std::string_view key) const;
  Result<bool> flag(std::string_view key) const;
  Result<std::vector<std::string>> texts(std::string_view key) const;
  /// An object member as an entry of its own ("user dev: exec").
  Result<KubeconfigEntry> part(std::string_view key) const;
  Result<std::vector<KubeconfigEntry>> parts(std::string_view key) const;
  bool has(std::string_view key) const { return !content[key].is_null(); }

  /// "/home/me/.kube/config: user dev: token"
  std::string place(std::string_view key) const;
  /// An absolute path, or one that rests on the file's folder.
  std::string resolve(const std::string& path) const;
};

/// One kubeconfig file, or several merged. Entries are decoded when they are used, so that a
/// mistake in one that nobody chose does no harm.
struct Kubeconfig {
  using Entries = std::map<std::string, KubeconfigEntry>;
  std::string current_context;
  std::string current_context_file;
  Entries contexts;
  Entries clusters;
  Entries users;

  bool empty() const;
  /// Adds what `later` names and this doesn't: whole entries, as kubectl does, never their parts.
  void merge(Kubeconfig later);
};

/// Reads the text of one file.
///
/// *Errors*: `invalid`, naming the file, and line and column of what is no YAML.
Result<Kubeconfig> parse_kubeconfig(const std::string& file, std::string_view text);

}  // namespace slipway::kubernetes
