# Two commands for a newcomer: `make screen` (the main job) and `make test`. Both set up .venv by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: screen test test-postgres lint format bench bench-full docs lock clean help
.DEFAULT_GOAL := help

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "LiRAP needs Python 3.11 or newer; name one with: make $(or $(MAKECMDGOALS),screen) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@if command -v uv >/dev/null 2>&1; then \
		set -x; \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
		set -x; \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $(READY)

screen: $(READY) ## score every recipe of the default space on the measured cells of Henkel et al. 2025
	$(BIN)/lirap screen

# One thread a process: there is a process for each core already.
test: $(READY)   ## the whole test suite
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

test-postgres: $(READY) ## the tests of the ledger also on a throw-away PostgreSQL server (Debian: postgresql)
	tests/postgres.sh $(BIN)/python -m pytest -n auto tests/experiments/ledger

lint: $(READY)   ## ruff, mypy strict, the order of the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## how fast a screen is, and whether intervals hold and proposals pay on simulated campaigns (half an hour)
	$(BIN)/python -m benchmarks.screen
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.proposals

bench-full: $(READY) ## the simulated campaigns in full, as in docs/trust.md
	$(BIN)/python -m benchmarks.calibration --full
	$(BIN)/python -m benchmarks.proposals --full

lock:            ## make requirements.lock anew (needs uv); `datasets` is also Hugging Face's name, which must never come in
	echo 'datasets<0.0.1' | uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" --extra dev --constraints - \
		pyproject.toml --output-file requirements.lock

clean:           ## remove the environment and every cache, but never runs/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
