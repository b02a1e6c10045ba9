#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Starts the relay from a checkout, with the flags that keep Node small on a board. Arguments go to `tidepool start`.
set -eu
here="$(cd "$(dirname "$0")/.." && pwd)"
sh "$here/scripts/prepare.sh"

# Two threads are enough for the disk, two arenas keep glibc from hoarding memory for each of them, and what is free at
# the end of one goes back to the system from 64 KiB on.
export UV_THREADPOOL_SIZE="${UV_THREADPOOL_SIZE:-2}" MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
export MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_:-65536}"
# The same flags stand in the first line of src/cli.ts. What is in NODE_OPTIONS does not override them.
exec node --max-old-space-size=96 --max-semi-space-size=1 --v8-pool-size=1 --expose-gc "$here/dist/cli.js" start "$@"
