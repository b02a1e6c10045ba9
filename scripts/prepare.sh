#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Brings a checkout up to date: checks Node, installs pinned dependencies, builds. Does nothing if all is up to date.
# Usage: prepare.sh [--dev]   --dev: also what the tests need, where an earlier install left it out
set -eu
cd "$(dirname "$0")/.."

say() {
  echo "tidepool: $*" >&2
}

if ! command -v node >/dev/null 2>&1; then
  say "Node.js is missing; install version 20.12 or newer"
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 12) ? 0 : 1)'; then
  say "Node.js $(node --version) is too old; install version 20.12 or newer"
  exit 1
fi

# A release carries its build and no sources: it needs neither the compiler nor a build.
omit=--include=dev
if [ ! -d src ] && [ "${1:-}" != --dev ]; then
  omit=--omit=dev
fi

# npm writes node_modules/.package-lock.json last, so a broken install counts as none.
installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ] ||
  { [ "$omit" = --include=dev ] && { [ ! -x node_modules/.bin/tsc ] || [ ! -x node_modules/.bin/tap ]; }; }; then
  say "installing dependencies"
  npm ci "$omit" --no-progress --loglevel=error >&2
fi

# The stamp is written last, so that an interrupted build is repeated.
stamp=dist/.built
if [ -d src ] && { [ ! -f "$stamp" ] || [ ! -f dist/cli.js ] ||
  [ -n "$(find src scripts/build.mjs package.json -newer "$stamp")" ]; }; then
  say "building"
  npm run --silent build >&2
  chmod +x dist/cli.js
  touch "$stamp"
fi
