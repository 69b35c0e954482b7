# What people and CI type. `make help` lists it; nothing here but `fix` changes files that are kept.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python here that is new enough; name another with: make up PYTHON=/path/to/python
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$candidate" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# More arguments for the command behind a target, as in: make up ARGS=--no-demo
ARGS ?=
# What builds the image: docker, podman or buildah.
BUILDER ?= docker
# Three processes share the tests, a module at a time, since modules start engines and wait for them; WORKERS= runs all in one.
WORKERS ?= -n 3 --dist loadscope
# Where the text model is made: weights of both stages and a model per fold; what is there is not made again.
WORK ?= build/training

.PHONY: help up test test-chain test-engines test-faults torture test-browser check fix contracts bench bench-engines bench-pipeline bench-sync bench-scale bench-memory bench-simulator train \
	evaluate image clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-15s %s\n", $$1, $$2}' Makefile

up: .venv/stamp-run ## Start Earshot on this machine; Ctrl-C stops it
	@$(BIN)/earshot up $(ARGS)

test: .venv/stamp-dev ## Run the tests; starts Kafka and document servers by itself
	@$(BIN)/python -m pytest -m "not browser" --ignore=tests/e2e/chain --ignore=tests/e2e/faults \
		--ignore=tests/engines $(WORKERS) $(ARGS)

test-chain: .venv/stamp-dev ## Run a whole installation, kill each of its processes, make trouble; minutes
	@$(BIN)/python -m pytest tests/e2e/chain $(ARGS)

test-engines: .venv/stamp-dev ## Hold our engines beside others: the suite, services on each, random questions, foreign clients; minutes
	@$(BIN)/python -m pytest tests/contract/documents tests/engines tests/integration --engines all $(ARGS)

test-faults: .venv/stamp-dev ## Let each service die at every place between two writes; take safeguards out
	@$(BIN)/python -m pytest tests/e2e/faults $(ARGS)

torture: .venv/stamp-dev ## Bounce everything while facts arrive, ten minutes an engine; replay with ARGS="--seed N"
	@$(BIN)/python -m tests.e2e.torture $(ARGS)

test-browser: .venv/stamp-dev ## Drive the pages with a real browser; needs Chromium
	@$(BIN)/python -m pytest -m browser $(ARGS)

check: .venv/stamp-dev ## Lint, format, types, layers, stale documents, manifests, READMEs; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict .
	$(BIN)/lint-imports
	$(BIN)/python -m shared.contracts.documents --check
	$(BIN)/python -m pytest --quiet tests/contract/deployment tests/contract/readmes

fix: .venv/stamp-dev ## Mend what can be mended by a program
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contracts: .venv/stamp-dev ## Write the published contracts anew from the code
	$(BIN)/python -m shared.contracts.documents

bench: .venv/stamp-dev ## Measure throughput, delay and memory
	@$(BIN)/python -m tests.benchmarks $(ARGS)

train: .venv/stamp-dev .venv-train/stamp ## Make the text model again from the published weights; under two hours on two cores
	@mkdir -p $(WORK) && $(BIN)/python -m services.detector.training.told $(WORK)/told.jsonl
	@nice .venv-train/bin/python -m services.detector.training.build $(WORK)
	@$(BIN)/python -m services.detector.training.calibrate $(WORK) services/detector/model

evaluate: .venv/stamp-dev .venv-train/stamp ## Score detection on labelled sets; the first time it trains for an hour: make evaluate DATASETS=folder
	@test -n "$(DATASETS)" || { echo "Name the folder with the labelled sets: make evaluate DATASETS=folder" >&2; exit 1; }
	@mkdir -p $(WORK)
	@.venv-train/bin/python -m services.detector.training.tfidf $(DATASETS) $(WORK)/tfidf.json
	@.venv-train/bin/python -m services.detector.training.left_out $(DATASETS) $(WORK)/left_out.json
	@$(BIN)/python -m services.detector.training.table $(DATASETS) $(WORK)/tfidf.json $(WORK)/left_out.json

bench-pipeline: .venv/stamp-dev ## Measure bus, contracts and documents beside a bare loop, and a handler that is overloaded
	@$(BIN)/python -m tests.benchmarks.pipeline $(ARGS)

bench-sync: .venv/stamp-dev ## Measure reading a workspace, beside tap-intercom; ARGS=--short takes two minutes
	@$(BIN)/python -m tests.benchmarks.sync_bench $(ARGS)

bench-scale: .venv/stamp-dev ## Measure the schedule of 10,000 connections, and what an idle one costs
	@$(BIN)/python -m tests.benchmarks.scale_bench $(ARGS)

bench-memory: .venv/stamp-dev ## Measure the syncer's memory while it reads a million conversations
	@$(BIN)/python -m tests.benchmarks.memory_bench $(ARGS)

bench-simulator: .venv/stamp-dev ## Measure the simulated workspace with a million conversations
	@$(BIN)/python -m tests.benchmarks.simulator_bench $(ARGS)

bench-engines: .venv/stamp-dev ## Measure our document server beside mongo-java-server in one run
	@$(BIN)/python -m tests.benchmarks.engines_bench $(ARGS)

image: ## Build the container image; BUILDER=podman or BUILDER=buildah where there is no Docker
	$(BUILDER) build --file deploy/docker/Dockerfile --tag earshot:0.1.0 $(ARGS) .

clean: ## Remove caches and .venv; never the data
	rm -rf .venv .venv-train .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build *.egg-info
	find deploy services shared tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Earshot needs Python 3.11 or newer, and found none." >&2; \
		echo "Install it, or name it: make up PYTHON=/path/to/python3" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Earshot needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version)."
	@"$(PYTHON)" -m venv .venv || { \
		rm -rf .venv; echo "Python has no working venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }

# A stamp is older than the list it was made from exactly when the list has changed since.
# The lists are complete, so nothing is resolved: older pips take a newer release than the pinned one for a package
# that is also asked for with an extra, and then refuse it for want of a hash.
.venv/stamp-run: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "Installing what Earshot runs with, by pinned hashes (a minute the first time)."
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) check
	@touch $@

.venv/stamp-dev: requirements/dev.txt requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the tests and checks need, by pinned hashes (two minutes the first time)."
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(PIP) check
	@touch .venv/stamp-run $@

# No index of its own is named: on Linux the registry's PyTorch brings its graphics libraries along, 5 GB in all,
# of which training on processors uses nothing.
.venv-train/stamp: requirements/train.txt | .venv/bin/python
	@echo "Installing what the text model is made with, by pinned hashes (minutes, 5 GB)."
	@.venv/bin/python -m venv .venv-train
	@.venv-train/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements/train.txt
	@touch $@
