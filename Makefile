# Two commands: `make run` boots the shell, `make test` runs the whole suite. Each makes a
# virtual environment first, so that nothing is needed but Python 3.11 or later.

PYTHON ?= python3
VENV ?= .venv
STAMP := $(VENV)/.installed

.PHONY: run test bench clean

run: $(STAMP)
	@$(VENV)/bin/minios

test: $(VENV)/.installed-test
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

bench: $(VENV)/.installed-bench
	@$(VENV)/bin/minios bench $(BENCH_ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "minios needs Python 3.11 or later; say make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "no virtual environment can be made: on Debian, apt-get install python3-venv" >&2; exit 1; }

$(STAMP): $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "installing minios into $(VENV) ..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[shell]'
	@touch $@

$(VENV)/.installed-test: $(STAMP)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.installed-bench: $(STAMP)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@
