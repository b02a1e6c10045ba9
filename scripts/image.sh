#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Makes a disk image with Debian and the relay, release/tidepool-VERSION-ARCH.img.xz, as root but without loop devices.
# Usage: image.sh [--arch arm64|amd64] [--into DIRECTORY] [--mirror URL] [--base DIRECTORY] [--tree DIRECTORY] [--raw yes]
# arm64 is for boards; amd64 has the same root, for virtual machines. --base keeps Debian's packages in a directory, from
# which a later run starts. --tree makes only the root, as a directory. --raw leaves the image uncompressed.
# Needs: apt-get install mmdebstrap mtools dosfstools e2fsprogs fdisk xz-utils, and for another processor
# qemu-user-static and arch-test.
set -eu
cd "$(dirname "$0")/.."

usage() {
  sed -n 's/^# Usage: /usage: /p' scripts/image.sh >&2
  exit 2
}
arch=arm64 into=release mirror='' base='' tree='' raw=no
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case "$1" in
    --arch) arch="$2" ;;
    --into) into="$2" ;;
    --mirror) mirror="$2" ;;
    --base) base="$2" ;;
    --tree) tree="$2" ;;
    --raw) raw="$2" ;;
    *) usage ;;
  esac
  shift 2
done
die() {
  echo "tidepool: $1" >&2
  exit 1
}

SUITE=trixie
# The largest image, in bytes, which is also the smallest card that it fits.
LARGEST=1200000000
# MiB: the table of partitions and a gap; the boot partition, for two kernels and the firmware; space in the root for the
# first boot before it grows
GAP=4
BOOT=256
SPARE=64
# names and numbers of file systems, which are no secrets: boards may share them
ROOT_UUID=74696465-706f-6f6c-8000-000000000001
HASH_SEED=74696465-706f-6f6c-8000-000000000002
DISK_ID=0x74696465

PACKAGES='systemd-sysv systemd-resolved systemd-timesyncd dbus udev kmod initramfs-tools zstd e2fsprogs dosfstools
  fdisk passwd login procps iproute2 netbase sudo cloud-init cloud-guest-utils netplan.io openssh-server avahi-daemon
  libnss-mdns unattended-upgrades ca-certificates nodejs tor'
case "$arch" in
  arm64) PACKAGES="$PACKAGES linux-image-arm64 raspi-firmware firmware-brcm80211 wpasupplicant wireless-regdb" ;;
  amd64) PACKAGES="$PACKAGES linux-image-cloud-amd64" ;;
  *) die "$arch is not an architecture of the image" ;;
esac
[ "$(id -u)" -eq 0 ] || die 'an image can only be made by root: it keeps the owners of files'
for need in mmdebstrap mkfs.vfat:dosfstools mcopy:mtools mkfs.ext4:e2fsprogs sfdisk:fdisk xz:xz-utils; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${need%:*}" >/dev/null ||
    die "${need%:*} is missing: apt-get install ${need#*:}"
done
PATH="$PATH:/usr/sbin:/sbin"
if [ -z "$mirror" ]; then
  # shellcheck disable=SC2016
  mirror="$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p' | head -n 1)"
fi
mirror="${mirror:-http://deb.debian.org/debian}"

umask 022
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME="$SOURCE_DATE_EPOCH"
version="$(node -p 'require("./package.json").version')"
mkdir -p "$into"
into="$(cd "$into" && pwd)"
work="$(mktemp -d /var/tmp/tidepool-image.XXXXXX)"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# --- the root -------------------------------------------------------------------------------------------------------

# Makes Debian with the packages in a directory, which appears only when it is whole.
make_base() {
  include="$(echo "$PACKAGES" | tr -s ' \n' ,)"
  apt-config dump | sed -n 's/^\(Acquire::https\{0,1\}::.*Proxy.*\)$/\1/p' >"$work/proxies"
  DEBIAN_FRONTEND=noninteractive mmdebstrap --quiet --variant=apt --architectures="$arch" --format=directory \
    --include="${include%,}" --aptopt="$work/proxies" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-include=/usr/share/doc/tidepool/*' \
    "$SUITE" "$1.$$" "deb $mirror $SUITE main non-free-firmware" "deb $mirror $SUITE-updates main non-free-firmware" \
    "deb ${mirror%/debian*}/debian-security $SUITE-security main non-free-firmware" >&2 || {
    rm -rf "$1.$$"
    die 'Debian could not be unpacked'
  }
  mv "$1.$$" "$1"
}

root="$work/root"
if [ -z "$base" ]; then
  make_base "$root"
else
  mkdir -p "$(dirname "$base")"
  [ -d "$base" ] || make_base "$base"
  cp -a "$base" "$root"
fi
sh scripts/package.sh --arch "$arch" --into "$work" >&2
sh scripts/image-root.sh "$root" "$work/tidepool_${version}_$arch.deb" >&2
if [ -n "$tree" ]; then
  mv "$root" "$tree"
  echo "$tree"
  exit 0
fi

# --- the boot partition ---------------------------------------------------------------------------------------------

boot="$work/boot"
mkdir "$boot"
cp -R "$root/boot/firmware/." "$boot/"
find "$root/boot/firmware" -mindepth 1 -delete
find "$boot" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
truncate -s "${BOOT}M" "$work/boot.img"
mkfs.vfat --invariant -F 32 -n RASPIFIRM -i "${DISK_ID#0x}" "$work/boot.img" >/dev/null
mcopy -s -m -Q -i "$work/boot.img" "$boot"/* ::

# --- the image ------------------------------------------------------------------------------------------------------

used="$(du -sm --apparent-size "$root" | cut -f 1)"
# an eighth for the file system itself and for blocks that are not full
size=$((used + used / 8 + SPARE))
truncate -s "${size}M" "$work/root.img"
mkfs.ext4 -q -L RASPIROOT -U "$ROOT_UUID" -E "hash_seed=$HASH_SEED,lazy_itable_init=0,lazy_journal_init=0" \
  -m 1 -d "$root" "$work/root.img"
image="$into/tidepool-$version-$arch.img"
truncate -s "$((GAP + BOOT + size))M" "$image.part"
sfdisk --quiet "$image.part" <<WORDS
label: dos
label-id: $DISK_ID
start=${GAP}MiB, size=${BOOT}MiB, type=c, bootable
start=$((GAP + BOOT))MiB, size=${size}MiB, type=83
WORDS
dd if="$work/boot.img" of="$image.part" bs=1M seek="$GAP" conv=notrunc,sparse status=none
dd if="$work/root.img" of="$image.part" bs=1M seek="$((GAP + BOOT))" conv=notrunc,sparse status=none
bytes="$(stat -c %s "$image.part")"
[ "$bytes" -le "$LARGEST" ] || die "the image has $bytes bytes; $LARGEST are the limit"
mv "$image.part" "$image"
if [ "$raw" = yes ]; then
  echo "$image"
  exit 0
fi
xz -T 0 -6 --force "$image"
(cd "$into" && sha256sum "$(basename "$image").xz" >"$(basename "$image").xz.sha256")
echo "$image.xz"
