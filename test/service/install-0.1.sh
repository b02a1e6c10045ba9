#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Installs Tidepool as a system service on Debian or Raspberry Pi OS: install.sh --help.
# A second run repairs the installation. It changes only files that it made, and never the relay's data.
set -eu
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH DEBIAN_FRONTEND=noninteractive
umask 022

OPT=/opt/tidepool
ETC=/etc/tidepool
DATA=/var/lib/tidepool
BIN=/usr/local/bin/tidepool
UNIT=/etc/systemd/system/tidepool.service
ACCOUNT=tidepool
NODE_LEAST=20.12
NODESOURCE_LIST=/etc/apt/sources.list.d/tidepool-nodesource.sources
NODESOURCE_KEY=/etc/apt/keyrings/tidepool-nodesource.asc
# in every file that this script writes, so that it recognises them
MARK='written by scripts/install.sh'

usage() {
  cat <<'HELP'
usage: install.sh [OPTIONS]      install the release that this script is part of, as root
       install.sh --upgrade      replace the installed release, keeping data and configuration; goes back to the old
                                 one if the new one is not ready within a minute
       install.sh --uninstall    remove the program; with --purge the data, the identity and the configuration too

  --release FILE     a release archive (tidepool-VERSION.tgz), instead of the release around this script
  --name TEXT        what people call the room; without it a set-up link asks
  --admin FEED       feed id of the administrator, who uses their app; needs --name
  --domain NAME      public DNS name of this machine
  --acme-email MAIL  fetch certificates for the domain; this address is given to the certificate authority
  --onion            offer the relay as a Tor onion service
  --lan              serve the plain web pages to the local network, not only to this machine
  --set KEY=VALUE    any other configuration key; may be repeated
  --no-tor           do not install tor
  --nodesource       where the system's Node.js is too old, take it from the package source of nodesource.com
  --wait SECONDS     how long to wait until the relay is ready (60)
  --yes              ask nothing, take the defaults
Any option above keeps the script from asking. Configuration options are for the first installation: later ones are
refused, edit /etc/tidepool/relay.toml instead.
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

mode=install release='' name='' admin='' ebt='' nodesource=no tor=yes purge=no patience=60 ask=yes
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
    --upgrade) mode=upgrade ;;
    --uninstall) mode=uninstall ;;
    --purge) purge=yes ;;
    --yes | -y) ;;
    --onion) add_set onion.enabled=true ;;
    --lan) add_set web.host=0.0.0.0 ;;
    --no-tor) tor=no ;;
    --nodesource) nodesource=yes ;;
    --release) value "$@" && release="$2" && shift ;;
    --name) value "$@" && name="$2" && shift ;;
    --admin) value "$@" && admin="$2" && shift ;;
    --domain) value "$@" && add_set "domain.name=$2" && shift ;;
    --acme-email) value "$@" && add_set "domain.acme_email=$2" && shift ;;
    --set) value "$@" && add_set "$2" && shift ;;
    --wait) value "$@" && patience="$2" && shift ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) die "$1 is not an option" 'see: install.sh --help' ;;
  esac
  shift
done
case "$patience" in '' | *[!0-9]* | ?????*) die '--wait needs a number of seconds' ;; esac
[ "$purge" = no ] || [ "$mode" = uninstall ] || die '--purge goes with --uninstall'
[ -z "$admin" ] || [ -n "$name" ] || die '--admin needs --name'
[ "$(id -u)" -eq 0 ] || die 'this has to be run as root' "try: sudo $0"

# --- checks -------------------------------------------------------------------------------------------------------

ours() { [ -f "$1" ] && grep -qF "$MARK" "$1"; }
installed() { [ -f "$OPT/.owner" ] && [ -L "$OPT/current" ]; }
account_exists() { getent passwd "$ACCOUNT" >/dev/null; }

# Checks every path that this script writes to, before it writes anything.
# A distribution's package would create an account of this name, too.
account_is_ours() {
  entry="$(getent passwd "$ACCOUNT")" || return 1
  [ "$(echo "$entry" | cut -d : -f 6)" = "$DATA" ] && echo "$entry" | cut -d : -f 5 | grep -qF "$MARK"
}

