# Two commands do all the set-up: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: run install test lint bench gate apt clean

run: install
	$(BIN)/hwagent run --show

install: $(VENV)/.installed

$(VENV)/.installed: requirements/run.txt requirements/build.txt pyproject.toml | $(VENV)/bin/pip
	$(PIP) install --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV) 2>/dev/null || \
		{ packaging/apt python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.developed: $(VENV)/.installed requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@

apt:
	packaging/apt python3-venv iproute2 mdadm smartmontools libbpf1 clang llvm linux-libc-dev

lint: $(VENV)/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: apt lint
	$(BIN)/hwagent rules test
	$(BIN)/pytest

bench: $(VENV)/.developed
	$(BIN)/python -m benchmarks

# The eBPF program; GATE is where it goes. Needs clang 14, llvm and linux-libc-dev.
GATE ?= $(CURDIR)/hwagent/gate/gate.bpf.o
gate:
	cd hwagent/gate && clang -O2 -g -target bpf -Wall -Werror -fdebug-compilation-dir=. \
		-I/usr/include/$$(uname -m)-linux-gnu -c gate.bpf.c -o $(GATE)
	llvm-strip -g $(GATE)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
