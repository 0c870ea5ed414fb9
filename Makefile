# One command for each thing a person does. `make run` and `make test` are the two of the README.
# Variables: VENV (folder of the environment), PYTHON (3.11-3.13), WHEELHOUSE (folder of wheels: install without network),
# PYTEST_ARGS (handed on to pytest), COVER (what `make coverage` runs), BI_VENV (environment of Superset),
# SPARK_VENV (environment with Spark, of `make spark` and `make cluster`),
# KILLS (how many `make kills` does; figures in kills.jsonl), SKIP (versions that `make unit-all` leaves out).
# PIP_* of the environment are pip's own and are honoured as they are.

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= python3
WHEELHOUSE ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
BI_VENV ?= .venv-superset
SPARK_VENV ?= .venv-spark
COVER ?= tests/unit
KILLS ?= 200
SKIP ?=

BIN := $(VENV)/bin
SUPERSET := warehouse/bi/superset
STAMP := $(VENV)/.installed
SAMPLE := warehouse/data/inbox
OFFLINE := $(if $(WHEELHOUSE),--no-index --find-links $(WHEELHOUSE))
# dbt writes where it is told, never into the project, and calls nobody.
DBT_QUIET = DBT_SEND_ANONYMOUS_USAGE_STATS=false DBT_VERSION_CHECK=false DBT_PROJECT_DIR=dbt_project \
	DBT_PROFILES_DIR=dbt_project DBT_TARGET_PATH="$$scratch/target" DBT_LOG_PATH="$$scratch/logs"

.DEFAULT_GOAL := help
.PHONY: help setup run unit unit-all coverage test slow bench faults kills docs bi test-bi spark cluster site lint format clean

help: ## show the targets / các lệnh
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install what the lock file names into VENV / cài đặt

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Cần Python 3.11, 3.12 hoặc 3.13 / Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Cài đặt vào $(VENV) / installing into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(OFFLINE) --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps -e .
	@touch $@

run: setup ## generate the sample district, load it, publish, print the figures / chạy thử với huyện mẫu
	@# Invented dossiers never go into a drop zone that somebody chose.
	@if [ -z "$$DUNGHAN_DROP_ZONE" ] && [ ! -e $(SAMPLE) ]; then $(BIN)/dunghan sample; fi
	@status=0; $(BIN)/dunghan run || status=$$?; \
	if [ $$status -eq 3 ]; then \
		echo "Mã 3: đã công bố; mẫu có dòng và tệp hỏng cố ý / status 3: published; the sample holds bad rows on purpose"; \
		status=0; \
	fi; exit $$status

# Tests that start no process and build no warehouse, properties with a tenth of their examples (tests/conftest.py).
unit: setup ## quick tests / kiểm thử nhanh
	@$(BIN)/python -m pytest tests/unit -m "not integration and not slow and not bi" --hypothesis-profile=unit -q $(PYTEST_ARGS)

unit-all: setup ## quick tests on every Python of 3.11 to 3.13 that is here / trên mọi bản Python có sẵn
	@own=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	for version in $(filter-out $(SKIP),3.11 3.12 3.13); do \
		python=$$(PYENV_VERSION=$$version python$$version -c 'import sys, venv; print(sys.executable)' 2>/dev/null); \
		if [ $$version = $$own ]; then python=$(PYTHON) venv=$(VENV); else venv=$(VENV)-$$version; fi; \
		if [ -z "$$python" ]; then \
			echo "Python $$version: không có trên máy này, bỏ qua / not on this machine, skipped"; continue; \
		fi; \
		echo "Python $$version"; \
		$(MAKE) --no-print-directory unit PYTHON=$$python VENV=$$venv || exit 1; \
	done

coverage: setup ## unit tests with branch coverage, COVER=tests for all / độ phủ
	@$(BIN)/python -m pytest $(COVER) -m "not slow and not bi" -q --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

test: setup ## the tests / kiểm thử
	@$(BIN)/python -m pytest -m "not slow and not bi" $(PYTEST_ARGS)

slow: setup ## the tests that take longer / kiểm thử lâu
	@$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

faults: setup ## only the tests that kill the process and fill the disk / kiểm thử sự cố
	@$(BIN)/python -m pytest tests/faults $(PYTEST_ARGS)

kills: setup ## kills 200 nightly runs at random moments, KILLS=… / giết 200 lượt chạy
	@$(BIN)/python -m tests.faults.killing $(KILLS) kills.jsonl $(foreach n,1 2 3 4 5 6 7 8,SIGKILL) SIGTERM SIGINT

bench: setup ## measure speed and memory, BENCH_ARGS="job --dossiers 10000000 --rounds 1" / đo tốc độ
	@$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

