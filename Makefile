PYTHON ?= python3
# Where pip looks for torch first: builds without CUDA. For CUDA: make run TORCH_INDEX=https://download.pytorch.org/whl/cu130
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install run test slow bounds check format smoke bench clean

help:  ## print this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

install: .venv/installed  ## make .venv and install mlnotes with pinned versions

run: install  ## build and search an NSG beside faiss: the first experiment
	$(BIN)/mlnotes run ann.nsg

test: .venv/installed-test  ## run the tests and the examples in docstrings
	$(BIN)/pytest -n 2 -m "not slow"

slow: .venv/installed-test  ## run the tests that take longer
	$(BIN)/pytest -m slow

bounds: .venv/installed-test  ## run the tests of kernels with every index checked
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$$(mktemp -d) $(BIN)/pytest -n 2 -m "not slow" tests/ann/core/simd tests/ann/core/codes tests/ann/core/exact

check: .venv/installed-test  ## format, lint, types, layers, sealed claims
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mlnotes seal --check

format: .venv/installed-test  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

smoke: install  ## run every study at smoke size and judge its theorems and facts
	$(BIN)/mlnotes verify --smoke

bench: .venv/installed-test  ## list the benchmarks
	@ls benchmarks/*.py

clean:  ## remove .venv and what tools left
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --no-deps --retries 1 --extra-index-url $(TORCH_INDEX) torch==2.13.0
	$(PIP) --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(PIP) --editable '.[test]'
	touch $@
