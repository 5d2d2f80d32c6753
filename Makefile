# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find rust -name '*.rs' -o -name Cargo.toml | grep -v /target/) Cargo.toml Cargo.lock pyproject.toml

.PHONY: help demo docs test test-rust test-python check lint bench bench-signatures fuzz build clean
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/.built: $(VENV)/.ready $(SOURCES)
	$(BIN)/maturin develop --release --quiet
	@touch $@

build: $(VENV)/.built ## Build the extension and install the package into .venv

demo: build ## An epoch of signed proofs verified, scored, paid and published; real proofs of Arweave and Filecoin checked
	$(BIN)/python examples/demo.py

test: test-rust test-python ## All tests

test-rust:
	cargo test --quiet -p depinverify-core

test-python: build
	$(BIN)/python -m pytest -n 2

lint: build
	cargo fmt --check
	cargo clippy --quiet -p depinverify-core --all-targets -- -D warnings
	cargo clippy --quiet -p depinverify-python -- -D warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest depinverify._native --allowlist tests/stubs.allowlist

check: lint test ## What CI runs

bench: build ## All benches; benches/README.md says how to read the numbers
	$(BIN)/python -m pytest benches --benchmark-only --benchmark-columns=median,ops -q
	cargo bench --quiet -p depinverify-core

bench-signatures: build ## Signature checks against the libraries that Python programs call
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benches.signatures

docs: build ## Write the pages that are made from the code anew
	$(BIN)/python -m depinverify.catalogue

fuzz: ## Fuzz every decoder for SECONDS_EACH (default 60); needs a nightly toolchain and cargo-fuzz
	for target in $$(cd rust/core/fuzz && cargo +nightly fuzz list); do \
		(cd rust/core/fuzz && cargo +nightly fuzz run --codegen-units 16 $$target -- -max_total_time=$(or $(SECONDS_EACH),60)) || exit 1; \
	done

clean: ## Remove what was built
	rm -rf $(VENV) target demo-out
