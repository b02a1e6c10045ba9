#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Installs or upgrades the Debian package of Tidepool, with what apt does not do: install.sh --help.
# It checks the machine, finds the package for it, brings Node.js where Debian's is too old, writes the first
# configuration, and goes back to the old version if the new one is not ready. It never changes the relay's data.
set -eu
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH DEBIAN_FRONTEND=noninteractive
umask 022

CONFIG=/etc/tidepool/relay.toml
DATA=/var/lib/tidepool
# The package that runs, to go back to: dpkg keeps none. Purging the package removes it.
KEPT=/var/cache/tidepool
ACCOUNT=tidepool
NODE_LEAST=20.12
NODESOURCE_LIST=/etc/apt/sources.list.d/tidepool-nodesource.sources
NODESOURCE_KEY=/etc/apt/keyrings/tidepool-nodesource.asc
# Earlier versions of this script installed an archive there. The package takes such an installation over.
OLD=/opt/tidepool
# in every file that this script writes, and in those of the archive, so that they are recognised
MARK='written by scripts/install.sh'

usage() {
  cat <<'HELP'
usage: install.sh [OPTIONS]      install or upgrade Tidepool, as root

An upgrade keeps data and configuration. If the new version is not ready within a minute, the old one comes back.
To remove the program: apt remove tidepool; with its data, identity and configuration: apt purge tidepool.

  --package FILE     the package (tidepool_VERSION_ARCH.deb), instead of the newest one beside this script
  --name TEXT        what people call the room; without it a set-up link asks
  --admin FEED       feed id of the administrator, who uses their app; needs --name
  --domain NAME      public DNS name of this machine
  --acme-email MAIL  fetch certificates for the domain; this address is given to the certificate authority
  --onion            offer the relay as a Tor onion service
  --lan              serve the plain web pages to the local network, not only to this machine
  --set KEY=VALUE    any other configuration key; may be repeated
  --no-tor           do not install tor
  --nodesource       where the system's Node.js is too old, take it from the package source of nodesource.com
  --yes              ask nothing, take the defaults
Any option above keeps the script from asking. Configuration options are for the first installation: later, edit
/etc/tidepool/relay.toml instead.
HELP
}

# A lost terminal must not end the installation.
say() { echo "$*" 2>/dev/null || :; }
warn() { echo "tidepool: warning: $*" >&2 || :; }
die() {
  echo "tidepool: $1" >&2
  shift
  for line in "$@"; do echo "  $line" >&2; done
  exit 1
}
# The right-hand side of a `--key value` option.
value() {
  [ $# -ge 2 ] || die "$1 needs a value" 'see: install.sh --help'
}

package='' name='' admin='' ebt='' nodesource=no tor=yes ask=yes
# configuration keys as lines; no value may hold a line break
sets=
add_set() {
  case "$1" in
    *'
'*) die 'a configuration value may not hold a line break' ;;
    ?*=*) ;;
    *) die "$1 is not KEY=VALUE" ;;
  esac
  sets="$sets$1
"
}

[ $# -eq 0 ] || ask=no
while [ $# -gt 0 ]; do
  case "$1" in
    --yes | -y) ;;
    --onion) add_set onion.enabled=true ;;
    --lan) add_set web.host=0.0.0.0 ;;
    --no-tor) tor=no ;;
    --nodesource) nodesource=yes ;;
    --package) value "$@" && package="$2" && shift ;;
    --name) value "$@" && name="$2" && shift ;;
    --admin) value "$@" && admin="$2" && shift ;;
    --domain) value "$@" && add_set "domain.name=$2" && shift ;;
    --acme-email) value "$@" && add_set "domain.acme_email=$2" && shift ;;
    --set) value "$@" && add_set "$2" && shift ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) die "$1 is not an option" 'see: install.sh --help' ;;
  esac
  shift
done
[ -z "$admin" ] || [ -n "$name" ] || die '--admin needs --name'
[ "$(id -u)" -eq 0 ] || die 'this has to be run as root' "try: sudo $0"

# --- checks -------------------------------------------------------------------------------------------------------

ours() { [ -f "$1" ] && grep -qF "$MARK" "$1"; }
taking_over() { ours "$OLD/.owner" && [ -L "$OLD/current" ]; }
# The version of a package that is installed; nothing if it is not, or not wholly.
installed() {
  # shellcheck disable=SC2016
  dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'
}
# The version to go back to: after a power cut in an upgrade the one that was last configured.
version_before() {
  installed tidepool | grep . && return
  # shellcheck disable=SC2016
  dpkg-query -W -f '${db:Status-Status} ${Config-Version}' tidepool 2>/dev/null |
    sed -n -E 's/^(half-[a-z]+|unpacked|triggers-[a-z]+) //p'
}

