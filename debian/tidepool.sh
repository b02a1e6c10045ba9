#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# The tidepool command of this machine's relay.
DATA=/var/lib/tidepool
TIDEPOOL_DATA="${TIDEPOOL_DATA:-$DATA}"
export TIDEPOOL_DATA
# the one that the package depends on: another one on the path may be too old
NODE=/usr/bin/node
PROGRAM=/usr/lib/tidepool/dist/cli.js
case "$(id -u) ${1:-}" in
  '0 start')
    if [ "$TIDEPOOL_DATA" = "$DATA" ] && [ $# -eq 1 ]; then
      echo 'tidepool: here the relay is a service: systemctl start tidepool' >&2
      exit 1
    fi
    ;;
  '0 restore' | '0 onion' | '0 doctor')
    # files that root creates in the relay's directory must belong to the relay, even if the command fails
    trap : HUP INT TERM
    status=0
    "$NODE" "$PROGRAM" "$@" || status=$?
    if [ "$TIDEPOOL_DATA" = "$DATA" ]; then chown -RhP tidepool:tidepool "$DATA/"; fi
    exit "$status"
    ;;
esac
exec "$NODE" "$PROGRAM" "$@"
