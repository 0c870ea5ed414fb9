"""The published file as people take it along: a copy under any name answers every question, in types that every tool
knows. What is published here: the worked examples."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.config import load_settings
from pipelines.layout import REPOSITORY
from pipelines.orchestration.runner import run_nightly
from pipelines.serving import catalogue
from pipelines.serving.postgres.tables import TYPES
from warehouse.build import last_green
from warehouse.publish import publish

pytestmark = pytest.mark.integration

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder `published` of the worked examples."""
    folder = tmp_path_factory.mktemp("night")
    shutil.copytree(EXAMPLES / "inbox", folder / "inbox")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("DUNGHAN_") or name == "DAGSTER_HOME":
                patch.delenv(name)
        settings = load_settings(
            drop_zone=str(folder / "inbox"), warehouse=folder / "warehouse", privacy_key="0123456789abcdef-for-tests"
        )
        assert run_nightly(settings).exit_code == 3
    return settings.layout.published


def rows_of(con: duckdb.DuckDBPyConnection, prefix: str) -> dict[str, int]:
    """Mart → rows, every one read through."""
    found = {}
    for mart in catalogue.marts():
        row = con.execute(f"select count(*), max(columns(*)::text) from {prefix}{mart}").fetchone()
        assert row is not None
        found[mart] = row[0]
    return found


def told(published: Path) -> dict[str, int]:
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    return {mart: entry["rows"] for mart, entry in manifest["marts"].items()}


@pytest.mark.parametrize(
    "name",
    ["dunghan.duckdb", "bao cao thang 5.duckdb", "Báo cáo tháng 5 (bản cuối).duckdb", "2024-05-31.db", "main.duckdb"],
)
def test_a_copy_answers_under_any_name(published: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "máy khác" / name
    copy.parent.mkdir()
    shutil.copyfile(published / "dunghan.duckdb", copy)
    with duckdb.connect(str(copy), read_only=True) as con:
        assert rows_of(con, "marts.") == told(published)
    with duckdb.connect() as con:
        con.execute(f"attach '{copy}' as so_lieu (read_only)")
        assert rows_of(con, "so_lieu.marts.") == told(published)


def test_a_copy_called_marts_needs_another_name_in_duckdb(published: Path, tmp_path: Path) -> None:
    """The one exception (decision 0004): the catalog would be called like the schema."""
    copy = tmp_path / "marts.duckdb"
    shutil.copyfile(published / "dunghan.duckdb", copy)
    with duckdb.connect(str(copy), read_only=True) as con, pytest.raises(duckdb.BinderException, match="mbiguous"):
        con.execute("select count(*) from marts.dim_verdict")
    with duckdb.connect() as con:
        con.execute(f"attach '{copy}' as so_lieu (read_only)")
        assert rows_of(con, "so_lieu.marts.") == told(published)


def test_a_mart_has_only_types_that_every_tool_knows(published: Path) -> None:
    """No DECIMAL, which some show as 0E-8; no HUGEINT, which sums become by themselves."""
    with duckdb.connect(str(published / "dunghan.duckdb"), read_only=True) as con:
        columns = con.execute(
            "select table_name || '.' || column_name, data_type from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
    assert len(columns) > 600
    assert {name: kind for name, kind in columns if kind not in TYPES} == {}


def test_the_catalogue_says_what_is_published(published: Path) -> None:
    with duckdb.connect(str(published / "dunghan.duckdb"), read_only=True) as con:
        found: dict[str, dict[str, str]] = {}
        for mart, column, kind in con.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' order by all"
        ).fetchall():
            found.setdefault(mart, {})[column] = kind.lower()
    assert found == {
        name: {column.name: column.type for column in mart.columns.values()} for name, mart in catalogue.marts().items()
    }


def test_two_files_of_one_version_belong_together_whatever_is_published_meanwhile(published: Path) -> None:
    """As docs/guide tells BI to pin a version: `current` is resolved once."""
    settings = load_settings(warehouse=published.parent)
    pinned = (published / "current").resolve()
    later = publish(settings, last_green(settings))
    assert (published / "current").resolve().name == later.version != pinned.name
    with duckdb.connect() as con:
        parquet = pinned / "parquet"
        row = con.execute(
            f"""select count(*) from '{parquet}/fct_verdicts.parquet'
            join '{parquet}/fct_dossiers.parquet' using (source, dossier_code, as_of)"""
        ).fetchone()
    manifest = json.loads((pinned / "manifest.json").read_text(encoding="utf-8"))
    assert row == (manifest["marts"]["fct_verdicts"]["rows"],)
