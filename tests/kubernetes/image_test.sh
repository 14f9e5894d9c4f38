#!/usr/bin/env bash
# The container image's files are enough to run the program: nothing of the machine is seen from there.
set -euo pipefail

if [ "$(id -u)" -ne 0 ]; then
  echo "skipped: only root may change into the image's files"
  exit 0
fi
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'rm -rf "$folder"' EXIT
"$(dirname "$0")/../../scripts/image-root" "$1" "$folder"
chroot --userspec=65532:65532 "$folder" "/usr/bin/$(basename "$1")" version
