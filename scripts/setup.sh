#!/usr/bin/env bash
# Installs what is missing to build Quad, and skips what is there. More can be asked for:
#   scripts/setup.sh [build] [test] [lint] [bench]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
mkdir -p "$tools"

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "stopped: $*"; exit 1; }
have() { command -v "$1" >/dev/null; }

# What a command says matters only if it fails, and not even then if there is another way to try.
try() { "$@" >"$tools/setup.log" 2>&1; }
quietly() {
  try "$@" && return
  tail -n 20 "$tools/setup.log" >&2
  return 1
}

# A download that hangs must not hold up the way that goes without it. macOS has no `timeout`.
within_two_minutes() {
  if have timeout; then timeout 120 "$@"; else "$@"; fi
}

on_debian() { grep -qx 'ID=debian' /etc/os-release 2>/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt_install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  # Lists that were never fetched, or are stale, make the first try fail.
  try as_root "${apt[@]}" install -y --no-install-recommends "$@" && return
  quietly as_root "${apt[@]}" update && quietly as_root "${apt[@]}" install -y --no-install-recommends "$@"
}

# packages WHAT NAMES_ELSEWHERE DEBIAN_PACKAGE...
packages() {
  local what=$1 elsewhere=$2; shift 2
  have apt-get || stop "$what is missing. Install it ($elsewhere) and run this again."
  [ "$(id -u)" = 0 ] || have sudo || stop "$what is missing. As root, run: apt-get install $*"
  say "installing $what: $*"
  apt_install "$@" || stop "$what could not be installed with apt: $*"
}

# Quad and its benchmark start servers of their own: those that come with the packages would only hold ports.
without_service() {
  if [ -d /run/systemd/system ]; then try as_root systemctl disable --now "$1" || true
  else try as_root service "$1" stop && try as_root update-rc.d "$1" disable || true
  fi
}

npm_quietly() { quietly npm --no-fund --no-audit --no-update-notifier "$@"; }

# npm_ci FOLDER: what the folder's lock file says, again only when that is newer than what was installed.
npm_ci() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
  say "installing the packages of $1"
  (cd "$1" && npm_quietly ci) || stop "npm ci failed in $1"
}

# The sure sign that a compiler can build the client is that it compiles a line of it: a standard library that was
# left by another version of the compiler is found, but not accepted.
builds_wasm() {
  have "$1" && echo 'pub fn f() -> String { String::new() }' |
    "$1" --edition 2024 --target wasm32-unknown-unknown --crate-type lib --emit metadata --out-dir "$tools/probe" - 2>/dev/null
}

# From here on `cargo` means Debian's, whatever else is installed: these links come first in the PATH.
use_debian_rust() {
  mkdir -p "$tools/rust"
  local name
  for name in cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
    ln -sf "/usr/bin/$name" "$tools/rust/$name"
  done
  hash -r
}

rust() {
  builds_wasm rustc && have cargo && return
  # Links that no longer lead to a good compiler must not hide one that was installed since.
  rm -rf "$tools/rust"
  hash -r
  builds_wasm rustc && have cargo && return
  if builds_wasm /usr/bin/rustc && [ -x /usr/bin/cargo ]; then use_debian_rust; return; fi
  if have rustup; then
    say "adding the wasm target to the Rust toolchain"
    try within_two_minutes rustup target add wasm32-unknown-unknown && builds_wasm rustc && return
    say "rustup could not add it"
  fi
  on_debian ||
    stop "Rust cannot build WebAssembly here. With rustup: rustup target add wasm32-unknown-unknown (elsewhere: rust-std-static-wasm32-unknown-unknown on Fedora, rust-wasm on Arch and Alpine)."
  packages "Debian's newest Rust" "" rustc-web cargo-web rust-web-src rust-web-llvm lld-22
  use_debian_rust
  builds_wasm rustc && return
  say "building Rust's standard library for wasm (a minute)"
  quietly "$root/scripts/wasm-std.sh" "$tools/wasm-std" || stop "Rust's standard library for wasm did not build"
  as_root mkdir -p /usr/lib/rustlib/wasm32-unknown-unknown
  as_root rm -rf /usr/lib/rustlib/wasm32-unknown-unknown/lib
  as_root cp -r "$tools/wasm-std/lib" /usr/lib/rustlib/wasm32-unknown-unknown/lib
  rm -rf "$tools/wasm-std"
  builds_wasm rustc || stop "Debian's Rust still cannot build WebAssembly"
}

