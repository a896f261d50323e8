#!/usr/bin/env bash
# Builds what is served: scripts/build.sh [server] [client], both if none is named.
#   server  target/release/quad
#   client  target/site: the page's wasm, JavaScript and CSS, and the files of public/, each compressed beside itself
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

server() { cargo build --release --package quad; }

# The client's wasm and its JavaScript, in target/client. Made again only if the compiler's output or a tool changed:
# wasm-opt and brotli take longer than everything else in a build that changes nothing.
wasm() {
  cargo build --package frontend --lib --target wasm32-unknown-unknown --profile wasm-release
  local input=$target/wasm32-unknown-unknown/wasm-release/frontend.wasm
  local made_from
  made_from="$bindgen_version $binaryen_version $(sha256sum <"$input")"
  [ "$(cat target/client.made-from 2>/dev/null)" = "$made_from" ] && return
  rm -rf target/client target/client.made-from
  wasm-bindgen --target web --no-typescript --out-name quad --out-dir target/client "$input"
  # The name that the page asks for: see app/src/pages/wake.
  wasm-opt -Oz target/client/quad_bg.wasm -o target/client/quad.wasm
  rm target/client/quad_bg.wasm
  node scripts/compress.mjs target/client
  echo "$made_from" >target/client.made-from
}

# The site is laid out anew and takes its place in one move, so that nothing stale stays and nothing half-made is served.
site() {
  rm -rf target/site.new target/site.old
  mkdir -p target/site.new
  cp -R public/. target/site.new/
  cp -Rp target/client target/site.new/pkg
  lightningcss --bundle --minify --targets defaults style/main.css -o target/site.new/pkg/quad.css
  node scripts/compress.mjs target/site.new
  [ ! -e target/site ] || mv target/site target/site.old
  mv target/site.new target/site
  rm -rf target/site.old
}

[ $# -gt 0 ] || set -- server client
for part in "$@"; do
  case $part in
    server) server ;;
    client) wasm; site ;;
    *) echo "build: there is no part $part; there are server and client" >&2; exit 1 ;;
  esac
done
