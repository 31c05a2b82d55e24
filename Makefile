# Every command sets up .venv on first use and updates it only when its inputs have changed. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(wildcard src/*.pyx src/*.pxd src/*.h src/woox_fast/*.pxd src/core/*.[ch]) src/_sign_cffi_build.py setup.py src/woox_fast/_sign_base.py src/woox_fast/_sign_py.py
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
C_FILES := $(wildcard src/*.h src/core/*.[ch] tests/core/*.[ch] bench/*.c)
WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror

# The tests start many processes; without cached bytecode each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

# Three workers for two cores, because many tests wait. The timeout only ends a test that hangs, and shows where.
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist worksteal --benchmark-disable --timeout 900

.PHONY: help
help: ## list these commands
	@sed -nE 's/^([a-z][a-z-]*):.*## (.*)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
	  printf '%-15s %s\n' "$$name" "$$text"; done

.PHONY: build demo
build: $(VENV)/installed ## set up .venv, compile the backends in place (seconds after a change in src/)

demo: $(VENV)/installed ## start the sandbox and send signed orders to it (ARGS='--orders 500')
	@$(BIN)/python -m woox_fast demo $(ARGS)

.PHONY: test test-slow test-lines test-all test-ui
test: $(VENV)/installed ## run the tests, except those marked slow
	@$(PYTEST) -m 'not slow' $(ARGS)

test-slow: $(VENV)/installed ## run the tests marked slow: longer forms of tests in `make test`
	@$(PYTEST) -m slow $(ARGS)

test-lines: $(VENV)/installed ## interrupt the gateway at every line, in every mode (an hour)
	@WOOX_FAST_EVERY_LINE=1 $(PYTEST) tests/gateway/test_interruption.py -k every_line

test-all: $(VENV)/installed ## run every test
	@$(PYTEST) $(ARGS)

SCREENSHOT ?=
test-ui: $(VENV)/page-installed ## test the sandbox's page in chromium (SCREENSHOT=docs/images/sandbox.png saves a picture)
	@SCREENSHOT='$(SCREENSHOT)' $(BIN)/python -m pytest -q -s tests/browser/page_in_chromium.py

.PHONY: lint audit
lint: $(VENV)/lint-installed ## check format, types, import layers, C warnings and workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH=$(BIN):$$PATH cython-lint src/*.pyx src/*.pxd src/woox_fast/_sign.pxd examples/cython_user/*.pyx
	$(BIN)/mypy
	$(BIN)/mypy tests/typing/user.py
	$(BIN)/pyright tests/typing/user.py
	@tools/stubtest.sh
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline .github/workflows
	@! grep -nE '.{121}' $(C_FILES) || { echo "C: at most 120 columns"; exit 1; }
	@if command -v $${CC:-cc} >/dev/null; then for file in src/core/*.c; do \
	  echo "$${CC:-cc} $(WARNINGS) $$file"; $${CC:-cc} $(WARNINGS) -fsyntax-only $$file || exit 1; done; fi

audit: $(VENV)/lint-installed ## look for known vulnerabilities in the pinned packages (asks PyPI)
	@$(BIN)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes $(patsubst %,--requirement %,$(wildcard requirements/*.txt))

.PHONY: docs bench bench-clients
docs: $(VENV)/docs-installed ## build the manual and the API reference into build/docs; warnings are errors
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

bench: $(VENV)/bench-installed ## time every way to sign (ARGS=--docs updates docs/benchmarks.md and the charts)
	@$(BIN)/python -m pytest bench --benchmark-only -qq --benchmark-columns=min,median,rounds --benchmark-sort=min
	@$(BIN)/python bench/run.py $(ARGS)

bench-clients: $(VENV)/bench-installed ## time one order through each client (ARGS=--docs updates README and docs)
	@$(BIN)/python bench/bench_clients.py $(ARGS)

.PHONY: fuzz cbmc stress mutants mutants-c cross nox
MINUTES ?= 5
fuzz: $(VENV)/installed ## fuzz the C core with libFuzzer, then every backend with Hypothesis (MINUTES=5)
	@PYTHONPATH=tests $(BIN)/python tools/longrun.py fuzz --minutes $(MINUTES)

cbmc: $(VENV)/installed ## prove the core's memory safety with CBMC, then try every message length
	@PYTHONPATH=tests $(BIN)/python tools/longrun.py prove

SCALE ?= 1
stress: $(VENV)/installed ## sign on threads and load the sandbox for an hour; memory must stay flat (SCALE=0.1)
	@PYTHONPATH=tests $(BIN)/python tools/longrun.py soak --scale $(SCALE)

AREA ?= signer
MODULES = $(if $(filter signer,$(AREA)),woox_fast.prehash* woox_fast._encoding*,woox_fast.$(AREA).*)
OTHER_TESTS = $(patsubst %/,--ignore=%,$(filter-out tests/$(AREA)/ tests/helpers/ tests/vectors/,$(wildcard tests/*/)))
mutants: $(VENV)/dev-installed ## list the mutants of Python code that the tests of its AREA miss (AREA=gateway)
	@PYTEST_ADDOPTS="$(OTHER_TESTS)" $(BIN)/mutmut run '$(subst $() ,' ',$(MODULES))'
	@$(BIN)/mutmut results | grep -v "not checked" || echo "all mutants were killed"

