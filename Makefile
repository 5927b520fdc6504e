# Everything is installed into .venv; nothing outside this folder is touched.
SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
LOCKED_PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes
# Policy checks bring half a hundred packages: they live in an environment of their own.
CHECKOV := .venv-checkov/bin/checkov
# By digest, and it is handed the images as files: a scanner needs no way to this machine's Docker.
TRIVY := aquasec/trivy:0.67.2@sha256:e2b22eac59c02003d8749f5b8d9bd073b62e30fefaef5b7c8371204e0a4b0c08

.DEFAULT_GOAL := help
.PHONY: help install install-locked demo test soak soak-terraform lint docs lock secrets image-scan plan-comment checkov audit bench clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16

install: $(INSTALLED) ## Install everything into .venv

install-locked: ## Install the command line alone, by the hashes of its locks: what a workflow deploys with (Python 3.12)
	@python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' || { echo "The locks are for Python 3.12."; exit 1; }
	@python3 -m venv --clear $(VENV)
	@$(LOCKED_PIP) --only-binary :all: -r services/functions/requirements.lock -r .github/build-tools.lock
	@$(LOCKED_PIP) --no-deps --no-build-isolation -r .github/python-terraform.lock
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

# Each line is a command that a user types; the second time the day is already there.
RUN := run() { printf '\n$$ anomalyctl %s\n' "$$*"; $(VENV)/bin/anomalyctl "$$@"; }; set -e; run
DAY := --backfill 24h --seed 7 \
	--fault spike:INJECTION_PRESSURE@6h \
	--fault level-shift:WATER_FLOW_RATE@10h+10m \
	--fault stuck:CO2_FLOW_RATE@15h+15m \
	--fault drift:INJECTION_TEMPERATURE@19h+20m \
	--fault malformed:CO2_FLOW_RATE@21h \
	--fault level-shift:HASA-4_TUBING_PRESSURE@23h+5m

demo: $(INSTALLED) ## Set everything up and watch the product do its main job on this machine
	@$(RUN) deploy --yes
	@$(VENV)/bin/anomalyctl anomalies list --status all --output json | grep -q anomaly_id || \
		{ $(RUN) simulate $(DAY); }
	@$(RUN) status --wait 3m
	@$(RUN) anomalies list
	@$(RUN) anomalies show @worst
	@if [ "$$($(VENV)/bin/anomalyctl anomalies list --output json | grep -c anomaly_id)" -gt 1 ]; then \
		$(RUN) anomalies resolve @latest --notes "Seen in the demo: the transmitter was recalibrated."; fi
	@$(RUN) anomalies list --status all
	@if $(VENV)/bin/anomalyctl dashboard --no-open >/dev/null 2>&1; then $(RUN) dashboard --no-open; fi
	@printf '\nThe environment goes on running. Look: %s status   Take it down: %s destroy\n' \
		$(VENV)/bin/anomalyctl $(VENV)/bin/anomalyctl

test: $(INSTALLED) $(CHECKOV) ## Set everything up and pass the tests
	$(PYTHON) -m pytest -n auto --dist loadfile -m "not benchmark"

soak: $(INSTALLED) ## Kill parts a hundred times over 50,000 readings (20 minutes) and print the balance
	$(PYTHON) -m tests.soak.kills

soak-terraform: $(INSTALLED) ## Kill the Terraform wrapper at random points and look at state and lock
	$(PYTHON) -m tests.support.terraform_soak --rounds 50

lint: $(INSTALLED) ## Lint, format check, types, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	PYTHONPATH=services/detectors:services/functions $(VENV)/bin/lint-imports

docs: $(INSTALLED) ## Write the references of commands, variables and outputs, and what the dashboard takes from Python, anew
	$(PYTHON) -m tests.docs.readme_commands
	$(PYTHON) -m tests.docs.resilience_numbers
	$(PYTHON) -m tests.docs.terraform_reference
	$(PYTHON) -m tests.docs.dashboard_types

# What the project itself is built with, and the one dependency that has no wheel.
LOCK_HERE := $(VENV)/bin/uv pip compile - --quiet --python-version 3.12 --python-platform x86_64-manylinux_2_28 \
	--constraint services/functions/requirements.lock --generate-hashes --no-emit-index-url --no-header --no-annotate

lock: $(INSTALLED) ## Lock the dependencies of functions and detectors anew, for what Azure runs
	@set -e; for part in functions detectors; do \
		{ echo "# The $$part' dependencies, locked by \`make lock\` for what Azure runs: Python 3.12 on Linux."; \
		$(VENV)/bin/uv pip compile pyproject.toml --quiet --upgrade --extra $$part --python-version 3.12 \
			--python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-header \
			--no-emit-package python-terraform | sed '/^# The following/,$$d'; } > services/$$part/requirements.lock; done
	@echo "hatchling editables setuptools" | tr ' ' '\n' | $(LOCK_HERE) > .github/build-tools.lock
	@echo "python-terraform" | $(LOCK_HERE) > .github/python-terraform.lock

secrets: $(INSTALLED) ## Look for credentials in the files under version control
	git ls-files -z | xargs -0 $(VENV)/bin/detect-secrets-hook --exclude-files 'azurerm/schema\.json$$'

image-scan: ## Build the images and look for known vulnerabilities in them (needs Docker)
	docker build --file services/detectors/Dockerfile --tag anomaly-detectors .
	docker build --file services/job/Dockerfile --tag anomalyctl .
	set -e; mkdir -p build; for image in anomaly-detectors anomalyctl; do \
		docker save --output build/$$image.tar $$image; \
		docker run --rm --volume "$(CURDIR)/build:/images:ro" $(TRIVY) \
			image --input /images/$$image.tar --exit-code 1 --severity HIGH,CRITICAL --ignore-unfixed; done

plan-comment: ## Print the reviews of plans as a pull request's comment; with GH_TOKEN, write it there
	@python3 .github/plan_comment.py

audit: $(INSTALLED) ## Look up known vulnerabilities of every package; says so where nobody can be asked
	$(PYTHON) -m tests.support.dependency_audit

bench: $(INSTALLED) ## Print speeds as ratios to a baseline of the same run
	$(PYTHON) -m pytest -m benchmark -s tests/benchmarks

clean: ## Remove what was installed and built (the environment local must be destroyed first)
	rm -rf $(VENV) .venv-checkov build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

checkov: $(CHECKOV) ## Install the policy checks that `make test` runs over terraform/

$(CHECKOV): $(INSTALLED)
	@$(VENV)/bin/uv venv --quiet --clear .venv-checkov
	@VIRTUAL_ENV="$(CURDIR)/.venv-checkov" $(VENV)/bin/uv pip install --quiet checkov==3.3.30
	@touch $@

# pip alone takes four times as long as uv, which is fetched from the same index.
$(INSTALLED): pyproject.toml
	@command -v python3 >/dev/null || { echo "Python 3.11 or newer is needed: apt install python3 python3-venv"; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@test -x $(PYTHON) || python3 -m venv $(VENV) || { echo "venv is missing: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "Installing into $(VENV) …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(VENV)/bin/uv pip install --quiet --editable '.[test,lint]'
	@touch $@
