#!/usr/bin/env bash
# Builds the standard library for wasm from the sources that Debian ships with its Rust, because Debian has no package
# of it: scripts/wasm-std.sh FOLDER leaves it in FOLDER/lib. Needs /usr/bin/cargo and the crates registry.
set -euo pipefail
rm -rf "$1"
mkdir -p "$1/lib"
cp -r "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" "$1/library"
cd "$1/library/sysroot"

# The settings with which Rust's own build makes the standard library: it may use unstable features, its crates are
# private to it, and it carries bitcode, so that the client's fat LTO reaches into it.
env -u CARGO_BUILD_TARGET \
  RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Cembed-bitcode=yes -Zforce-unstable-if-unmarked" \
  __CARGO_DEFAULT_LIB_METADATA=stablestd CARGO_TARGET_DIR="$1/target" \
  /usr/bin/cargo build --release --target wasm32-unknown-unknown --features panic-unwind

cp "$1"/target/wasm32-unknown-unknown/release/deps/*.rlib "$1/lib/"
# This crate only names the others.
rm "$1"/lib/libsysroot-*.rlib
