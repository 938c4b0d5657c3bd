# Two commands do all on a machine with Python 3.11, make and a C++ compiler: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# llama.cpp is compiled once from its source distribution; the package client's cache spares the second build.
# GGML_NATIVE=OFF: the wheel may travel to another processor; AVX2, FMA and F16C are what any x86-64 server has.
ARCH := $(shell uname -m)
SIMD := $(if $(filter x86_64,$(ARCH)),-DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON,)
export CMAKE_ARGS := -DGGML_NATIVE=OFF $(SIMD) -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF -DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF
# More OpenMP threads than free cores spin at barriers and slow everything down.
export OMP_WAIT_POLICY := PASSIVE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test check bench peers faults lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("error: Python 3.11 or later is needed\nhint: make PYTHON=python3.11 setup") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages; llama.cpp is compiled, which takes about five minutes the first time."
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

demo: setup
	$(BIN)/govern demo demo

test: setup
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m bench

# Detectors of other projects for `python -m bench redact`: what they pin clashes with what we pin.
peers: .venv-peers/.ready

.venv-peers/.ready: bench/peers/requirements.lock
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --no-deps --require-hashes -r bench/peers/requirements.lock
	touch $@

# Needs strace; takes about twenty minutes.
faults: setup
	cd tests && PYTHONPATH=.:.. ../$(BIN)/python -m faults

# Needs uv; writes versions and hashes only, no addresses.
lock:
	uv pip compile pyproject.toml --all-extras --group dev --python-version 3.11 --universal --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header --quiet --upgrade --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-peers demo
