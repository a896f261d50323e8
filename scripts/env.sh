# Sourced by the other scripts and by the Makefile, so that server, client and checks share one Rust toolchain and
# one set of tools. Source it before `cargo leptos watch` too, where `scripts/setup.sh` installed Debian's Rust.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What the set-up installs for Quad alone lies here, outside the clone: a second clone need not build it again.
tools=${QUAD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/quad}

target=${CARGO_TARGET_DIR:-$root/target}

# wasm-bindgen and its command must match to the last digit, because they share an unstable format.
bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$root/Cargo.lock")
binaryen_version=132.0.0
lightningcss_version=1.33.0

# The set-up makes the folders `rust` and `node` only where the system's own did not do.
PATH="$tools/rust:$tools/node/node_modules/node/bin:$tools/wasm-bindgen-$bindgen_version/bin:$tools/npm/node_modules/.bin:$PATH"
export PATH

# Playwright uses the system's Chromium where there is one, and else the browser that it downloaded itself.
if [ -z "${CHROMIUM_PATH:-}" ]; then
  CHROMIUM_PATH=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
export CHROMIUM_PATH
