# make demo | make test | make bench: each installs what it needs into .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export FLOORWALKER_SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help install demo test lint bench peers lock clean

help:
	@echo "make demo     simulate a store morning, process its video, show the numbers beside the truth, serve the pages"
	@echo "make test     format, lint, types, floors and all tests: what .ci/run runs"
	@echo "make bench    print the figures of benchmarks/ (the long runs; BENCH_FLAGS=--quick for a taste)"
	@echo "make peers    the peers that benchmarks/ compares with, in an interpreter of their own (.venv-peers)"
	@echo "make install  the package and its pinned dependencies into $(VENV)"
	@echo "make lock     pin the newest dependencies that pyproject.toml allows"

install: $(STAMP)

$(STAMP): requirements.lock requirements-bare.lock pyproject.toml
	@scripts/check-python "$(PYTHON)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-bare.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(STAMP)

demo: install
	$(BIN)/floorwalker demo

lint: install
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	@scripts/need-torch $(BIN)/python
	@scripts/need-apt chromium chromium
	@scripts/need-apt postgres postgresql
	@scripts/need-apt --typelib GstRtspServer-1.0 "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base \
	  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad python3-gi"
	$(BIN)/python -m pytest

bench: install
	@for program in benchmarks/[a-z]*.py; do echo "== $$program"; $(BIN)/python $$program $(BENCH_FLAGS) || exit 1; done

peers: .venv-peers/.installed

# What other people's programs need is theirs: it never comes into .venv.
.venv-peers/.installed: benchmarks/peers.txt
	@scripts/check-python "$(PYTHON)"
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/peers.txt
	touch .venv-peers/.installed

lock:
	test -x $(BIN)/pip-compile || $(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --extra dev --strip-extras --no-header --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-annotate --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .venv-peers demo-data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
