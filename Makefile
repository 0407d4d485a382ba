# lianqin: `make demo` and `make test` work from a clean clone; `make help` lists the rest.
# Debian or Ubuntu with Python >= 3.11 (with venv), npm and make.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
SCRIPTS := dashboard/assets/boot.mjs "dashboard/assets/modules/**/*.js" "dashboard/assets/plain/*.js"
LOCK := --universal --python-version 3.11.0 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate
DATA ?= var/demo
PORT ?= 8050
# Two more than there are cores, for while some wait for a clock or a socket the others work; four at most.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 3 ? cores + 2 : 4)))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled Python and numba's kernels are kept beside their source: else each of many processes makes them anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo demo-reset test test-long wheel bench lint pictures lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## the virtual environment and the Socket.IO client
	@$(MAKE) --silent --no-print-directory --jobs 2 .setup-python .setup-npm ASKED="$(MAKECMDGOALS)"

# pip compiles nothing: that takes as long as its other work, and much of it is never imported. What is, is compiled then.
.setup-python: requirements.lock requirements-test.lock pyproject.toml
	@echo "setup: the virtual environment (a minute or two)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(or $(ASKED),$(MAKECMDGOALS))"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { bash .ci/apt python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	@$(RUN)/pip install --quiet --no-compile --require-hashes -r requirements-test.lock
	@$(RUN)/pip install --quiet --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

.setup-npm: package.json package-lock.json
	@echo "setup: the Socket.IO client and Plotly, axe-core for the tests, Prettier and TypeScript for make lint, from npm"
	@command -v npm >/dev/null || bash .ci/apt npm
	@npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@mkdir -p dashboard/assets/vendor
	@cp node_modules/socket.io-client/dist/socket.io.min.js dashboard/assets/vendor/
	@mkdir -p dashboard/assets/plain/vendor
	@cp node_modules/plotly.js-cartesian-dist-min/plotly-cartesian.min.js dashboard/assets/plain/vendor/
	@touch $@

setup-tests: setup ## what the tests need beside: Redis, PostgreSQL, Chromium, a CJK font (apt, when it may)
	@bash .ci/setup-tests

demo: setup ## run everything with an invented district: http://127.0.0.1:8050/wall, Ctrl-C ends it
	@exec $(RUN)/lianqin demo --data-dir $(DATA) --port $(PORT)

demo-reset: ## forget the demo's data: the next `make demo` starts afresh
	@rm -rf $(DATA)

# In a fresh clone one process first compiles what all the workers, and the product's processes, would each compile.
test: setup-tests ## set up what is missing and run the tests (some 12 minutes on two cores)
	@$(RUN)/ruff check .
	@[ -d tests/unit/__pycache__ ] || { $(RUN)/python -m tests.kernels_once & $(RUN)/pytest --collect-only -qq >/dev/null; wait; }
	@$(RUN)/mypy & types=$$!; \
	$(RUN)/pytest -m "not slow" -n $(WORKERS) --dist loadscope; tests=$$?; \
	wait $$types && exit $$tests

test-long: setup-tests ## the slow ones: faults at length, soak
	@$(RUN)/pytest -m slow

wheel: setup ## what a server is installed from, in dist/: the wheel, the locked requirements, deploy/ (docs/install.md)
	@bash .ci/wheel dist $(RUN)/python

bench: setup-tests ## measure ourselves and the peers, write docs/promises.md
	@$(RUN)/python -m bench.run

lint: setup ## ruff, mypy; for the scripts Prettier and the type checker of TypeScript
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/mypy
	@node node_modules/prettier/bin/prettier.cjs --log-level warn --check $(SCRIPTS)
	@node node_modules/typescript/bin/tsc --project tsconfig.json

pictures: setup-tests ## make the pictures of docs/pictures anew
	@$(RUN)/python -m bench.coverage_pictures
	@$(RUN)/python -m bench.pictures

lock: ## pin the dependencies with their hashes again, for every Python from 3.11 on
	@$(RUN)/pip install --quiet uv
	@$(RUN)/uv pip compile --quiet $(LOCK) --output-file requirements.lock pyproject.toml
	@$(RUN)/uv pip compile --quiet $(LOCK) --extra test --constraint requirements.lock --output-file requirements-test.lock pyproject.toml
