#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Turns a tree with all packages into the root of the image: its files, its services, and nothing that two boards would
# share. Run by image.sh as: image-root.sh DIRECTORY PACKAGE
set -eu
export DEBIAN_FRONTEND=noninteractive
cd "$(dirname "$0")/.."
root="$1"
firmware="$root/boot/firmware"

# Runs a program in the tree, with what maintainer scripts expect; the mounts end with it.
in_root() {
  # shellcheck disable=SC2016
  unshare --mount sh -ec '
    mount --bind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    mount -t sysfs -o ro sysfs "$1/sys"
    exec chroot "$@"' sh "$root" "$@"
}

cp -R --no-preserve=ownership image/root/etc/initramfs-tools/. "$root/etc/initramfs-tools/"
cp "$2" "$root/var/tmp/tidepool.deb"
in_root dpkg -i /var/tmp/tidepool.deb
rm "$root/var/tmp/tidepool.deb"

# The hook of raspi-firmware overwrites the only kernel of the boot partition; ours has two in turn.
for hook in etc/kernel/postinst.d etc/kernel/postrm.d etc/initramfs/post-update.d; do
  in_root dpkg-divert --quiet --local --rename --divert "/$hook/z50-raspi-firmware.disabled" --add "/$hook/z50-raspi-firmware"
done
cp -R --no-preserve=ownership image/root/. "$root/"
chmod -R u=rwX,go=rX "$root/usr/lib/tidepool-image" "$root/etc/cloud/cloud.cfg.d" "$root/etc/systemd" \
  "$root/usr/lib/tmpfiles.d"

# Its own upgrade would write to the boot partition, which is read-only, and call the hook that is not there.
if in_root dpkg-query -W raspi-firmware >/dev/null 2>&1; then in_root apt-mark hold raspi-firmware >/dev/null; fi

# --- services -------------------------------------------------------------------------------------------------------

in_root systemctl --quiet enable systemd-networkd systemd-resolved systemd-timesyncd tidepool-host-key tidepool-show.timer
# The relay runs a tor of its own. The others write to the card, or wait for what a board may not have.
in_root systemctl --quiet disable tor.service
in_root systemctl --quiet mask e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer \
  systemd-networkd-wait-online.service wpa_supplicant.service
ln -sfn ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n127.0.1.1 tidepool\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
cat >>"$root/etc/tidepool/relay.toml" <<'WORDS'

[onion]
enabled = true

# Pages for the local network at port 80, to set the room up from a phone. Last, as user-data may add a line.
[web]
local = true
WORDS
cat >"$root/etc/apt/sources.list" <<'WORDS'
deb http://deb.debian.org/debian trixie main non-free-firmware
deb http://deb.debian.org/debian trixie-updates main non-free-firmware
deb http://deb.debian.org/debian-security trixie-security main non-free-firmware
WORDS
find "$root/etc/apt/sources.list.d" -type f -delete
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
# the clock starts no earlier than this
touch -d "@$SOURCE_DATE_EPOCH" "$root/usr/lib/clock-epoch"

# --- the boot partition ---------------------------------------------------------------------------------------------

mkdir -p "$firmware"
rm -f "$firmware"/vmlinuz-* "$firmware"/initrd.img-* "$firmware"/*.dtb "$firmware/config.txt" "$firmware/cmdline.txt"
rm -rf "$firmware/overlays"
for part in bootcode.bin start.elf start4.elf start_cd.elf start4cd.elf fixup.dat fixup4.dat fixup_cd.dat fixup4cd.dat; do
  if [ -e "$root/usr/lib/raspi-firmware/$part" ]; then cp "$root/usr/lib/raspi-firmware/$part" "$firmware/"; fi
done
rm -f "$firmware"/start*x.elf "$firmware"/start*db.elf "$firmware"/fixup*x.dat "$firmware"/fixup*db.dat
cp image/boot/* "$firmware/"
mkdir "$firmware/a" "$firmware/b"
# the last console is the one of boot messages; those that a board does not have are ignored
serial='console=ttyS1,115200 console=ttyAMA0,115200'
[ "$(in_root dpkg --print-architecture)" = arm64 ] || serial='console=ttyS0,115200'
echo "$serial console=tty0 root=LABEL=RASPIROOT rw fsck.repair=yes net.ifnames=0 rootwait panic=10 quiet" |
  tee "$firmware/a/cmdline.txt" >"$firmware/b/cmdline.txt"
sed -i 's|^os_prefix=a/|os_prefix=b/|' "$firmware/config.txt"
in_root update-initramfs -u -k all
rm -f "$firmware/b/"*

# --- nothing that boards would share --------------------------------------------------------------------------------

rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/systemd/random-seed" "$root/var/lib/systemd/credential.secret" \
  "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"
for place in var/lib/tidepool var/backups/tidepool var/lib/tor var/lib/cloud var/log root var/lib/apt/lists; do
  [ ! -d "$root/$place" ] || find "$root/$place" -mindepth 1 ! -type d -delete
done
