#!/usr/bin/env bash
# Asks a server of the dev profile what its OpenAPI document says can be asked, and much that it says cannot, and fails
# where an answer is not as the document says: scripts/schemathesis.sh [ARGUMENT]...
#
# The arguments go to `schemathesis run`, as --max-examples 300 or --include-path /api/v1/posts. QUAD_BIN names another
# server. The same seed makes the same requests; SEED=2 makes others.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

version=4.32.5
venv=$root/target/schemathesis
quad=${QUAD_BIN:-$target/debug/quad}

if [ "$(cat "$venv/version" 2>/dev/null)" != "$version" ]; then
  echo "schemathesis: installing version $version" >&2
  rm -rf "$venv"
  mkdir -p "$root/target"
  python3 -m venv "$venv" || { echo "schemathesis: Python 3.10 or newer with venv is missing (python3-venv)" >&2; exit 1; }
  "$venv/bin/pip" --quiet --disable-pip-version-check install "schemathesis==$version"
  echo "$version" >"$venv/version"
fi

work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill "$server"; wait "$server"; } 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# One address plays everybody, faster than anybody may.
export QUAD_DATA_DIR=$work/data QUAD_RATE_LIMITS=off QUAD_METRICS_ADDR=off
unset REDIS_URL QUAD_PUBLIC_ORIGIN
"$quad" serve --addr 127.0.0.1:0 2>"$work/log" &
server=$!
until url=$(sed -n 's|.*Quad is at \(http://[0-9.:]*\).*|\1|p' "$work/log") && [ -n "$url" ]; do
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done

"$quad" seed --users 2 --credentials "$work/people" >/dev/null
{ IFS=$'\t' read -r user session post; IFS=$'\t' read -r other _; } <"$work/people"
"$quad" user promote "u$user" >/dev/null
# It is theirs for the whole run; whatever else is made is made by the calls themselves.
room=hall
"$venv/bin/python" - "$url/api/v1/rooms" "$session" "$room" <<'EOF'
import json, sys, urllib.request
url, session, room = sys.argv[1:]
head = {"Authorization": f"Bearer {session}", "Content-Type": "application/json"}
urllib.request.urlopen(urllib.request.Request(url, json.dumps({"name": room}).encode(), head))
EOF
token=$("$quad" token create --name schemathesis --scope publish,stats,observe | tail -n 1)

# Each call gets the credential that its entry in the document asks for. A body may be too large before it is wrong, and
# of a stream without an end the first event is enough.
common="max-stream-events = 1
[auth.openapi.session]
bearer = \"$session\"
[auth.openapi.token]
bearer = \"$token\"
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 428, 429, 431]"
echo "$common" >"$work/nothing.toml"
cat >"$work/something.toml" <<EOF
$common
[parameters]
"path.user_id" = "$user"
"path.handle" = "u$other"
"path.post_id" = "$post"
"path.channel" = "news"
"path.name" = "$room"
"path.person" = "$other"
EOF

# No schema can say all that is refused, such as a name of blanks alone, so that what fits it may still be answered 422.
# And a post is not there after its POST, if that repeats an attempt whose post was deleted since.
status=0
check() {
  local about=$1 config=$2; shift 2
  echo "schemathesis: $about"
  # What it keeps for itself lies where it runs.
  cd "$work"
  "$venv/bin/schemathesis" --config-file "$work/$config.toml" run "$url/api/v1/openapi.json" --url "$url" \
    --seed "${SEED:-1}" --generation-database none --continue-on-failure --warnings off \
    --exclude-checks positive_data_acceptance,ensure_resource_availability --max-examples 30 "$@" || status=1
}

# Whatever ends the session comes last, and whatever is deleted is not asked for again.
ends='^/api/v1/sessions'
check "calls about what is there" something --exclude-path-regex "$ends" --exclude-operation-id postsDelete --exclude-operation-id roomsEnd "$@"
check "calls about anything" nothing --exclude-path-regex "$ends" "$@"
check "log-in and log-out" nothing --include-path-regex "$ends" "$@"

if grep -E 'panicked|ERROR' "$work/log"; then status=1; fi
exit "$status"
