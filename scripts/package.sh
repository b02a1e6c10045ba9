#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Makes Debian packages, release/tidepool_VERSION_ARCH.deb, without root; the same commit gives the same bytes.
# Beside them it puts their checksums and install.sh.
# Usage: package.sh [--arch "amd64 arm64 armhf"] [--into DIRECTORY]
set -eu
cd "$(dirname "$0")/.."

archs='amd64 arm64 armhf'
into=release
while [ $# -gt 0 ]; do
  case "$1" in
    --arch) archs="$2" ;;
    --into) into="$2" ;;
    *)
      echo 'usage: package.sh [--arch "amd64 arm64 armhf"] [--into DIRECTORY]' >&2
      exit 2
      ;;
  esac
  shift 2
done
command -v dpkg-deb >/dev/null || {
  echo 'tidepool: dpkg-deb is missing: apt-get install dpkg-dev' >&2
  exit 1
}

umask 022
# Times in the package are those of the commit, also where there is no repository.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
version="$(node -p 'require("./package.json").version')"
mkdir -p "$into"
into="$(cd "$into" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cpu_of() {
  case "$1" in
    amd64) echo x64 ;;
    arm64) echo arm64 ;;
    armhf) echo arm ;;
    *)
      echo "tidepool: $1 is not an architecture of the package" >&2
      exit 2
      ;;
  esac
}

# Where Debian has the libraries of an architecture.
triplet_of() {
  case "$1" in
    amd64) echo x86_64-linux-gnu ;;
    arm64) echo aarch64-linux-gnu ;;
    armhf) echo arm-linux-gnueabihf ;;
  esac
}

make_package() {
  arch="$1"
  cpu="$(cpu_of "$arch")"
  root="$work/$arch"
  lib="$root/usr/lib/tidepool"
  doc="$root/usr/share/doc/tidepool"
  sh scripts/stage.sh --cpu "$cpu" "$work/stage"
  mkdir -p "$lib" "$doc" "$root/usr/bin" "$root/etc/tidepool" "$root/DEBIAN" "$root/usr/lib/systemd/system" \
    "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d" "$root/usr/share/lintian/overrides"
  for part in dist views tor node_modules package.json; do mv "$work/stage/$part" "$lib/"; done
  mkdir "$lib/systemd"
  mv "$work/stage/systemd/notified.pl" "$lib/systemd/"
  # for a first boot, which has the package alone
  install -m 755 scripts/install.sh "$lib/install.sh"
  find "$lib/node_modules" -path '*/prebuilds/linux-*' ! -path "*/prebuilds/linux-$cpu/*" -type f -delete
  find "$lib" -type d -empty -delete
  node scripts/copyright.mjs "$lib/node_modules" >"$doc/copyright"
  mv "$work/stage/docs" "$work/stage/README.md" "$work/stage/CHANGELOG.md" "$doc/"
  rm -rf "$work/stage"

  # not beside the program: the manual reads modules that the package has in other chunks
  node scripts/build.mjs "$work/manual" commands/all >/dev/null
  ln -sfn "$PWD/node_modules" "$work/node_modules"
  ln -sfn "$PWD/package.json" "$work/package.json"
  node scripts/manual.mjs "$work/manual" "$root" "$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)" "$version"
  find "$root/usr/share/man" -type f -exec gzip -9n {} +
  printf 'tidepool (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- Tidepool developers <tidepool@localhost>  %s\n' \
    "$version" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"

  install -m 755 debian/tidepool.sh "$root/usr/bin/tidepool"
  install -m 755 debian/nightly-backup "$lib/nightly-backup"
  install -m 644 debian/relay.toml "$root/etc/tidepool/relay.toml"
  install -m 644 systemd/tidepool.service debian/tidepool-backup.service debian/tidepool-backup.timer \
    "$root/usr/lib/systemd/system/"
  install -m 644 debian/tidepool.sysusers "$root/usr/lib/sysusers.d/tidepool.conf"
  install -m 644 debian/tidepool.tmpfiles "$root/usr/lib/tmpfiles.d/tidepool.conf"
  install -m 644 debian/lintian-overrides "$root/usr/share/lintian/overrides/tidepool"
  for script in preinst postinst prerm postrm; do install -m 755 "debian/$script" "$root/DEBIAN/$script"; done
  echo /etc/tidepool/relay.toml >"$root/DEBIAN/conffiles"
  sed "s/@TRIPLET@/$(triplet_of "$arch")/" debian/triggers >"$root/DEBIAN/triggers"
  # as Debian's tools count: what `du` says depends on where the disk has room
  size="$(find "$root" -path "$root/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' |
    awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')"
  sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" debian/control.in >"$root/DEBIAN/control"
  (cd "$root" && find etc usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  chmod -R u=rwX,go=rX "$root"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  deb="tidepool_${version}_$arch.deb"
  dpkg-deb --root-owner-group -Zxz --build "$root" "$into/$deb.part" >/dev/null
  mv "$into/$deb.part" "$into/$deb"
  (cd "$into" && sha256sum "$deb" >"$deb.sha256")
  rm -rf "$root"
  echo "$into/$deb"
}

install -m 755 scripts/install.sh "$into/"
for arch in $archs; do make_package "$arch"; done