# Files that are not the package's would hide its own, except a mask of the service; and an account of this name would
# read the relay's keys.
check_own() {
  for file in /usr/local/bin/tidepool /etc/systemd/system/tidepool.service; do
    if { [ -e "$file" ] || [ -L "$file" ]; } && [ "$(readlink "$file")" != /dev/null ]; then
      ours "$file" || die "$file is there, and not from this script" 'move it away first'
    fi
  done
  if entry="$(getent passwd "$ACCOUNT")"; then
    [ "$(echo "$entry" | cut -d : -f 6)" = "$DATA" ] ||
      die "the user $ACCOUNT is there, and its home directory is not $DATA" 'rename or remove that user first'
  fi
  if [ -e "$DATA" ]; then
    keeper="$(stat -Lc %U "$DATA")"
    [ "$keeper" = "$ACCOUNT" ] || [ -z "$(ls -A "$DATA/")" ] ||
      die "$DATA is there and belongs to $keeper" "if it is a relay's data: chown -R $ACCOUNT: $DATA, once the user is there"
  fi
}

check_machine() {
  [ -d /run/systemd/system ] || die 'systemd does not run here'
  command -v apt-get >/dev/null || die 'apt-get is missing: this script knows Debian and Raspberry Pi OS'
  # shellcheck disable=SC1091
  os="$(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}")"
  # shellcheck disable=SC1091
  suite="$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")"
  case " $os " in *' debian '* | *' raspbian '*) ;; *) die 'this is neither Debian nor Raspberry Pi OS' ;; esac
  case "$suite" in
    bookworm | trixie) ;;
    bullseye | buster | stretch) die "Debian $suite is too old: 12 (bookworm) or 13 (trixie) is needed" ;;
    *) warn "tried on Debian bookworm and trixie, not on $suite" ;;
  esac
  arch="$(dpkg --print-architecture)"
  case "$(uname -m)" in
    armv6*) die 'this board (ARMv6: Pi 1, Pi Zero, Zero W) is not supported: Node.js is no longer made for it' \
      'a Pi Zero 2 W, a Pi 3 or anything newer does' ;;
  esac
  case "$arch" in
    arm64 | amd64) ;;
    armhf) warn 'a 32-bit system: the store is limited to 1 GiB, and cryptography is slower;' \
      'the 64-bit edition runs on every Pi from the Zero 2 W and the 3 on' ;;
    *) die "the architecture $arch is not supported: arm64, amd64 or armhf is needed" ;;
  esac
  memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
  [ "$memory" -ge 200 ] || die "$memory MiB of memory are too few: the relay needs 100, tor as much"
  [ "$memory" -ge 400 ] || warn "$memory MiB of memory are few, above all with an onion service"
  room=$(($(df -k --output=avail /usr | tail -n 1) / 1024))
  [ "$room" -ge 300 ] || die "$room MiB of free disk are too few: 300 are needed"
  [ "$(date +%Y)" -ge 2025 ] || warn "the clock says $(date +%F): certificates and packages may be refused until it is set"
}

# --- questions ----------------------------------------------------------------------------------------------------

# Only on a terminal and without options: the question, and the default for an empty answer.
answer() {
  printf '%s ' "$1" >&2
  read -r reply || reply=
  printf '%s' "${reply:-$2}"
}

ask_all() {
  say 'This installs Tidepool as a system service. Press Enter to accept the default in brackets.'
  name="$(answer 'Name of the room? [ask on the set-up page]' '')"
  case "$(answer 'Offer it as a Tor onion service, which needs no open ports? [Y/n]' y)" in
    [Yy]*) add_set onion.enabled=true ;;
  esac
  # without a name the set-up page asks this, too
  if [ -n "$name" ]; then
    case "$(answer 'Will people use Manyverse, or another app that replicates by EBT? [y/N]' n)" in
      [Yy]*) ebt=on ;;
    esac
  fi
  domain="$(answer 'Public DNS name of this machine? [none]' '')"
  if [ -n "$domain" ]; then
    add_set "domain.name=$domain"
    mail="$(answer 'E-mail address for the certificate authority, to serve HTTPS? [no HTTPS]' '')"
    [ -z "$mail" ] || add_set "domain.acme_email=$mail"
  fi
}

