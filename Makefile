# Each command sets up .venv first, and does so again only when what is installed has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD_INPUTS := pyproject.toml setup.py $(wildcard src/*.pyx src/*.pxd src/*.h) src/_sign_cffi_build.py $(wildcard src/core/*.c src/core/*.h)
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
C_FILES := $(wildcard src/*.h src/core/*.[ch] tests/core/*.[ch] bench/*.c)
WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror

# Where bytecode is not to be kept, each of the many processes of the tests would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slow test-all test-page docs bench bench-clients lint clean fuzz prove soak mutate sdist release-check matrix cross wheels published-wheels lock

# ARGS are the demo's: make demo ARGS='--client all'
demo: $(VENV)/installed
	@$(BIN)/python -m woox_fast demo $(ARGS)

# Three processes for two cores, since many tests wait; each takes the next tests from another when it has done its own.
# A test that hangs says where, after five minutes.
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))
SIDE_BY_SIDE := --numprocesses auto --dist worksteal --benchmark-disable --timeout 300
test: $(VENV)/installed
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m 'not slow'

# What takes long and seldom tells what `make test` does not: the rest of the same tests.
test-slow: $(VENV)/installed
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m slow

test-all: $(VENV)/installed
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# The manual and the API reference, into build/docs; every warning is an error.
docs: $(VENV)/docs-installed
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

# The sandbox's page in Debian's chromium, with chromium-driver. SCREENSHOT=docs/images/sandbox.png makes the picture.
SCREENSHOT ?=
test-page: $(VENV)/page-installed
	@SCREENSHOT='$(SCREENSHOT)' $(BIN)/python -m pytest -q -s tests/browser/page_in_chromium.py

# ARGS are bench/run.py's: make bench ARGS=--docs draws the charts and writes the table of docs/benchmarks.md
bench: $(VENV)/bench-installed
	@$(BIN)/python -m pytest bench --benchmark-only -qq --benchmark-columns=min,median,rounds --benchmark-sort=min
	@$(BIN)/python bench/run.py $(ARGS)

# What one order costs each client, in microseconds. ARGS=--docs writes the tables of docs/benchmarks.md and README.
bench-clients: $(VENV)/bench-installed
	@$(BIN)/python bench/bench_clients.py $(ARGS)

lint: $(VENV)/lint-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH=$(BIN):$$PATH cython-lint src/*.pyx src/*.pxd src/woox_fast/_sign.pxd examples/cython_user/*.pyx
	$(BIN)/mypy
	$(BIN)/mypy tests/typing/user.py
	$(BIN)/pyright tests/typing/user.py
	$(BIN)/python tools/drift.py
	$(BIN)/python tools/audit.py
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline .github/workflows
	@! grep -nE '.{121}' $(C_FILES) || { echo "C: at most 120 columns"; exit 1; }
	@# The C has no other compiler to please where there is none.
	@if command -v $${CC:-cc} >/dev/null; then for file in src/core/*.c; do \
	  echo "$${CC:-cc} $(WARNINGS) $$file"; $${CC:-cc} $(WARNINGS) -fsyntax-only $$file || exit 1; done; fi

# The long forms of the tests; each ends with a line of figures.
MINUTES ?= 5
fuzz: $(VENV)/installed
	@PYTHONPATH=tests $(BIN)/python tools/longrun.py fuzz --minutes $(MINUTES)

prove: $(VENV)/installed
	@PYTHONPATH=tests $(BIN)/python tools/longrun.py prove

SCALE ?= 1
soak: $(VENV)/installed
	@PYTHONPATH=tests $(BIN)/python tools/longrun.py soak --scale $(SCALE)

# Checks that they are reproducible, what they hold, the oldest Linux they run on, and the tests on them.
wheels: $(VENV)/wheels-installed
	@$(BIN)/python tools/wheels.py

# What PyPI gets of this system; the release's workflow calls it.
published-wheels: $(VENV)/wheels-installed
	@$(BIN)/python -m cibuildwheel --archs native --output-dir dist

# The core on processors that are not this one, under qemu.
cross:
	@$(PYTHON) tools/cross.py

# Which changes of the code no test notices: make mutate ARGS='payload clock'
mutate: $(VENV)/installed
	@$(BIN)/python tools/mutants_c.py $(C_ARGS)

# Every interpreter that can be had; as root it fetches those that are not here, into a folder of their own.
matrix:
	@$(PYTHON) tools/matrix.py $(if $(filter 0,$(shell id -u)),--setup) $(INTERPRETERS)

# The source archive, and whether PyPI takes it; what a release's tag must be.
sdist: $(VENV)/wheels-installed
	@$(BIN)/python -m build --sdist --outdir dist .
	@$(BIN)/python -m twine check --strict dist/*.tar.gz

release-check: $(VENV)/installed
	@$(BIN)/python -c "import sys, woox_fast; tag = 'v' + woox_fast.__version__; \
	  sys.exit(0 if sys.argv[1] == tag else f'expected the tag {tag}, got {sys.argv[1]}')" '$(TAG)'

# Writes again what test and lint install: the newest releases, each file with its hash.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --upgrade \
  --custom-compile-command 'make lock' pyproject.toml
lock: | $(BIN)/pip
	@$(INSTALL) uv
	$(LOCK) --extra test --output-file requirements/test.txt
	$(LOCK) --extra lint --constraint requirements/test.txt --output-file requirements/lint.txt

clean:
	rm -rf $(VENV) build dist src/*.egg-info src/_sign.c src/woox_fast/*.so .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .benchmarks
	find src tests tools bench examples -name __pycache__ -prune -exec rm -rf {} +

# Without Debian's python3-venv, venv leaves a folder that has Python and no pip: that one is made again.
$(BIN)/pip:
	$(PYTHON) -m venv --clear $(VENV)

# Where the core was not compiled, all is installed again as soon as a compiler and Python's headers are here.
CAN_COMPILE := echo '\#include <Python.h>' | $${CC:-cc} -fsyntax-only -x c \
  -I "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')" - 2>/dev/null && echo yes
.PHONY: now-a-compiler-is-here
ifeq ($(wildcard src/woox_fast/_sign*.so)$(WOOX_FAST_NO_EXTENSION),)
  ifneq ($(wildcard $(VENV)/installed),)
    ifeq ($(shell $(CAN_COMPILE)),yes)
      A_COMPILER := now-a-compiler-is-here
    endif
  endif
endif

# Nothing but what the hashes are of; the editable install compiles in place with it, without fetching a build of its
# own, and the .so of an earlier build must not outlive its sources.
$(VENV)/installed: requirements/test.txt $(BUILD_INPUTS) $(A_COMPILER) | $(BIN)/pip
	@echo "Setting up $(VENV): a minute or two, the first time"
	@rm -f src/woox_fast/_sign*.so
	@$(INSTALL) --require-hashes --requirement requirements/test.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "import woox_fast as w; print(f'woox_fast signs with {w.backend} ({w.sha256_implementation})' \
	  + ('; no compiled core: with gcc and the Python headers (Debian: apt-get install gcc python3-dev) the next make builds it' \
  if w.backend == 'python' else ''))"
	@touch $@

$(VENV)/lint-installed: requirements/lint.txt $(VENV)/installed
	@$(INSTALL) --require-hashes --requirement requirements/lint.txt
	@touch $@

# The rivals of bench, and what else only one command needs, are not pinned.
$(VENV)/%-installed: $(VENV)/installed
	@$(INSTALL) --editable '.[$*]'
	@touch $@
