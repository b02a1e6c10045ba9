#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Makes the tree that a release and a Debian package contain: the build, and the packages it needs at run time.
# Usage: stage.sh [--cpu "x64 arm64 arm"] TREE
# The packages are inside, so that a board needs Node and neither npm nor a registry, and installs what was tested.
set -eu
cd "$(dirname "$0")/.."

cpus='x64 arm64 arm'
if [ "${1:-}" = --cpu ]; then
  cpus="$2"
  shift 2
fi
if [ $# -ne 1 ]; then
  echo 'usage: stage.sh [--cpu "x64 arm64 arm"] TREE' >&2
  exit 2
fi
tree="$1"

sh scripts/prepare.sh --dev
umask 022
mkdir -p "$tree"
for part in dist views tor docs systemd package.json package-lock.json .npmrc README.md CHANGELOG.md LICENSE; do
  cp -R "$part" "$tree/"
done
rm -f "$tree/dist/.built"
chmod +x "$tree/dist/cli.js" "$tree/systemd/notified.pl"

# One tree for all: npm installs for one kind of processor at a time, and only prebuilt modules differ.
packages="$(mktemp -d)"
trap 'rm -rf "$packages"' EXIT
for cpu in $cpus; do
  echo "tidepool: packages for $cpu" >&2
  mkdir "$packages/$cpu"
  cp package.json package-lock.json .npmrc "$packages/$cpu/"
  (cd "$packages/$cpu" && npm ci --omit=dev --ignore-scripts --os=linux --libc=glibc --cpu="$cpu" \
    --prefer-offline --no-progress --loglevel=error >&2)
  cp -R "$packages/$cpu/node_modules" "$tree/"
  rm -rf "${packages:?}/$cpu"
done
# what no board loads: builds for other systems, maps back to sources that are not there, declarations
find "$tree/node_modules" \( -path '*/prebuilds/darwin-*' -o -path '*/prebuilds/win32-*' -o -path '*/prebuilds/android-*' \
  -o -path '*/prebuilds/ios-*' -o -name '*.musl.node' -o -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' \) \
  -type f -delete
# settings of their authors' tools
find "$tree/node_modules" -name '.*' ! -name .package-lock.json -type f -delete
find "$tree/node_modules" -name .github -type d -prune -exec rm -rf {} +
# libraries are loaded, not run
find "$tree/node_modules" -name '*.node' -exec chmod a-x {} +
find "$tree" -type d -empty -delete
find "$tree" -type l -path '*/.bin/*' -delete
