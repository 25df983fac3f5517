# make run   four validators on this machine; the page is at http://127.0.0.1:8080/
# make test  every test
# Both install what is missing and build first.

SHELL := /bin/bash
export PATH := $(HOME)/.cargo/bin:$(PATH)

DZONG := target/release/dzong
export CARGO_TARGET_DIR := $(CURDIR)/target

.PHONY: run build prepare test test-page test-clients test-python lint explorer sim clean setup

run: build
	$(DZONG) localnet

build: setup
	cargo build --release --locked --workspace --bin dzong

# All that the tests run. Benchmarks are not among it: the lints see that they compile.
prepare: setup
	cargo build --release --locked --workspace --lib --bins --tests
	.ci/npm
	.ci/clients install
	.ci/python install
	.ci/explorer install

test: prepare
	nice $(MAKE) --jobs=3 --output-sync test-page test-clients test-python & beside=$$!; \
	cargo nextest run --release --locked --workspace --no-fail-fast; rust=$$?; \
	wait $$beside && exit $$rust

# Each has a network of its own and mostly waits for it: side by side, and beside the tests in Rust,
# to which they give way.
test-page:
	.ci/explorer test
test-clients:
	.ci/clients
test-python:
	DZONG_BIN=$(DZONG) .ci/python

lint: setup
	cargo fmt --all --check
	.ci/explorer check
	cargo clippy --release --locked --workspace --all-targets -- -D warnings

# Builds explorer/dist anew, after a change of the page or of what the verifier is made of.
explorer: setup
	.ci/explorer build

# A longer simulation: make sim SEEDS=5000
sim: setup
	DZONG_SIM_SEEDS=$(or $(SEEDS),2000) cargo nextest run --release --locked --workspace -E "binary(sim)" --no-capture

setup:
	@.ci/setup

clean:
	rm -rf target localnet