check_own() {
  if [ -e "$OPT" ] && ! ours "$OPT/.owner"; then die "$OPT is there, and not from this script" 'move it away first'; fi
  for file in "$BIN" "$UNIT"; do
    if [ -e "$file" ] || [ -L "$file" ]; then
      ours "$file" || die "$file is there, and not from this script" 'move it away first'
    fi
  done
  for file in /usr/lib/systemd/system/tidepool.service /lib/systemd/system/tidepool.service; do
    [ ! -e "$file" ] || die "$file is there: a package brings a service of this name" 'remove the package first'
  done
  if account_exists; then
    account_is_ours || die "the user $ACCOUNT is there, and not from this script"
  elif getent group "$ACCOUNT" >/dev/null; then
    die "the group $ACCOUNT is there, and not from this script"
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
    armhf) warn 'a 32-bit system: the store is limited to 384 MiB, and cryptography is slower;' \
      'the 64-bit edition runs on every Pi from the Zero 2 W and the 3 on' ;;
    *) die "the architecture $arch is not supported: arm64, amd64 or armhf is needed" ;;
  esac
  memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
  [ "$memory" -ge 200 ] || die "$memory MiB of memory are too few: the relay needs 100, tor as much"
  [ "$memory" -ge 400 ] || warn "$memory MiB of memory are few, above all with an onion service"
  room=$(($(df -k --output=avail /opt | tail -n 1) / 1024))
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

# --- packages -----------------------------------------------------------------------------------------------------

node_is_good() {
  command -v node >/dev/null || return 1
  # the service may run programs of the system only
  case "$(readlink -f "$(command -v node)")" in /usr/*) ;; *) return 1 ;; esac
  dpkg --compare-versions "$(node --version 2>/dev/null | cut -c 2-)" ge "$NODE_LEAST" 2>/dev/null
}

candidate() { apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p'; }

apt_install() {
  apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "$@" </dev/null >&2 ||
    die "apt could not install: $*" 'see above; fix that and run this again'
}

add_nodesource() {
  say 'adding the package source of nodesource.com'
  apt_install ca-certificates curl
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
  apt-get -o DPkg::Lock::Timeout=300 update -q </dev/null >&2 || die 'the package source of nodesource.com does not answer'
}

install_packages() {
  wanted=
  node_is_good || wanted=nodejs
  had_tor=yes
  if [ "$tor" = yes ] && ! command -v tor >/dev/null; then
    had_tor=no
    wanted="$wanted tor"
  fi
  [ -e /etc/ssl/certs/ca-certificates.crt ] || wanted="$wanted ca-certificates"
  [ -n "$wanted" ] || return 0
  # A package source that does not answer must not end this if the others have all packages.
  apt-get -o DPkg::Lock::Timeout=300 update -q </dev/null >&2 || warn 'apt-get update failed; going on with what is known'
  case "$wanted" in
    nodejs*)
      if ! dpkg --compare-versions "$(candidate nodejs | sed 's/(none)/0/')" ge "$NODE_LEAST"; then
        [ "$nodesource" = yes ] || die \
          "Node.js $NODE_LEAST or newer is needed, and Debian $suite has $(candidate nodejs)" \
          'Either upgrade to Debian 13 (trixie), or let this script take Node.js from nodesource.com: --nodesource.' \
          'A Node.js that you have put into /usr/local yourself (no link to elsewhere) will be used as well.'
        add_nodesource
      fi
      ;;
  esac
  # shellcheck disable=SC2086
  apt_install $wanted
  node_is_good || die "$(command -v node) cannot be used: it is $(node --version 2>&1) in $(readlink -f "$(command -v node)")" \
    "Node.js $NODE_LEAST or newer is needed, in /usr; take this one away and run the script again"
  # The relay runs a tor of its own when it needs one; a second one would only take memory.
  if [ "$had_tor" = no ]; then systemctl disable --quiet --now tor.service 2>/dev/null || true; fi
}

# --- the release --------------------------------------------------------------------------------------------------

work=
# shellcheck disable=SC2329
clean_up() {
  [ -z "$work" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# Sets `source` to an unpacked release, and `id` to its name.
find_release() {
  if [ -n "$release" ]; then
    [ -f "$release" ] || die "$release is not there"
    if [ -f "$release.sha256" ]; then
      (cd "$(dirname "$release")" && sha256sum --quiet -c "$(basename "$release").sha256") ||
        die "$release is damaged: it does not match $release.sha256"
    fi
    work="$(mktemp -d /var/tmp/tidepool-release.XXXXXX)"
    tar --no-same-owner --no-same-permissions -xzf "$release" -C "$work" || die "$release is damaged, or no archive"
    source="$(find "$work" -mindepth 2 -maxdepth 2 -name RELEASE -printf '%h\n' | head -n 1)"
    [ -n "$source" ] || die "$release is not a release of Tidepool"
  else
    source="$(cd "$(dirname "$0")/.." && pwd)"
    [ -f "$source/RELEASE" ] || die 'this is not a release' \
      'make one with scripts/release.sh, then: install.sh --release release/tidepool-VERSION.tgz'
  fi
  id="$(cat "$source/RELEASE")"
  case "$id" in '' | *[!A-Za-z0-9.+-]* | .*) die "$source/RELEASE is damaged" ;; esac
  for part in dist/cli.js systemd/tidepool.service systemd/notified.pl node_modules; do
    [ -e "$source/$part" ] || die "the release is not whole: $part is missing"
  done
}

# Installs the release; an interrupted copy must not look complete.
place_release() {
  mkdir -p "$OPT/releases"
  echo "# $MARK" >"$OPT/.owner"
  rm -rf "$OPT/releases/.new"
  if [ ! -d "$OPT/releases/$id" ]; then
    cp -R "$source" "$OPT/releases/.new"
    chown -R root:root "$OPT/releases/.new"
    chmod -R u=rwX,go=rX "$OPT/releases/.new"
    sync -f "$OPT/releases/.new"
    mv "$OPT/releases/.new" "$OPT/releases/$id"
  fi
  (cd "$OPT/releases/$id" && node --input-type=module -e 'await import("lmdb")') ||
    die 'the release does not run on this machine: its database module cannot be loaded'
}

# Makes a release the current one; the link changes in one step.
switch_to() {
  ln -sfn "releases/$1" "$OPT/current.new"
  mv -T "$OPT/current.new" "$OPT/current"
  install -m 644 "$OPT/current/systemd/tidepool.service" "$UNIT.new"
  mv "$UNIT.new" "$UNIT"
  sync -f "$OPT"
  systemctl daemon-reload
}

# Keeps the given releases and removes the others.
prune() {
  for old in "$OPT/releases"/*; do
    case " $* " in *" ${old##*/} "*) ;; *) rm -rf "$old" ;; esac
  done
}