# Superset in an environment of its own; what it keeps (its key, its metadata) lies outside the repository.
# The bundle in the repository is Vietnamese; DUNGHAN_LANG=en makes the English one first.
bi: $(BI_VENV)/.installed $(if $(filter en,$(DUNGHAN_LANG)),$(STAMP)) ## Superset: dashboards of what is published / bảng điều hành Superset
	@$(if $(filter en,$(DUNGHAN_LANG)),$(BIN)/python -m pipelines.serving.bi --lang en $(BI_VENV)/bundle-en && \
		DUNGHAN_BI_BUNDLE=$(BI_VENV)/bundle-en) $(BI_VENV)/bin/python $(SUPERSET)/start.py

$(BI_VENV)/.installed: $(SUPERSET)/requirements.txt
	@echo "Cài đặt Superset vào $(BI_VENV), vài phút, 900 MB / installing Superset, some minutes, 900 MB …"
	@$(PYTHON) -m venv $(BI_VENV)
	@$(BI_VENV)/bin/python -m pip install --quiet --disable-pip-version-check $(OFFLINE) --no-deps -r $<
	@touch $@

test-bi: setup ## Superset imports the bundle and every chart has rows; minutes / kiểm thử Superset
	@$(BIN)/python -m pytest -m bi -n 0 $(PYTEST_ARGS)

# The same packages as VENV, of the same versions, and Spark: who builds on one machine needs neither it nor Java.
spark: $(SPARK_VENV)/.installed ## an environment with Spark, for engine = "spark" / môi trường có Spark

$(SPARK_VENV)/.installed: requirements-spark.lock pyproject.toml
	@echo "Cài đặt có Spark vào $(SPARK_VENV) / installing with Spark into $(SPARK_VENV) …"
	@$(PYTHON) -m venv $(SPARK_VENV)
	@$(SPARK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check $(OFFLINE) --require-hashes --no-deps -r $<
	@$(SPARK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps -e .
	@touch $@

cluster: spark ## builds on Spark, on a cluster of this machine, against DuckDB's; Java needed / kiểm thử cụm Spark
	@$(SPARK_VENV)/bin/python -m pytest -m cluster -n 0 tests/cluster $(PYTEST_ARGS)

docs: setup ## write what follows from the contract, docs/marts.md, national-marts.md, measures.md, distortions.md / tạo tài liệu các mart
	@$(BIN)/python dbt_project/generate_from_contract.py
	@$(BIN)/python dbt_project/generate_rule_set_columns.py
	@$(BIN)/python dbt_project/generate_marts_doc.py
	@$(BIN)/python dbt_project/generate_national_doc.py
	@$(BIN)/python dbt_project/generate_measures_doc.py
	@$(BIN)/python -m pipelines.serving.bi

# The Vietnamese site into the folder, the English one into `en` below it; a link that leads nowhere
# stops it (under `set -e`; `--quiet` would not count it).
build_site = $(foreach language,vi en,NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict \
	-f mkdocs$(if $(filter en,$(language)),.en).yml -d $(1)$(if $(filter en,$(language)),/en);)

site: setup ## the documentation as a web site into site/ / dựng trang tài liệu vào site/
	@set -e; $(call build_site,$(CURDIR)/site)
	@echo "Xem / look: $(BIN)/python -m http.server -d site → http://localhost:8000"

lint: setup ## ruff, mypy, lint-imports, dbt parse, sqlfluff, mkdocs / kiểm tra mã nguồn, tài liệu
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; set -e; \
	echo "mkdocs build --strict"; $(call build_site,"$$scratch/site") \
	echo "dbt parse"; $(DBT_QUIET) $(BIN)/dbt --quiet parse; \
	echo "sqlfluff lint dbt_project"; $(DBT_QUIET) DUNGHAN_ROLLUP=true $(BIN)/sqlfluff lint dbt_project; \
	for folder in pipelines/portal/sql pipelines/serving/sql; do \
		echo "sqlfluff lint $$folder"; $(BIN)/sqlfluff lint --config $$folder/sqlfluff.cfg --ignore-local-config $$folder/*.sql; \
	done; \
	echo "sqlfluff lint warehouse, expectations"; $(BIN)/sqlfluff lint --config pipelines/serving/sql/sqlfluff.cfg --ignore-local-config warehouse/*.sql expectations/*.sql pipelines/history/sql/*.sql pipelines/portal/sql/macros/*.sql pipelines/serving/sql/names/*.sql; \
	echo "sqlfluff lint tests/benchmarks"; $(BIN)/sqlfluff lint --config tests/benchmarks/sqlfluff.cfg --ignore-local-config tests/benchmarks/*/*.sql; \

format: setup ## put Python files into shape / định dạng mã nguồn
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean: ## remove the environment and caches, never data / dọn môi trường, không đụng dữ liệu
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage dunghan.egg-info
	@find . -name __pycache__ -type d -prune -not -path './warehouse/data/*' -exec rm -rf {} +
