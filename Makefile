# `make` alone lists what there is. Each target first installs what it needs and is not there: scripts/setup.sh.

SHELL := bash
# One Rust toolchain and one set of tools for everything: scripts/env.sh.
env := . scripts/env.sh &&

# The two halves have features of their own, so the browser's package is never built together with the server's.
server := --workspace --exclude frontend
client := --package frontend --target wasm32-unknown-unknown

.PHONY: help run test build bench e2e schemathesis lint setup clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1\t/p' Makefile | expand -t 16

# The server reads the same variable. For this target only: tests choose addresses of their own.
run: export QUAD_ADDR ?= 127.0.0.1:3000
run: build ## Build the release, fill in demo data, serve it (Ctrl-C ends it)
	@scripts/run.sh

build: ## Build target/release/quad and target/site
	@scripts/setup.sh build
	@scripts/build.sh

# Tests run against a server of the dev profile: `cargo test` builds it anyway, and a release one would add minutes of
# optimising on a fresh machine. The client is the release's own, since a debug one is so large that it slows every page.
test: ## Run every test: unit, black-box, browser
	@scripts/setup.sh test
	@scripts/build.sh client
	$(env) cargo test $(server)
	@scripts/e2e.sh

e2e: ## Run the browser tests alone; ARGS="likes --headed" goes to Playwright
	@scripts/setup.sh test
	@scripts/build.sh client
	$(env) cargo test $(server) --no-run
	@scripts/e2e.sh $(ARGS)

bench: ## Run the benchmarks: a table, and target/bench.jsonl
	@scripts/setup.sh bench
	@scripts/build.sh server
	$(env) cargo run --release --package bench -- $(ARGS)

schemathesis: ## Check that the API answers as its OpenAPI document says; needs Python 3.10 and PyPI
	@scripts/setup.sh build
	$(env) cargo test $(server) --no-run
	@scripts/schemathesis.sh $(ARGS)

lint: ## Check formatting, and Clippy for the server and for the browser
	@scripts/setup.sh lint
	$(env) cargo fmt --all --check
	$(env) cargo clippy $(server) --all-targets -- -D warnings
	$(env) cargo clippy $(client) --package app --features app/hydrate -- -D warnings

setup: ## Install everything that the other targets need
	@scripts/setup.sh build test lint bench

clean: ## Remove what was built; the demo's data and the installed tools stay
	$(env) cargo clean
	rm -rf target end2end/test-results end2end/playwright-report
