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
export QUAD_DATA_DIR=$work/data QUAD_RATE_LIMITS=off
unset REDIS_URL QUAD_PUBLIC_ORIGIN
"$quad" serve --addr 127.0.0.1:0 2>"$work/log" &
server=$!
until url=$(sed -n 's|.*Quad is at \(http://[0-9.:]*\).*|\1|p' "$work/log") && [ -n "$url" ]; do
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done

"$quad" seed --users 2 --credentials "$work/people" >/dev/null
{ IFS=$'\t' read -r user session post; IFS=$'\t' read -r other _; } <"$work/people"
token=$("$quad" token create --name schemathesis --scope publish,stats,observe | tail -n 1)

# Each call gets the credential that its entry in the document asks for.
credentials="[auth.openapi.session]
bearer = \"$session\"
[auth.openapi.token]
bearer = \"$token\""
echo "$credentials" >"$work/nothing.toml"
cat >"$work/something.toml" <<EOF
$credentials
[parameters]
"path.user_id" = "$user"
"path.handle" = "u$other"
"path.post_id" = "$post"
"path.channel" = "news"
EOF

# No schema can say all that is refused, such as a name of blanks alone, so that what fits it may still be answered 422.
# And a post is not there after its POST, if that repeats an attempt whose post was deleted since.
status=0
check() {
  local about=$1 config=$2; shift 2
  echo "schemathesis: $about"
  "$venv/bin/schemathesis" --config-file "$work/$config.toml" run "$url/api/v1/openapi.json" --url "$url" \
    --seed "${SEED:-1}" --generation-database none --continue-on-failure --warnings off \
    --exclude-checks positive_data_acceptance,ensure_resource_availability --max-examples 30 "$@" || status=1
}

# Whatever ends the session comes last, and whatever is deleted is not asked for again.
ends='^/api/v1/sessions'
check "calls about what is there" something --exclude-path-regex "$ends" --exclude-operation-id postsDelete "$@"
check "calls about anything" nothing --exclude-path-regex "$ends" "$@"
check "log-in and log-out" nothing --include-path-regex "$ends" "$@"

if grep -E 'panicked|ERROR' "$work/log"; then status=1; fi
exit "$status"