write_command() {
  cat >"$BIN.new" <<WRAPPER
#!/bin/sh
# $MARK: the tidepool command of this machine's relay.
TIDEPOOL_DATA="\${TIDEPOOL_DATA:-$DATA}"
export TIDEPOOL_DATA
run() { $OPT/current/dist/cli.js "\$@"; }
case "\$(id -u) \${1:-}" in
  '0 start')
    if [ "\$TIDEPOOL_DATA" = $DATA ] && [ \$# -eq 1 ]; then
      echo 'tidepool: here the relay is a service: systemctl start tidepool' >&2
      exit 1
    fi
    ;;
  '0 restore' | '0 onion' | '0 doctor')
    # files that root creates in the relay's directory must belong to the relay, even if the command fails
    trap : HUP INT TERM
    status=0
    run "\$@" || status=\$?
    if [ "\$TIDEPOOL_DATA" = $DATA ]; then chown -RhP $ACCOUNT:$ACCOUNT $DATA/; fi
    exit "\$status"
    ;;
esac
exec $OPT/current/dist/cli.js "\$@"
WRAPPER
  chmod 755 "$BIN.new"
  mv "$BIN.new" "$BIN"
}

# --- account and configuration ------------------------------------------------------------------------------------

make_account() {
  account_exists || useradd --system --user-group --home-dir "$DATA" --no-create-home --comment "$MARK" --shell /usr/sbin/nologin "$ACCOUNT"
  [ -e "$DATA" ] || install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 700 "$DATA"
  chown "$ACCOUNT:$ACCOUNT" "$DATA/"
}

