#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Makes release/tidepool-VERSION.tgz: the build and all it needs, for every processor, where no Debian package fits.
# Usage: release.sh [--cpu "x64 arm64 arm"] [--into DIRECTORY]
set -eu
cd "$(dirname "$0")/.."

cpus='x64 arm64 arm'
into=release
while [ $# -gt 0 ]; do
  case "$1" in
    --cpu) cpus="$2" ;;
    --into) into="$2" ;;
    *)
      echo 'usage: release.sh [--cpu "x64 arm64 arm"] [--into DIRECTORY]' >&2
      exit 2
      ;;
  esac
  shift 2
done

umask 022
version="$(node -p 'require("./package.json").version')"
name="tidepool-$version"
mkdir -p "$into"
into="$(cd "$into" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
tree="$work/$name"
sh scripts/stage.sh --cpu "$cpus" "$tree"

# Times and owners say nothing about a release. package-lock.json must not be newer than what npm installed from it.
stamp="$(git log -1 --format=%ct 2>/dev/null || date +%s)"
find "$tree" -exec touch -h -d "@$stamp" {} +
chmod -R u=rwX,go=rX "$tree"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$into/$name.tgz.part"
mv "$into/$name.tgz.part" "$into/$name.tgz"
(cd "$into" && sha256sum "$name.tgz" >"$name.tgz.sha256")
echo "$into/$name.tgz"