# --- what the package needs ---------------------------------------------------------------------------------------

candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p'; }
new_enough() { dpkg --compare-versions "$1" ge "$NODE_LEAST" 2>/dev/null; }

# Runs apt-get without questions. It waits for another apt, in seconds, and an edited configuration stays.
run_apt() {
  apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -y -q "$@" </dev/null >&2
}
apt_install() { run_apt install --no-install-recommends "$@"; }
need() { apt_install "$@" || die "apt could not install: $*" 'see above; fix that and run this again'; }

add_nodesource() {
  say 'adding the package source of nodesource.com'
  need ca-certificates curl
  mkdir -p "${NODESOURCE_KEY%/*}"
  curl -fsSL --proto '=https' -o "$NODESOURCE_KEY.part" https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key ||
    die 'the key of nodesource.com could not be fetched'
  mv "$NODESOURCE_KEY.part" "$NODESOURCE_KEY"
  cat >"$NODESOURCE_LIST" <<LIST
# $MARK
Types: deb
URIs: https://deb.nodesource.com/node_22.x
Suites: nodistro
Components: main
Signed-By: $NODESOURCE_KEY
LIST
  run_apt update || die 'the package source of nodesource.com does not answer'
}

# After a power cut apt refuses everything until dpkg has finished, and all else while a package is half unpacked.
repair() {
  # shellcheck disable=SC2016
  case "$(dpkg-query -W -f '${db:Status-Eflag}' tidepool 2>/dev/null)" in
    reinstreq) dpkg --force-confold --unpack "$deb" </dev/null >&2 || : ;;
  esac
  dpkg --force-confold --configure -a </dev/null >&2 || :
}

install_needs() {
  node="$(installed nodejs)"
  wanted=
  new_enough "${node:-0}" || wanted=nodejs
  had_tor=yes
  if [ "$tor" = yes ] && ! command -v tor >/dev/null; then
    had_tor=no
    wanted="$wanted tor"
  fi
  [ -n "$wanted" ] || return 0
  # A package source that does not answer must not end this if the others have all packages.
  run_apt update || warn 'apt-get update failed; going on with what is known'
  case "$wanted" in
    nodejs*)
      if ! new_enough "$(candidate nodejs | sed 's/(none)/0/')"; then
        [ "$nodesource" = yes ] || die \
          "Node.js $NODE_LEAST or newer is needed, and Debian $suite has $(candidate nodejs)" \
          'Either upgrade to Debian 13 (trixie), or let this script take Node.js from nodesource.com: --nodesource.'
        add_nodesource
      fi
      ;;
  esac
  # shellcheck disable=SC2086
  need $wanted
  # The relay runs a tor of its own when it needs one; a second one would only take memory.
  if [ "$had_tor" = no ]; then systemctl disable --quiet --now tor.service 2>/dev/null || true; fi
}

# --- the package --------------------------------------------------------------------------------------------------