# Asks a release about the configuration, because the program knows every key.
# about_config RELEASE describe SETS     prints a file with every key, those given set
# about_config RELEASE check FILE        says what is wrong with it
# about_config RELEASE ports FILE        prints the ports that should be open
about_config() {
  # shellcheck disable=SC2016
  node --input-type=module -e '
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
    }' "$OPT/releases/$1/dist/config/config.js" "$2" "$3"
}

write_config() {
  mkdir -p "$ETC"
  about_config "$id" describe '' >"$ETC/relay.toml.example.new"
  mv "$ETC/relay.toml.example.new" "$ETC/relay.toml.example"
  if [ ! -e "$ETC/relay.toml" ]; then
    about_config "$id" describe "$sets" >"$ETC/relay.toml.new" || {
      rm -f "$ETC/relay.toml.new"
      die 'nothing was started' 'correct the options named above and run this again'
    }
    chgrp "$ACCOUNT" "$ETC/relay.toml.new"
    chmod 640 "$ETC/relay.toml.new"
    mv "$ETC/relay.toml.new" "$ETC/relay.toml"
  elif [ -n "$sets" ]; then
    warn "$ETC/relay.toml is there and stays as it is; put these into it yourself, then: systemctl restart tidepool"
    printf '%s' "$sets" | sed 's/^/    /' >&2
  fi
}

# --- starting -----------------------------------------------------------------------------------------------------

# Ready means: systemd knows it, and the relay of that process answers.
is_ready() {
  [ "$(systemctl show -p ActiveState --value tidepool)" = active ] || return 1
  pid="$(systemctl show -p MainPID --value tidepool)"
  "$BIN" status --json 2>/dev/null | grep -q "\"pid\": $pid,"
}

# Not the wall clock: a board without a battery starts in 1970 and sets its clock during this.
uptime_s() { cut -d . -f 1 /proc/uptime; }

wait_ready() {
  deadline=$(($(uptime_s) + patience))
  until is_ready; do
    [ "$(uptime_s)" -lt "$deadline" ] || return 1
    sleep 1
  done
}

start_and_wait() {
  systemctl start --no-block tidepool
  wait_ready
}

show_log() {
  warn 'the relay is not ready; its last log lines:'
  journalctl -q -u tidepool -n 15 -o cat --no-pager 2>/dev/null | sed 's/^/  /' >&2 || :
}

# --- closing words ------------------------------------------------------------------------------------------------

summary() {
  ports="$(about_config "$id" ports "$ETC/relay.toml")"
  say ''
  "$BIN" status
  say ''
  "$BIN" setup
  local_port="$("$BIN" status --json | sed -n 's|^ *"web": "http://127\.0\.0\.1:\([0-9]*\).*|\1|p')"
  [ -z "$local_port" ] || cat <<WORDS

The web pages at http://127.0.0.1:$local_port open on this machine only. To open them on your own computer, run there
  ssh -L $local_port:127.0.0.1:$local_port $(hostname)
and leave it running, or install with --lan.
WORDS
  cat <<WORDS

Ports to open to the internet (an onion address needs none): TCP $ports

  configuration  $ETC/relay.toml, every key explained; after a change: systemctl restart tidepool
  data           $DATA; the file secret is the identity of the relay: keep a copy
  back up        tidepool backup --with-keys FILE, regularly, to another machine
  upgrade        run install.sh --upgrade of a newer release

The three commands that you need, as root:
  tidepool status
  tidepool invite create
  journalctl -u tidepool -p warning
WORDS
}

# --- the three ways -----------------------------------------------------------------------------------------------

examine() {
  check_own
  check_machine
  find_release
}

bring() {
  install_packages
  make_account
  place_release
}

do_install() {
  if [ "$ask" = yes ] && [ -t 0 ] && ! installed; then ask_all; fi
  examine
  if installed && [ "$(readlink "$OPT/current")" != "releases/$id" ]; then
    die "another release is installed: $(basename "$(readlink "$OPT/current")")" "to replace it: $0 --upgrade"
  fi
  bring
  write_config
  switch_to "$id"
  write_command
  systemctl enable --quiet tidepool
  say 'starting the relay'
  if ! start_and_wait; then
    show_log
    die "the relay is installed, but not ready after $patience s" 'systemd goes on trying; see: journalctl -u tidepool'
  fi
  prune "$id"
  if [ -n "$name" ]; then "$BIN" setup --name "$name" ${admin:+--admin "$admin"} ${ebt:+--ebt "$ebt"} >/dev/null; fi
  summary
}