mutants-c: $(VENV)/installed ## list the mutants of the C and Cython code that the tests miss (ARGS='--sample 50')
	@$(BIN)/python tools/mutants_c.py $(ARGS)

cross: ## test the core on other processors under qemu
	@$(PYTHON) tools/cross.py

nox: $(VENV)/dev-installed ## test signing on every Python that is installed (ARGS='-s tests-3.13 -- full')
	@$(BIN)/nox $(ARGS)

.PHONY: wheels cibuildwheel sdist release-check lock clean
wheels: $(VENV)/wheels-installed ## build this system's wheel twice, compare both, and test it as installed
	@$(BIN)/python tools/wheels.py

cibuildwheel: $(VENV)/wheels-installed ## build the wheels that are published from this system
	@$(BIN)/python -m cibuildwheel --archs native --output-dir dist

sdist: $(VENV)/wheels-installed ## build the source archive and check its metadata
	@$(BIN)/python -m build --sdist --outdir dist .
	@$(BIN)/python -m twine check --strict dist/*.tar.gz

release-check: $(VENV)/installed ## check that TAG names the package's version
	@$(BIN)/python -c "import sys, woox_fast; tag = 'v' + woox_fast.__version__; \
	  sys.exit(0 if sys.argv[1] == tag else f'expected the tag {tag}, got {sys.argv[1]}')" '$(TAG)'

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --upgrade --no-emit-index-url \
  --no-emit-find-links --custom-compile-command 'make lock' pyproject.toml
lock: | $(BIN)/pip ## pin the newest releases of the test and lint packages in requirements/
	@$(PIP_INSTALL) uv
	$(LOCK) --extra test --output-file requirements/test.txt
	$(LOCK) --extra lint --constraint requirements/test.txt --output-file requirements/lint.txt

clean: ## delete everything that these commands create
	rm -rf $(VENV) build dist mutants src/*.egg-info src/_sign.c src/woox_fast/*.so .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .benchmarks .nox
	find src tests tools bench examples -name __pycache__ -prune -exec rm -rf {} +

# Debian's venv without python3-venv leaves a folder that has no pip; --clear replaces it.
$(BIN)/pip:
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/pins: requirements/test.txt | $(BIN)/pip
	@echo "Setting up $(VENV): a minute or two, the first time"
	@$(PIP_INSTALL) --require-hashes --requirement requirements/test.txt
	@touch $@

# The editable install compiles both backends in place. Delete an old .so first, so that it cannot outlive its sources.
$(VENV)/editable: pyproject.toml setup.py $(VENV)/pins
	@rm -f src/woox_fast/_sign*.so
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# If nothing is compiled, compile as soon as the machine has a compiler and Python's headers.
CAN_COMPILE := echo '\#include <Python.h>' | $${CC:-cc} -fsyntax-only -x c \
  -I "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')" - 2>/dev/null && echo yes
.PHONY: compiler-found
ifeq ($(wildcard src/woox_fast/_sign*.so)$(WOOX_FAST_NO_EXTENSION),)
  ifneq ($(wildcard $(VENV)/installed),)
    ifeq ($(shell $(CAN_COMPILE)),yes)
      COMPILER := compiler-found
    endif
  endif
endif

$(VENV)/installed: $(VENV)/editable $(SOURCES) $(COMPILER)
	@$(if $(filter $(VENV)/editable,$?),:,rm -f src/woox_fast/_sign*.so; $(BIN)/python -W ignore setup.py -q build_ext --inplace)
	@$(BIN)/python -c "import woox_fast as w; print(f'woox_fast signs with {w.backend} ({w.sha256_implementation})' \
	  + ('; for the compiled backend, install gcc and the Python headers (Debian: apt-get install gcc python3-dev) and run \
	make again' if w.backend == 'python' else ''))"
	@touch $@

$(VENV)/lint-installed: requirements/lint.txt $(VENV)/pins | $(VENV)/installed
	@$(PIP_INSTALL) --require-hashes --requirement requirements/lint.txt
	@touch $@

# The other extras are not pinned. WOOX_FAST_NO_EXTENSION: the backends are compiled already.
$(VENV)/%-installed: $(VENV)/editable | $(VENV)/installed
	@WOOX_FAST_NO_EXTENSION=1 $(PIP_INSTALL) --no-build-isolation --editable '.[$*]'
	@touch $@
