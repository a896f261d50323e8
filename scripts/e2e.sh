#!/usr/bin/env bash
# Checks the browser tests' types, then runs them against the dev profile's server: scripts/e2e.sh [PLAYWRIGHT_ARGUMENT]...
# QUAD_BIN names another server, as target/release/quad.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root/end2end"

export QUAD_BIN=${QUAD_BIN:-$target/debug/quad} QUAD_SITE=$root/target/site
npx tsc
npx playwright test "$@"
