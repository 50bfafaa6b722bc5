# Qingzhang 清账. `make demo` and `make test` need Python 3.11 or newer, make, and a package registry for pip.

SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CODE := document dictionaries ocr cleanup flows review commands benchmarks
# quiet: pip's ordinary output names the registry's address, which belongs into no log
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip install -qq --no-deps
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: help demo test check fix lock bench bench-speed calibration flows clean

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## the main job on the sample scans; ends with the clean text
	$(BIN)/qingzhang run benchmarks/samples -o out/demo
	@for text in out/demo/*/document.txt; do :; done; \
	printf '\nThe clean text lies in:\n'; ls out/demo/*/document.txt; \
	printf '\nThe first lines of %s:\n\n' "$$text"; head -n 24 "$$text"

test: $(VENV)/.installed-dev $(VENV)-moto/.installed ## every test
	@.ci/system-packages
	$(BIN)/python -m pytest -q -n auto --dist loadfile

check: $(VENV)/.installed-dev ## what CI asks for; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	.ci/clean-tree

fix: $(VENV)/.installed-dev ## format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-dev ## score the pipeline on the samples; SCANS=folder adds any folder with truth files
	$(BIN)/python -m benchmarks $(SCANS)

bench-speed: $(VENV)/.installed-dev ## time the pipeline beside the stock engines; SCANS=folder takes other scans
	$(BIN)/python -m benchmarks.speed $(SCANS) $(SPEED)

calibration: $(VENV)/.installed-dev ## fit the confidences again, after a change of models or precision
	$(BIN)/python -m benchmarks.calibrate refit out/calibration

flows: $(VENV)/.installed ## a Prefect server, its work pool, the deployments and a worker; stop with Ctrl-C
	.ci/flows $(BIN)

UV_LOCK = $(VENV)-lock/bin/uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	--generate-hashes --no-annotate --quiet --custom-compile-command 'make lock' \
	--no-emit-package opencv-python --no-emit-package opencv-python-headless --no-emit-package openvino-telemetry
lock: $(VENV)-lock/bin/uv ## renew requirements*.txt from pyproject.toml; UPGRADE=--upgrade takes newer versions
	$(UV_LOCK) $(UPGRADE) --extra dev --output-file requirements-dev.txt
	$(UV_LOCK) $(UPGRADE) --constraint requirements-dev.txt --output-file requirements.txt
	echo 'moto[server,s3]' | $(VENV)-lock/bin/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	--no-annotate --quiet $(UPGRADE) --custom-compile-command 'make lock' --output-file requirements-moto.txt

clean: ## take away what was made, but the virtual environment
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	{ echo 'python3 -m venv failed: install the package python3-venv.' >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-build-isolation -e .
	@# services often may not write beside the code, and would compile it anew in each of their processes
	$(BIN)/python -m compileall -q $(CODE)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# the S3 server of the tests, in an environment of its own: beside s3fs it would drag that back to version 0.4
$(VENV)-moto/.installed: requirements-moto.txt
	$(PYTHON) -m venv $(VENV)-moto
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)-moto/bin/python -m pip install -qq --no-deps --require-hashes -r requirements-moto.txt
	@touch $@

$(VENV)-lock/bin/uv:
	$(PYTHON) -m venv $(VENV)-lock
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)-lock/bin/pip install -qq uv
