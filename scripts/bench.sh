#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# Runs one benchmark against the built relay: bench.sh NAME [ARGUMENTS], where bench/NAME.ts exists.
set -eu
cd "$(dirname "$0")/.."
sh scripts/prepare.sh --dev
PATH="$PWD/node_modules/.bin:$PATH"

name="${1:-}"
if [ -z "$name" ] || [ ! -f "bench/$name.ts" ]; then
  echo "usage: npm run bench -- NAME; there are:" >&2
  for file in bench/*.ts; do
    [ -f "$file" ] && echo "  $(basename "$file" .ts)" >&2
  done
  exit 2
fi
shift

# The rivals have a tree of their own, so that the relay's stays small.
installed=bench/node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ -n "$(find bench/package-lock.json -newer "$installed")" ]; then
  echo "tidepool: installing the rivals" >&2
  (cd bench && npm ci --ignore-scripts --no-progress --loglevel=error >&2)
fi

# TypeScript is compiled beside its packages: relative imports of src, test and bench stay as they are.
out=build
tsc --outDir "$out" --rootDir . --noEmitOnError
for tree in node_modules views package.json; do
  ln -sfn "../$tree" "$out/$tree"
done
ln -sfn ../../bench/node_modules "$out/bench/node_modules"
exec node --expose-gc "$out/bench/$name.js" "$@"
