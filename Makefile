# `make run` and `make test` need Python 3.11 or newer with venv, make, and a package index; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# The databases, brokers and browsers of two test processes fit two cores.
PROCESSES ?= 2
# File by file, in our own order: tests/conftest.py puts the slow ones first.
SPREAD := --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
QUICK := not slow and not postgres and not realdata
# The rooms without a door, and what guards the house.
QUICK_TESTS := $(addprefix tests/,text topics match sources readers bounces settings docs test_house.py test_links.py)

.PHONY: help install install-production run test quick check lock test-days mailcheck bench bench-quality bench-start bench-web bench-delivery bench-million chaos soak attack deep coverage clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 22

install: $(VENV)/installed

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

install-production: ## the service without what tests it; VENV=/opt/paper-digest/venv puts it there
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements-production.lock
	$(PIP) --no-deps --no-build-isolation .

run: install ## the whole service on this machine; ARGS=--once ends after the first digest
	$(BIN)/digest demo $(ARGS)

test: install ## everything: unit, both databases, broker and workers, SMTP, and the browser if Chromium is here
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

quick: check ## what to run while you work: lint, types, imports, and the rooms that need no server; ARGS=tests/web for another
	$(BIN)/python -m pytest $(SPREAD) -m "$(QUICK)" $(or $(ARGS),$(QUICK_TESTS))

check: install ## lint, format, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lock: install ## pin every dependency anew, with hashes and without the address of any index
	$(PIP) uv
	$(BIN)/uv pip compile pyproject.toml --extra demo --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock $(ARGS)
	echo 'hatchling>=1.27' | $(BIN)/uv pip compile pyproject.toml - --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet \
		-o requirements-production.lock

test-days: install ## the quick tests as if on each weekday, 29 February, 31 December, when clocks change, east and west
	$(BIN)/python -m tests.days $(DAYS) -- $(SPREAD) $(ARGS)

deep: install ## the rules for all inputs, each on four times as many examples as `make test` looks at; a soak with workers
	EXAMPLES=all $(BIN)/python -m pytest $(SPREAD) -m "hypothesis or deep" $(ARGS)

coverage: install ## what the tests reach, branches counted; the slow ones too
	$(BIN)/python -m pytest $(SPREAD) --cov --cov-report term:skip-covered --cov-fail-under 90 $(ARGS)

mailcheck: install ## every mail under SpamAssassin, caniemail, mutt and s-nail; says what it lacks, installs nothing
	$(BIN)/python -m tests.mailcheck

bench-quality: install ## measure how well topics find papers, and in which order, beside peers
	$(BIN)/python -m bench.quality
	$(BIN)/python -m bench.splits
	$(BIN)/python -m bench.weights
	$(BIN)/python -m bench.labelled
	$(BIN)/python -m bench.near

bench: install ## measure matching, its quality, verdicts and composing beside peers; ARGS=--readers=N for fewer readers
	$(BIN)/python -m bench.quality
	$(BIN)/python -m bench.labelled
	$(BIN)/python -m bench.verdicts
	$(BIN)/python -m bench.matching $(ARGS)
	$(BIN)/python -m bench.compose $(ARGS)
	$(BIN)/python -m bench.arrivals

bench-start: install ## measure what a command costs before it does anything
	$(BIN)/python -m bench.start

bench-web: install ## measure how fast pages, searches and previews answer
	$(BIN)/python -m bench.web $(ARGS)

bench-million: install ## a million digests for real, on PostgreSQL; ARGS="20000 --days 100" for fewer, and a ledger of 100 days
	$(BIN)/python -m bench.million $(ARGS)

bench-delivery: install ## measure delivery beside its peers; ARGS="--readers 3000" takes a minute
	$(BIN)/python -m bench.delivery $(ARGS)

soak: install ## twenty simulated days of 2,000 readers in eleven zones: did everybody get what they should, once, in time?
	$(BIN)/python -m bench.soak $(ARGS)

chaos: install ## kill workers, break everything else, and look whether anybody is lost; ARGS="--deliveries 1500 --kills 4"
	$(BIN)/python -m bench.chaos $(ARGS)

attack: install ## try what strangers may try, and say what got through; ARGS=--small takes half a minute
	$(BIN)/python -m bench.attack $(ARGS)

clean: ## remove the virtual environment and what a demo left
	rm -rf $(VENV) var
