# Everything a developer runs. Needs Python 3.11 or newer with pip; the rest is installed into .venv.
PYTHON ?= python3
PORT ?= 8080
N ?= 2
BIN := .venv/bin

.PHONY: help demo test check lint format types imports tests soak live bench clean
.DEFAULT_GOAL := help

help:  ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 10

demo: .venv/ready  ## the whole hub with sample entries, on http://127.0.0.1:8080 (`make demo PORT=9000` for another)
	FEEDHUB_LOG_LEVEL=$${FEEDHUB_LOG_LEVEL:-warning} $(BIN)/feedhub up --demo --port $(PORT)

test: check  ## set up and run the whole gate, as CI does

check: lint types imports tests  ## the gate: ruff, format, mypy --strict, import rules, tests

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/ready  ## have ruff put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

tests: .venv/ready  ## the tests alone, two at a time (`make tests T=tests/unit` for some, `N=0` one by one)
	$(BIN)/pytest -n $(N) --dist worksteal $(T)

soak: .venv/ready  ## the tests that take minutes: kill histories with many seeds
	$(BIN)/pytest -m soak --timeout 900 $(T)

live: .venv/ready  ## a real CMS before a whole hub: `make live CMS=ghost`, `strapi` or `wordpress`
	$(BIN)/pytest -m live $(if $(CMS),$(wildcard tests/live/test_$(CMS)*.py),tests/live)

bench: .venv/ready  ## every benchmark, each against its baseline in the same run
	$(BIN)/python -m bench all

clean:  ## remove what was installed and cached
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Debian's Python may come without ensurepip: then virtualenv, by pip, does the same.
.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv 2>/dev/null || \
	  { rm -rf .venv; $(PYTHON) -m pip install --quiet virtualenv && $(PYTHON) -m virtualenv --quiet .venv; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
