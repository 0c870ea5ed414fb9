"""What a team would write with the same packages and their defaults, for the same exports: `make bench` puts it beside.

    python -m tests.benchmarks.usual_stack INBOX OUT

Four stages, timed apart (OUT/stages.json): dlt takes Python dictionaries, one per line, and normalises them into
DuckDB as it does by default; SQL makes typed rows of its tables (usual_stack/, and what same_work has for that);
Great Expectations looks at them with its pandas engine; `dbt build` runs this project's models and data tests, whose
materialisations are those of dbt-duckdb, from its own command line.

What it leaves out, in its favour: everything that same_work.py does; also Dagster, Parquet and a published version:
people read the file that dbt writes. dlt keeps names and identity numbers in its tables. Some rules of rows have no
expectation: a code that no date can be read from, a value that could not be read, what the catalogue alone knows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before dlt and Great Expectations are imported: they call nobody.
os.environ.update({"RUNTIME__DLTHUB_TELEMETRY": "false", "GX_ANALYTICS_ENABLED": "false"})

import dlt
import duckdb
import great_expectations as gx
import yaml
from great_expectations.data_context.types.base import ProgressBarsConfig

from expectations.catalogue import load_catalogue
from expectations.schema import create_tables
from pipelines.layout import DBT_PROJECT
from tests.benchmarks import same_work
from warehouse import calendar

STAGING = Path(__file__).with_suffix("")
PROCEDURE = r"\d\.\d{6}(\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?$"


def main(inbox: Path, out: Path) -> None:
    """Do it all, in absolute paths; the marts lie in OUT/warehouse.duckdb. Exits when dbt is not green."""
    (out / "dlt").mkdir(parents=True)
    database = out / "warehouse.duckdb"
    stages: dict[str, Callable[[], None]] = {
        "dlt": lambda: _load(inbox, out, database),
        "staging": lambda: _stage(inbox, database),
        "great_expectations": lambda: _expect(database, out),
        "dbt": lambda: _build(database, out),
    }
    seconds = {}
    for name, stage in stages.items():
        wall, cpu = time.monotonic(), _cpu()
        stage()
        seconds[name] = {"wall": time.monotonic() - wall, "cpu": _cpu() - cpu}
        (out / "stages.json").write_text(json.dumps(seconds, indent=1), encoding="utf-8")


def _cpu() -> float:
    return sum(os.times()[:4])


def _load(inbox: Path, out: Path, database: Path) -> None:
    """Every line of every export, as dlt's guide has it."""

    @dlt.resource(name="dossiers", write_disposition="append")
    def dossiers() -> Iterator[dict[str, Any]]:
        for path in sorted(inbox.glob("*/dossiers/*.ndjson")):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield {"filename": str(path), **json.loads(line)}

    pipeline = dlt.pipeline(
        "usual_stack",
        pipelines_dir=str(out / "dlt"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="raw",
    )
    pipeline.run(dossiers()).raise_on_failed_jobs()


def _stage(inbox: Path, database: Path) -> None:
    """Tables of schema `validated`, which the dbt project reads."""
    with duckdb.connect(str(database), config=same_work.CONFIG) as con:
        create_tables(con)
        calendar.write_tables(con, calendar.at_revision([]), [])
        same_work.prepare(con, inbox)
        scripts = {path.stem[2:]: path for path in same_work.STAGES.glob("*.sql")}
        for path in (
            scripts["preparing"],
            STAGING / "records.sql",
            scripts["landing"],
            scripts["validating"],
            STAGING / "validated.sql",
        ):
            con.execute(path.read_text(encoding="utf-8"))
        for rule in load_catalogue().rules:
            con.execute(
                "insert into validated.rules (rule_id, level, severity, kinds, evaluated_in, message_vi, message_en,"
                " advice_vi, advice_en, validation_seq) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                [
                    *(rule.id, rule.level, rule.severity, list(rule.kinds), rule.evaluated_in),
                    *(rule.message_vi, rule.message_en, rule.advice_vi, rule.advice_en),
                ],
            )


def _expect(database: Path, out: Path) -> None:
    """The rules of rows as expectations about a data frame; what was found: OUT/expectations.json."""
    with duckdb.connect(str(database), read_only=True) as con:
        columns = (
            "dossier_code, code_form, sequence_digits, procedure_code, received_at, due_at, finished_at, returned_at,"
            " status, placeholder_id, placeholder_date, bad_values, exported_at"
        )
        rows = con.execute(f"select {columns} from landed join files using (file_no) where is_record").df()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("exports").add_dataframe_asset("dossiers")
    suite = gx.ExpectationSuite("dossiers", expectations=_expectations())
    found = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows}).validate(suite)
    (out / "expectations.json").write_text(json.dumps(found.to_json_dict(), indent=1), encoding="utf-8")


def _expectations() -> list[gx.expectations.Expectation]:
    """As far as expectations that come with the package say what expectations/rules.yml says."""
    known = gx.expectations
    received, done = "status not in [1, 3]", "status in [9, 10]"

    def not_before(later: str, earlier: str) -> gx.expectations.Expectation:
        return known.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=later, column_B=earlier, or_equal=True, ignore_row_if="either_value_is_missing"
        )

    return [
        known.ExpectColumnValuesToNotBeNull(column="dossier_code"),
        known.ExpectColumnValueLengthsToBeBetween(column="dossier_code", max_value=50),
        known.ExpectColumnValuesToNotBeNull(column="status"),
        known.ExpectColumnValuesToBeBetween(column="status", min_value=1, max_value=10),
        known.ExpectColumnValuesToNotBeNull(column="received_at", row_condition=received, condition_parser="pandas"),
        known.ExpectColumnValuesToBeNull(column="bad_values"),
        known.ExpectColumnValuesToBeInSet(column="code_form", value_set=["old", "new"]),
        known.ExpectColumnValuesToNotBeInSet(column="sequence_digits", value_set=[5, 6]),
        known.ExpectColumnValuesToMatchRegex(column="procedure_code", regex=PROCEDURE),
        known.ExpectColumnValuesToNotMatchRegex(column="dossier_code", regex="~"),
        known.ExpectColumnValuesToNotBeNull(column="due_at"),
        not_before("due_at", "received_at"),
        known.ExpectColumnValuesToNotBeNull(column="finished_at", row_condition=done, condition_parser="pandas"),
        not_before("finished_at", "received_at"),
        not_before("returned_at", "finished_at"),
        not_before("exported_at", "received_at"),
        not_before("exported_at", "finished_at"),
        known.ExpectColumnValuesToBeInSet(column="placeholder_id", value_set=[False]),
        known.ExpectColumnValuesToBeInSet(column="placeholder_date", value_set=[False]),
    ]


def _build(database: Path, out: Path) -> None:
    """`dbt build`: seeds, models, data tests. Unit tests need no data and are left out, as in the product's runs."""
    with duckdb.connect(str(database), read_only=True) as con:
        (as_of,) = con.execute("select max(exported_at) from files").fetchone() or (None,)
    environment = {
        "DUNGHAN_BUILD_DB": str(database),
        "DUNGHAN_TEMP": str(out / "tmp"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
    }
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "unit_test"),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(out / "target"), "--log-path", str(out / "logs")),
        *("--vars", yaml.safe_dump({"as_of": as_of.isoformat(), "changed_since": 0}, default_flow_style=True)),
    ]
    status = subprocess.run(
        command, env=os.environ | environment, cwd=DBT_PROJECT.parent, stdout=subprocess.DEVNULL, check=False
    )
    if status.returncode:
        sys.exit(f"dbt build → {status.returncode}, {out / 'logs'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