do_upgrade() {
  installed || die 'nothing is installed here' "to install: $0"
  [ -z "$sets$name" ] || die "an upgrade keeps the configuration: edit $ETC/relay.toml instead"
  before="$(basename "$(readlink "$OPT/current")")"
  examine
  bring
  # a release that rejects the configuration is not installed, and the old one still runs
  about_config "$id" check "$ETC/relay.toml" || die 'the new release does not take the configuration that is there; nothing was changed' \
    "correct $ETC/relay.toml and run this again"
  [ "$id" != "$before" ] || say "$id is installed already; restarting it"
  write_config
  # From here on a lost connection must not leave the relay stopped.
  trap '' HUP INT TERM PIPE
  say "from $before to $id"
  systemctl stop tidepool
  switch_to "$id"
  write_command
  if start_and_wait; then
    systemctl enable --quiet tidepool
    prune "$id" "$before"
    say "$id is ready"
    "$BIN" status
    return
  fi
  show_log
  [ "$id" != "$before" ] || die "$id is not ready after $patience s"
  warn "$id is not ready after $patience s: going back to $before"
  systemctl stop tidepool || true
  # Data is never restored: a relay with an older copy of its feed would publish a fork.
  switch_to "$before"
  # the old release gets enough time, even if --wait is short
  [ "$patience" -ge 60 ] || patience=60
  start_and_wait || die "$before is not ready either; see: journalctl -u tidepool"
  rm -rf "$OPT/releases/$id"
  die "rolled back: $before runs again, data and configuration as they were"
}

do_uninstall() {
  if [ "$purge" = yes ] && [ "$ask" = yes ] && [ -t 0 ]; then
    case "$(answer 'This deletes the identity and all feeds of the relay permanently. Type yes to continue:' no)" in
      yes) ;;
      *) die 'nothing was removed' ;;
    esac
  fi
  if account_is_ours || ours "$UNIT" || ours "$OPT/.owner"; then :; else
    die 'there is nothing here that is from this script'
  fi
  if [ -e "$UNIT" ] && ours "$UNIT"; then
    systemctl disable --quiet --now tidepool 2>/dev/null || systemctl stop tidepool || true
    rm -f "$UNIT"
    systemctl daemon-reload
    systemctl reset-failed tidepool 2>/dev/null || true
  fi
  if ours "$BIN"; then rm -f "$BIN"; fi
  if ours "$OPT/.owner"; then rm -rf "$OPT"; fi
  if [ "$purge" = no ]; then
    say "Tidepool is removed. Data ($DATA) and configuration ($ETC) stay; --uninstall --purge removes them too."
    return
  fi
  if account_is_ours; then
    # it may be the mount point of another disk, or a link to it
    if [ -e "$DATA" ] && [ "$(stat -Lc %U "$DATA/")" = "$ACCOUNT" ]; then
      find "$DATA/" -mindepth 1 -delete
      rmdir "$DATA" 2>/dev/null || rm -f "$DATA" 2>/dev/null || warn "$DATA is empty, but could not be removed"
    fi
    userdel "$ACCOUNT"
  fi
  rm -rf /etc/systemd/system/tidepool.service.d
  rm -f "$ETC/relay.toml" "$ETC/relay.toml.example"
  if ours "$NODESOURCE_LIST"; then rm -f "$NODESOURCE_LIST" "$NODESOURCE_KEY"; fi
  if [ -d "$ETC" ] && ! rmdir "$ETC" 2>/dev/null; then warn "$ETC holds files that are not from this script: they stay"; fi
  say 'Tidepool, its data and its configuration are removed. The packages nodejs and tor stay.'
}

exec 9>/run/lock/tidepool-install.lock
flock -n 9 || die 'another run of this script is under way'
case "$mode" in
  install) do_install ;;
  upgrade) do_upgrade ;;
  uninstall) do_uninstall ;;
esac
