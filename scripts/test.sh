#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Every check there is, in the order of their cost: format and lint, types, shell scripts, tests.
# Arguments go to tap, for example a test file. The last line counts: "N passed, N failed, N skipped".
set -eu
cd "$(dirname "$0")/.."
if ! sh scripts/prepare.sh --dev; then
  echo '0 passed, 1 failed, 0 skipped'
  exit 1
fi
PATH="$PWD/node_modules/.bin:$PATH"

# A check that fails does not keep the others from running; it counts as one failure.
broken=0
broken_steps=''
step() {
  name="$1"
  echo "--- $name"
  shift
  "$@" || {
    broken=$((broken + 1))
    broken_steps="$broken_steps; $name"
  }
}

lint() {
  if [ -t 1 ]; then biome ci .; else biome ci --colors=off .; fi
}

shell_scripts() {
  if command -v shellcheck >/dev/null 2>&1; then
    shellcheck scripts/*.sh .ci/run image/root/usr/lib/tidepool-image/* debian/pre* debian/post* debian/nightly-backup debian/tidepool.sh
  elif [ -n "${CI:-}" ]; then
    echo 'shellcheck is missing' >&2
    return 1
  else
    echo 'skipped: shellcheck is not installed'
  fi
}

step 'format and lint' lint
step 'types' tsc --noEmit
step 'shell scripts' shell_scripts

echo '--- tests'
results=.tap/results.tap
mkdir -p .tap
rm -f "$results"
# The run in which tap puts its plugins together still has those of before, which compile all that a test file loads.
[ -d .tap/plugins ] || tap build
if [ -t 1 ]; then
  status=0
  tap run --output-file="$results" "$@" || status=$?
else
  # In a pipe tap would print twice what it writes to a file. Hence tee, and tap's own exit code through a third pipe.
  exec 4>&1
  status="$({ { tap run --reporter=tap "$@" 2>&1 || echo $? >&3; } | tee "$results" >&4; } 3>&1)"
  status="${status:-0}"
fi

# tap closes its output with a comment such as "# { total: 9, pass: 7, fail: 1, skip: 1 }", naming what is not zero.
# Without it tap itself has died, and that is a failure.
counts="$(grep -a '^# { total: ' "$results" 2>/dev/null | tail -n 1 || true)"
count() {
  number="$(echo "$counts" | sed -n "s/.*[{,] $1: \([0-9]*\).*/\1/p")"
  echo "${number:-0}"
}
passed="$(count pass)"
failed="$(count fail)"
skipped="$(($(count skip) + $(count todo)))"
if [ -z "$counts" ] || { [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
  failed="$((failed + 1))"
fi
failed="$((failed + broken))"
# A log may keep only its end: what failed is said once more.
if [ "$failed" -gt 0 ]; then
  echo
  [ -z "$broken_steps" ] || echo "failed: ${broken_steps#; }"
  grep -a -A 24 '^ *not ok ' "$results" 2>/dev/null | head -n 120 | cut -c 1-200 || true
fi
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$status" -eq 0 ]