node_at_least_20() { have node && have npm && [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ]; }

node_js() {
  node_at_least_20 && return
  have npm || packages "Node.js" "nodejs and npm, version 20 or newer" nodejs npm
  node_at_least_20 && return
  # Debian 12 has version 18; a newer one comes as an npm package.
  say "installing Node.js 22 from npm"
  npm_quietly install --prefix "$tools/node" node@22 || stop "Node.js 20 or newer is needed, and npm could not install it"
  hash -r
  node_at_least_20 || stop "Node.js 20 or newer is needed"
}

wasm_bindgen() {
  local dir=$tools/wasm-bindgen-$bindgen_version
  [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $bindgen_version" ] && return
  if have cargo-binstall; then
    say "installing wasm-bindgen $bindgen_version with cargo binstall"
    try within_two_minutes cargo binstall -y --disable-strategies compile --root "$dir" \
      "wasm-bindgen-cli@$bindgen_version" && return
  fi
  say "building wasm-bindgen $bindgen_version (minutes, once for each version)"
  # It runs for a second, so the time to build it is what counts: no optimisation, and no TLS, which only its test
  # runner could want. Its own lock file may name versions that a registry no longer serves.
  export CARGO_TARGET_DIR=$tools/wasm-bindgen-build CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0
  local install=(cargo install wasm-bindgen-cli --version "=$bindgen_version" --no-default-features --root "$dir")
  try "${install[@]}" --locked || quietly "${install[@]}" ||
    stop "wasm-bindgen $bindgen_version did not build"
  rm -rf "$CARGO_TARGET_DIR"
}

npm_tools() {
  local want="$binaryen_version $lightningcss_version"
  [ "$(cat "$tools/npm/versions" 2>/dev/null)" = "$want" ] && return
  say "installing wasm-opt and lightningcss"
  npm_quietly install --prefix "$tools/npm" "binaryen@$binaryen_version" "lightningcss-cli@$lightningcss_version" ||
    stop "npm could not install binaryen@$binaryen_version and lightningcss-cli@$lightningcss_version"
  echo "$want" >"$tools/npm/versions"
}

for_build() {
  have cc || packages "a C compiler" "gcc; build-base on Alpine" gcc libc6-dev
  have redis-server || install_redis
  rust
  node_js
  wasm_bindgen
  npm_tools
}

install_redis() {
  packages "redis-server" "redis, or valkey under the name redis-server" redis-server
  without_service redis-server
}

for_test() {
  for_build
  npm_ci end2end
  # The tests over TLS make a certificate authority of their own.
  have openssl || packages "openssl" "the openssl command" openssl
  [ -n "$CHROMIUM_PATH" ] || playwright_has_chromium || install_chromium
}

playwright_has_chromium() {
  (cd end2end && node -e "
    process.exit(require('fs').existsSync(require('@playwright/test').chromium.executablePath()) ? 0 : 1)")
}

install_chromium() {
  if on_debian; then
    packages "Chromium" "" chromium fonts-liberation
  else
    say "downloading Chromium with Playwright"
    (cd end2end && quietly npx playwright install chromium) ||
      stop "no Chromium: install it with your system's packages, or set CHROMIUM_PATH"
  fi
}

for_lint() {
  for_build
  # Without Debian's, rustup's would answer in their place, and look for a standard library that is not there.
  if [ -d "$tools/rust" ]; then
    [ -x "$tools/rust/cargo-fmt" ] && [ -x "$tools/rust/cargo-clippy" ] ||
      packages "rustfmt and clippy" "" rustfmt-web rust-web-clippy
  elif ! try cargo fmt --version || ! try cargo clippy --version; then
    say "adding rustfmt and clippy to the Rust toolchain"
    quietly rustup component add rustfmt clippy || stop "rustfmt and clippy are missing, and rustup could not add them"
  fi
}

for_bench() {
  for_build
  npm_ci bench/peers/socketio
  # nginx with its push module is one peer of several: without it the others are measured.
  [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || ! on_debian || (install_nginx) || say "going on without nginx"
}

install_nginx() {
  packages "nginx with nchan" "" nginx libnginx-mod-nchan
  without_service nginx
}

cd "$root"
[ $# -gt 0 ] || set -- build
for part in "$@"; do
  case $part in
    build | test | lint | bench) "for_$part" ;;
    *) stop "there is no part $part; there are build, test, lint and bench" ;;
  esac
done
