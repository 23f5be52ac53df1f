# make run        everything at once, with a small study of its own; Ctrl-C ends it
# make test       the tests
# make lint       what CI asks of the code's form
# make bench      how fast: receiving, latency, throughput, queries
# make evaluate   how good the models are on the real films: every figure of their cards
# make clean      everything that was made here, the data in ./var too

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: run test lint bench evaluate clean
.DEFAULT_GOAL := run

# The stamps are newer than pyproject.toml once it is installed: a second run installs nothing.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "radrouter needs Python 3.11 or later; try: make PYTHON=python3.11"; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml constraints.txt
	@echo "installing radrouter into $(VENV) (a minute or two, once)"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/made pyproject.toml constraints.txt
	@echo "installing radrouter and what its tests need into $(VENV) (some minutes, once)"
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/installed

run: $(VENV)/installed
	@$(BIN)/radrouter demo

test: $(VENV)/installed-dev
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(VENV)/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/installed-dev
	@for bench in receive latency throughput queries; do $(BIN)/python -m bench.$$bench || exit 1; done

evaluate: $(VENV)/installed-dev
	@$(BIN)/python -m training evaluate
	@for model in lung fracture ossicle; do $(BIN)/python -m training $$model evaluate || exit 1; done

clean:
	rm -rf $(VENV) var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
