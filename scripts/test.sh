#!/bin/sh
# Every check there is, in the order of their cost: format and lint, types, shell scripts, tests with coverage.
# Arguments go to tap, for example a test file. The last line counts: "N passed, N failed, N skipped".
set -eu
cd "$(dirname "$0")/.."
sh scripts/prepare.sh --dev
PATH="$PWD/node_modules/.bin:$PATH"

step() {
  echo "--- $1"
}

step 'format and lint'
biome ci .

step 'types'
tsc --noEmit

step 'shell scripts'
if command -v shellcheck >/dev/null 2>&1; then
  shellcheck scripts/*.sh .ci/run
elif [ -n "${CI:-}" ]; then
  echo 'shellcheck is missing' >&2
  exit 1
else
  echo 'skipped: shellcheck is not installed'
fi

step 'tests'
results=.tap/results.tap
mkdir -p .tap
rm -f "$results"
status=0
tap run --coverage-report=text --output-file="$results" "$@" || status=$?

# tap closes its output with a comment such as "# { total: 9, pass: 7, fail: 1, skip: 1 }", naming what is not zero.
# Without it tap itself has died, and that is a failure.
counts="$(grep '^# { total: ' "$results" 2>/dev/null | tail -n 1 || true)"
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
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$status" -eq 0 ]
