#include "cluster/kubeconfig_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace slipway::cluster {

std::string kubeconfig_text(const std::string& server, const Credentials& credentials) {
  return fmt::format(
      "apiVersion: v1\n"
      "kind: Config\n"
      "current-context: slipway\n"
      "clusters:\n"
      "- name: slipway\n"
      "  cluster:\n"
      "    server: {}\n"
      "    certificate-authority-data: {}\n"
      "contexts:\n"
      "- name: slipway\n"
      "  context:\n"
      "    cluster: slipway\n"
      "    user: slipway\n"
      "users:\n"
      "- name: slipway\n"
      "  user:\n"
      "    client-certificate-data: {}\n"
      "    client-key-data: {}\n"
      "    token: {}\n",
      server, base64_encode(credentials.authority_pem),
      base64_encode(credentials.client.certificate_pem), base64_encode(credentials.client.key_pem),
      credentials.token);
}

namespace {

bool write_all(int file, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(file, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    written += static_cast<std::size_t>(n);
  }
  return true;
}

Failure cannot_write(const std::string& path, int error) {
  return fail(ErrorCode::invalid, path, fmt::format("cannot be written: {}", std::strerror(error)),
              "name a file in a folder that exists and that you may write to");
}

}  // namespace

Result<void> write_private_file(const std::string& path, const std::string& text) {
  std::string temporary = path + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);  // Made with mode 0600.
  if (file < 0) return cannot_write(path, errno);
  const bool written = write_all(file, text) && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = written ? errno : error;
    ::unlink(temporary.c_str());
    return cannot_write(path, reason);
  }
  return {};
}

}  // namespace slipway::cluster