work=
# shellcheck disable=SC2329
clean_up() {
  [ -z "$work" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

field() { dpkg-deb -f "$1" "$2" 2>/dev/null; }

# Prints the newest package for this machine in a directory; nothing if there is none.
newest_in() {
  newest=
  for file in "$1"/tidepool_*_"$arch".deb; do
    [ -f "$file" ] || continue
    if [ -z "$newest" ] || dpkg --compare-versions "$(field "$file" Version)" gt "$(field "$newest" Version)"; then
      newest="$file"
    fi
  done
  echo "$newest"
}

# Sets `package`, `version`, `deb`, which is a copy of it, and `tree`, where it is unpacked to be asked before it is
# installed.
find_package() {
  if [ -z "$package" ]; then
    here="$(cd "$(dirname "$0")" && pwd)"
    package="$(newest_in "$here")"
    # in a checkout
    [ -n "$package" ] || package="$(newest_in "$here/../release")"
    [ -n "$package" ] || die "there is no package for this machine beside this script: tidepool_VERSION_$arch.deb" \
      'make one with: npm run package, or name one: install.sh --package FILE'
  fi
  [ -f "$package" ] || die "$package is not there"
  if [ -f "$package.sha256" ]; then
    # the checksum may name the file as it was called
    [ "$(cut -d ' ' -f 1 "$package.sha256")" = "$(sha256sum "$package" | cut -d ' ' -f 1)" ] ||
      die "$package is damaged: it does not match $package.sha256"
  fi
  [ "$(field "$package" Package)" = tidepool ] || die "$package is damaged, or not a package of Tidepool"
  for_arch="$(field "$package" Architecture)"
  [ "$for_arch" = "$arch" ] || die "$package is for $for_arch, and this machine is $arch"
  version="$(field "$package" Version)"
  work="$(mktemp -d /var/tmp/tidepool-install.XXXXXX)"
  # apt reads files as another user, who cannot enter every directory
  chmod 755 "$work"
  deb="$work/tidepool_${version}_$arch.deb"
  cp "$package" "$deb"
  tree="$work/tree"
  dpkg-deb -x "$deb" "$tree" 2>/dev/null || die "$package is damaged"
}

# Asks the new version about the configuration, because the program knows every key.
# about_config describe SETS     prints a file with every key, those given set
# about_config check FILE        says what is wrong with it
# about_config ports FILE        prints the ports that should be open
about_config() {
  # shellcheck disable=SC2016
  /usr/bin/node --input-type=module -e '
    const [program, verb, argument] = process.argv.slice(1)
    const { describeConfig, loadConfig } = await import(program)
    try {
      if (verb === "describe") {
        const sets = argument.split("\n").filter(Boolean)
        process.stdout.write(describeConfig(loadConfig({ sets })))
      } else {
        const { ssb, whois, domain } = loadConfig({ file: argument })
        const https = domain.name && (domain.tls_key || domain.acme_email)
        const web = https ? [domain.http_port, domain.https_port] : []
        if (verb === "ports") console.log([ssb.port, whois.port, ...web].join(", "))
      }
    } catch (err) {
      console.error(`tidepool: ${err.message}`)
      process.exit(1)
    }' "$tree/usr/lib/tidepool/dist/config/config.js" "$1" "$2"
}

# Writes the first configuration, or checks the one that is there.
prepare_config() {
  if [ -e "$CONFIG" ]; then
    about_config check "$CONFIG" || die 'this version does not take the configuration that is there; nothing was changed' \
      "correct $CONFIG and run this again"
    [ -n "$sets" ] || return 0
    warn "$CONFIG is there and stays as it is; put these into it yourself, then: systemctl restart tidepool"
    printf '%s' "$sets" | sed 's/^/    /' >&2
    return 0
  fi
  mkdir -p "$(dirname "$CONFIG")"
  # the package gives the file to the group of the relay
  (umask 077 && about_config describe "$sets" >"$CONFIG.new") || {
    rm -f "$CONFIG.new"
    die 'nothing was started' 'correct the options named above and run this again'
  }
  sync "$CONFIG.new"
  mv "$CONFIG.new" "$CONFIG"
}

# --- installing ---------------------------------------------------------------------------------------------------

# Ready means: systemd knows it, and the relay of that process answers.
is_ready() {
  [ "$(systemctl show -p ActiveState --value tidepool)" = active ] || return 1
  pid="$(systemctl show -p MainPID --value tidepool)"
  tidepool status --json 2>/dev/null | grep -q "\"pid\": $pid,"
}

is_off() { [ "$(systemctl is-enabled tidepool 2>/dev/null)" != enabled ]; }
# The package is there as it was installed; the configuration alone may differ.
is_whole() {
  cmp -s "$deb" "$KEPT/${deb##*/}" || return 1
  ! dpkg --verify tidepool | grep -qv ' c /'
}

keep_package() {
  mkdir -p "$KEPT"
  cp "$deb" "$KEPT/.new"
  sync "$KEPT/.new"
  mv "$KEPT/.new" "$KEPT/${deb##*/}"
  find "$KEPT" -name 'tidepool_*.deb' ! -name "${deb##*/}" -delete
}

# Prints the package of the version before, kept by an earlier run or beside the new one; nothing if there is none.
copy_before() {
  for directory in "$KEPT" "$(dirname "$package")"; do
    old="$directory/tidepool_${before}_$arch.deb"
    [ -f "$old" ] || continue
    # in a directory that others can write to, a file of this name may be anybody's
    case "$(stat -c %u "$old")" in
      0 | "$(stat -L -c %u "$package")") ;;
      *) continue ;;
    esac
    if [ "$(field "$old" Package) $(field "$old" Version)" = "tidepool $before" ]; then
      echo "$old"
      return
    fi
  done
}

