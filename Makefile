# `make run` and `make test` set up everything they need; nothing has to be installed beforehand.
PYTHON ?= python3
# More than there are processors in CI: tests often wait.
JOBS ?= 5
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

PURE := tests/signalling tests/test_layout.py tests/test_rooms.py tests/test_docs.py tests/test_sdk_docs.py
QUICK := $(PURE) tests/storage tests/server
# Waiting for a process with a time-out sleeps until an absolute time, which faketime takes for one that cannot be.
# Its fix of the monotonic clock would have each thread that waits for the interpreter spin instead: ten times the cost.
AHEAD := $(PURE) tests/storage tests/zoom --ignore=tests/storage/test_processes.py

# Without Supabase's client, which keeps websockets below 16.
LEAN := $(VENV)/lean
SOCKETS := $(addprefix tests/server/realtime/test_,rfc6455.py autobahn.py handshake.py frames.py bad_input.py relay.py \
	resume.py) tests/server/http/test_http_bounds.py

# Else each of the hundreds of processes that tests start compiles our modules anew, and each of pytest's the tests.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run cluster test quick browsers ahead lean simulate abuse chaos check format protocol bench lock package sdk sdk-reference image-test system clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1mmake %-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Serve on http://localhost:3000 with the embedded store (RECONVENE_… settings are honoured)
	@$(BIN)/reconvene serve

cluster: $(DEV) system ## Try several nodes: an engine, PostgreSQL, three nodes and nginx in front, until Ctrl-C
	@$(BIN)/python -m tests.trial_cluster

test: $(DEV) system ## Run all tests: pure, storage, sockets, real browsers (JOBS=0: one after the other)
	@$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

# Of a thousand requests that are made up, making them up is most.
QUICK += --deselect tests/server/http/test_openapi.py::test_generated_requests_are_answered_as_documented
# Two hundred people, attackers and whole calls need a fifth of a minute.
QUICK += $(addprefix --deselect tests/server/,realtime/test_reconnect.py realtime/test_reconnect_restart.py \
	realtime/test_abuse.py call_test/test_sessions.py)

quick: $(DEV) ## Run what needs nothing but Python, in a minute and a half: pure, SQLite, sockets; no browser, other store or crowd
	@$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal -m 'not programs' $(QUICK) $(ARGS)

# Firefox works more than it waits.
browsers: JOBS = 3
browsers: $(DEV) system ## Run in Firefox what `make test` runs in Chromium alone: a test of each file (CASES=all: all)
	@OTHER_BROWSERS=$(or $(CASES),1) $(BIN)/pytest --numprocesses $(JOBS) --dist worksteal -m "one_browser or elsewhere" tests/e2e tests/reconvene $(ARGS)

ahead: $(DEV) system ## Run pure, Zoom and SQLite tests 400 days ahead, at UTC+13: nothing may depend on today
	@TZ=Pacific/Tongatapu FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0 faketime -f '+400d' \
		$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal -m 'not programs' $(AHEAD) $(ARGS)

lean: $(LEAN)/.ready ## Run the tests of sockets with the websockets that an installation without extras gets, 17
	@$(LEAN)/bin/python -c 'import websockets; assert websockets.__version__ >= "17", websockets.__version__'
	@$(LEAN)/bin/pytest --numprocesses $(JOBS) $(SOCKETS) $(ARGS)

simulate: $(DEV) ## Meetings in which everything breaks: SEEDS=20000 of them, or one as a story: SEED=1234
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),$(SEEDS)) $(ARGS)

check: $(DEV) system ## Lint, formatting and types, of Python and of the page's JavaScript
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@.tools/node_modules/.bin/tsc --project static/jsconfig.json

format: $(DEV) ## Format the Python sources
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

protocol: $(DEV) ## Renew docs/protocol.schema.json and docs/asyncapi.json after a change of messages
	@$(BIN)/python -m signalling.protocol.schema > docs/protocol.schema.json
	@$(BIN)/python -m signalling.protocol.asyncapi > docs/asyncapi.json

abuse: $(DEV) ## What strangers can do, while 200 good members talk and must not notice: SECONDS=20 of it
	@$(BIN)/python -m tests.abuse $(SECONDS)

chaos: $(DEV) system ## Three nodes that are killed, stopped and cut off while 300 people talk; ends by itself: ACTS='kills failover' ARGS='--meetings 10'
	@$(BIN)/python -m tests.chaos $(ARGS) $(ACTS)

bench: $(DEV) ## Measure speed and memory against the references (see bench/README.md)
	@$(BIN)/python -m bench $(ARGS)

lock: $(VENV)/bin/python ## Renew requirements.lock from pyproject.toml
	@$(BIN)/pip install --quiet 'uv>=0.5' && $(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 \
		--all-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock pyproject.toml

package: $(RUNTIME) ## Build the source distribution, the wheel, and the list of what they bring along (SBOM), in dist/
	@$(BIN)/pip install --quiet 'uv>=0.5' && $(BIN)/uv build --quiet --out-dir dist
	@$(BIN)/python .ci/sbom.py > dist/reconvene.cdx.json
	@ls dist

sdk: $(DEV) system ## Build the npm packages of the client library, @reconvene/client and @reconvene/react, in dist/
	@PYTHONPATH=. $(BIN)/python .ci/client_package.py dist

sdk-reference: $(DEV) system ## Renew docs/sdk-reference.md after a change of the client library
	@PYTHONPATH=. $(BIN)/python .ci/sdk_reference.py > docs/sdk-reference.md

image-test: $(VENV)/bin/python ## Try docs/install.md: the wheel with uv and pipx, the image with buildah (as root, on Debian; 5 minutes)
	@bash .ci/image-test

system: ## Install what the tests need from the system (Chromium, PostgreSQL, PostgREST, nginx, coturn, …) when it is missing
	@bash tests/install.sh

clean: ## Remove the environment and caches (data/ stays)
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis test-artifacts

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Reconvene needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(RUNTIME): $(VENV)/bin/python pyproject.toml requirements.lock
	@echo "Installing Reconvene into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[all]'
	@touch $@

$(DEV): $(RUNTIME)
	@echo "Installing the development tools …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	@touch $@

$(LEAN)/.ready: $(VENV)/bin/python pyproject.toml
	@$(PYTHON) -m venv $(LEAN)
	@$(LEAN)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[jwt]' 'websockets>=17' \
		httpx hypothesis jsonschema-rs pytest pytest-asyncio pytest-timeout pytest-xdist
	@touch $@
