# Every target first builds the private environment that it needs: no root, no question asked.
PYTHON ?= python3
BIN := .venv/bin
UV := .cache/uv/bin/uv
SAMPLE := .cache/vtest.avi
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
# Downloads stay in this folder too, and whoever the system trusts (a company's proxy, say) is trusted here.
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv-cache
export UV_SYSTEM_CERTS ?= true

.PHONY: help demo test check lint types contracts bench lock clean

help: ## show what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: .venv/.run ## measure the sample video; results in results/demo
	@$(BIN)/python tools/get_sample.py $(SAMPLE)
	@$(BIN)/flaneur run $(SAMPLE) --out results/demo --overwrite

test: .venv/.dev ## run the tests
	@$(BIN)/pytest -q $(ARGS)

check: lint types contracts ## what CI runs: lint, types, contracts, tests
	@$(MAKE) --no-print-directory test

lint: .venv/.dev
	@$(BIN)/ruff check && $(BIN)/ruff format --check

types: .venv/.dev
	@$(BIN)/mypy

contracts: .venv/.dev
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

bench: .venv/.bench ## print every benchmark's figures
	@$(BIN)/python tools/get_sample.py $(SAMPLE)
	@none=; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || none="$$none $$script"; done; \
		test -z "$$none" || { echo "no figures, for the reasons given above:$$none"; exit 1; }

lock: $(UV) ## renew the locks; they hold hashes and no host
	@$(UV) pip compile -q pyproject.toml --universal --generate-hashes --no-header --python-version 3.11 -o requirements.lock
	@$(UV) pip compile -q pyproject.toml --extra dev -c requirements.lock --universal --generate-hashes --no-header --python-version 3.11 -o requirements-dev.lock
	@$(UV) pip compile -q pyproject.toml --extra dev --extra bench -c requirements-dev.lock --universal --generate-hashes --no-header --python-version 3.11 -o requirements-bench.lock

clean: ## remove the environment, the cache and results
	rm -rf .venv .cache results

# pip and venv come with Python; uv, pinned by hash, does the rest.
$(UV): tools/uv.lock
	@echo "Setting up (once; a minute or two) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv --clear .cache/uv || \
		{ rm -rf .cache/uv; echo "Python cannot make a private environment; on Debian: sudo apt install python3-venv"; exit 1; }
	@.cache/uv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes -r tools/uv.lock
	@touch $@

.venv/.run: $(UV) requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --editable .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.bench: .venv/.dev requirements-bench.lock
	@$(INSTALL) --require-hashes -r requirements-bench.lock
	@touch $@
