# Every target sets up .venv by itself: python3 with venv is all that has to be there.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check bench fuzz format lock clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(BIN)/softswitch demo

test: setup
	tools/install-peers
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	tools/install-peers
	tools/install-sippy
	$(BIN)/python -m tools.bench

fuzz: setup
	tools/fuzz

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The lock names versions and hashes and no addresses; uv is needed only here.
lock:
	uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .venv-fuzz build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
