#!/usr/bin/env bash
# Serves the demo until Ctrl-C. The server gets the signal too, and closes its sockets and its store before it ends.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

"$target/release/quad" seed --demo
echo "Quad is on http://${QUAD_ADDR:=127.0.0.1:3000} until Ctrl-C."
metrics=${QUAD_METRICS_ADDR:-127.0.0.1:9464}
# Where another server has that address, the log says so.
[ "$metrics" = off ] || echo "Its metrics are on http://$metrics/metrics."
# Ctrl-C is how this is meant to end: without the trap, bash would end before the server has.
trap : INT
"$target/release/quad" serve --demo
