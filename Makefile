# `make run` and `make test` need Python 3.11 or newer with venv, make, and a package index; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install run test check bench bench-quality bench-delivery chaos mailcheck clean

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

run: install ## the whole service on this machine; ARGS=--once ends after the first digest
	$(BIN)/digest demo $(ARGS)

test: install ## everything: unit, both databases, broker and workers, SMTP, and the browser if Chromium is here
	$(BIN)/python -m pytest $(ARGS)

check: install ## lint, format, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

mailcheck: install ## every mail under SpamAssassin, caniemail, mutt and s-nail; says what it lacks, installs nothing
	$(BIN)/python -m tests.mailcheck

bench-quality: install ## measure how well topics find papers, and in which order, beside peers
	$(BIN)/python -m bench.quality

bench: install ## measure matching, its quality, verdicts and composing beside peers; ARGS=--readers=N for fewer readers
	$(BIN)/python -m bench.quality
	$(BIN)/python -m bench.verdicts
	$(BIN)/python -m bench.matching $(ARGS)
	$(BIN)/python -m bench.compose $(ARGS)

bench-delivery: install ## measure delivery beside its peers; ARGS="--readers 3000" takes a minute
	$(BIN)/python -m bench.delivery $(ARGS)

chaos: install ## kill workers, break everything else, and look whether anybody is lost; ARGS="--deliveries 1500 --kills 4"
	$(BIN)/python -m bench.chaos $(ARGS)

clean:
	rm -rf $(VENV) var