# Data is never restored: a relay with an older copy of its feed would publish a fork.
go_back() {
  if [ -n "$before" ]; then
    old="$(copy_before)"
    [ -n "$old" ] || die "$version is not ready, and there is no copy of $before to go back to" \
      "to go back: apt install --allow-downgrades ./tidepool_${before}_$arch.deb"
    warn "$version is not ready: going back to $before"
    mkdir "$work/before"
    cp "$old" "$work/before/"
    apt_install --allow-downgrades --reinstall "$work/before/${old##*/}" || :
    is_ready || die "$before is not ready either; see: journalctl -u tidepool"
    die "rolled back: $before runs again, data and configuration as they were"
  fi
  if taking_over; then
    warn "$version is not ready: going back to $(basename "$(readlink "$OLD/current")")"
    # it leaves the data and the configuration, which the installation of before uses
    run_apt purge tidepool
    sh "$OLD/current/scripts/install.sh" --yes >&2 ||
      die 'the installation of before is not ready either; see: journalctl -u tidepool'
    die 'rolled back: the installation of before runs again, data and configuration as they were'
  fi
  die "Tidepool $version is installed, but not ready" 'systemd goes on trying; see: journalctl -u tidepool'
}

# --- closing words ------------------------------------------------------------------------------------------------

summary() {
  ports="$(about_config ports "$CONFIG")"
  say ''
  tidepool status
  say ''
  tidepool setup
  local_port="$(tidepool status --json | sed -n 's|^ *"web": "http://127\.0\.0\.1:\([0-9]*\).*|\1|p')"
  [ -z "$local_port" ] || cat <<WORDS

The web pages at http://127.0.0.1:$local_port open on this machine only. To open them on your own computer, run there
  ssh -L $local_port:127.0.0.1:$local_port $(hostname)
and leave it running, or install with --lan.
WORDS
  cat <<WORDS

Ports to open to the internet (an onion address needs none): TCP $ports

  configuration  $CONFIG, every key explained; after a change: systemctl restart tidepool
  data           $DATA; the file secret is the identity of the relay: keep a copy
  back up        every night to /var/backups/tidepool; copy a backup to another machine regularly
  upgrade        run install.sh again, with a newer package beside it

The three commands that you need, as root:
  tidepool status
  tidepool invite create
  journalctl -u tidepool -p warning
WORDS
}

# --- all of it ----------------------------------------------------------------------------------------------------

# not in /run/lock, where anybody could hold it
exec 9>/run/tidepool-install.lock
flock -n 9 || die 'another run of this script is under way'
command -v dpkg >/dev/null || die 'dpkg is missing: this script knows Debian and Raspberry Pi OS'
before="$(version_before)"
if [ "$ask" = yes ] && [ -t 0 ] && [ -z "$before" ] && ! taking_over; then ask_all; fi
check_own
check_machine
find_package
if [ -n "$before" ] && dpkg --compare-versions "$version" lt "$before"; then
  die "$version is older than what is installed, $before" \
    "to install it all the same: apt install --allow-downgrades $package"
fi
repair
install_needs
(cd "$tree/usr/lib/tidepool" && /usr/bin/node --input-type=module -e 'await import("lmdb")') ||
  die 'the package does not run on this machine: its database module cannot be loaded'
prepare_config
# From here on a lost connection must not leave the relay stopped.
trap '' HUP INT TERM PIPE
if [ -n "$before" ] && [ "$before" != "$version" ] && [ -z "$(copy_before)" ]; then
  warn "there is no copy of tidepool_${before}_$arch.deb, in $KEPT or beside the new package: without one the old version" \
    'cannot come back'
fi
if [ -n "$before" ] && is_whole; then
  is_off || systemctl start tidepool
else
  say "installing Tidepool $version${before:+ over $before}"
  # apt says why; what runs is what ran before, or nothing
  apt_install --reinstall "$deb" || { [ "$before" != "$version" ] && [ "$(installed tidepool)" = "$version" ]; } ||
    die "apt could not install $package" 'see above; fix that and run this again'
fi
if is_off; then
  say "Tidepool $version is installed. Its service is off: systemctl enable --now tidepool"
  exit 0
fi
is_ready || go_back
keep_package
if [ -n "$name" ]; then tidepool setup --name "$name" ${admin:+--admin "$admin"} ${ebt:+--ebt "$ebt"} >/dev/null; fi
if [ -n "$before" ]; then
  say "Tidepool $version is ready"
  tidepool status
else
  summary
fi
