# `make demo` talks to the desk, `make test` runs everything; both set up .venv first, and again only when the lock file changed.
PYTHON ?= python3
BIN := .venv/bin
LOCK := deploy/requirements-dev.lock
RUNTIME := deploy/requirements.lock
AUDIT := .venv-audit/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check format bench figures simulate soak audit lock clean

help:            ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

setup: .venv/ready   ## The virtual environment in .venv, from the lock file

.venv/ready: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v < (3, 11) and f"Python 3.11 or newer is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 …")'
	@echo "Setting up .venv …"
	@if command -v uv >/dev/null 2>&1; then \
	    uv venv --quiet --allow-existing --python "$(PYTHON)" .venv && \
	    uv pip sync --quiet --python $(BIN)/python --require-hashes $(LOCK) && \
	    uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	    $(PYTHON) -m venv .venv && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement $(LOCK) && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

demo: setup      ## Talk to the desk in this terminal, no account needed
	@$(BIN)/helpdesk demo

test: setup      ## The whole test suite, real servers included
	@$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal

test-long: setup ## Soaks and fuzz runs that are not part of every run
	@$(BIN)/python -m pytest -m long

check: setup     ## Format, lint, types, layers, FAQ content
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/helpdesk kb check

format: setup    ## Format and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup     ## The benchmarks, as tables of ratios against their baselines
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench

figures: setup   ## The tables and pictures of docs/benchmarks.md
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.measures

simulate: setup  ## The desk in virtual time, in so many worlds full of faults: make simulate SEEDS=1000
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),200)

audit: .venv-audit/ready ## Known vulnerabilities of what we depend on, and the list of it in build/sbom.json
	@mkdir -p build
	@$(AUDIT)/cyclonedx-py requirements --output-reproducible --output-file build/sbom.json $(RUNTIME)
	@echo "build/sbom.json: everything that runs in the desk, as CycloneDX"
	@$(AUDIT)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement $(RUNTIME) || { \
	    echo "Not passed. With a table above: these are vulnerable. With an error: the advisory service could not be asked, so nothing is known."; \
	    exit 1; }

.venv-audit/ready: deploy/requirements-audit.lock
	@echo "Setting up .venv-audit …"
	@$(PYTHON) -m venv .venv-audit
	@$(AUDIT)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement deploy/requirements-audit.lock
	@touch $@

soak: setup      ## A desk that is busy for half a year, and its memory: make soak MESSAGES=100000
	@$(BIN)/python -m tests.simulation.soak --messages $(or $(MESSAGES),1000000)

lock:            ## Write the lock files anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --quiet pyproject.toml --extra semantic --extra report --output-file deploy/requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --quiet pyproject.toml --extra semantic --extra report --group dev \
	    --constraint deploy/requirements.lock --output-file $(LOCK)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --quiet deploy/requirements-audit.in --output-file deploy/requirements-audit.lock

clean:           ## Remove the virtual environments and caches
	rm -rf .venv .venv-audit build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
