"""A published version the size of a province, made from a small one: every agency several times, many overdue."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.sql import quoted

# Not worth the disk: nothing of the page reads them.
_LEFT_OUT = {"fct_verdicts", "mart_step_durations", "mart_system_reconciliation", "mart_timeliness_monthly_current"}


def add_version(published: Path, *, copies: int = 1, overdue: int = 1, a_year_before: bool = False) -> Path:
    """A version beside the current one, made a day later, that `current` points to; returns its folder.

    copies: how often every agency is there, with all its rows. overdue: how often every overdue dossier is there.
    a_year_before: the year before is there as well, with the same days and months.
    """
    source = (published / "current").resolve()
    manifest = json.loads((source / "manifest.json").read_text())
    created = datetime.fromisoformat(manifest["created_at"]) + timedelta(days=1)
    version = f"{datetime.fromisoformat(manifest['as_of']):%Y%m%dT%H%M%S}-{created:%Y%m%dT%H%M%S%f}Z"
    folder = published / "versions" / version
    folder.mkdir()
    shutil.copyfile(source / "dunghan.duckdb", folder / "dunghan.duckdb")
    shutil.copytree(source / "parquet", folder / "parquet")
    (folder / "dunghan.duckdb").chmod(0o644)
    with duckdb.connect(str(folder / "dunghan.duckdb")) as con:
        for mart in _LEFT_OUT & set(manifest["marts"]):
            con.execute(f"drop table marts.{quoted(mart)}")
            del manifest["marts"][mart]
        _multiply(con, copies)
        _more_overdue(con, overdue)
        if a_year_before:
            _year_before(con)
    own = {
        "version": version,
        "created_at": created.isoformat(),
        "database_bytes": None,  # tests go on to change it
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | own), encoding="utf-8")
    link = published / "current.new"
    link.symlink_to(Path("versions", version))
    link.rename(published / "current")
    return folder


def _multiply(con: duckdb.DuckDBPyConnection, copies: int) -> None:
    """Every row of an agency again, of an agency of another district."""
    tables = con.execute(
        """select table_name, bool_or(column_name = 'dossier_code') from duckdb_columns()
        where schema_name = 'marts' group by 1 having bool_or(column_name = 'agency_code') order by 1"""
    ).fetchall()
    for table, of_dossiers in tables:
        changed = "regexp_replace(agency_code, '^H39.18', 'H39.' || (100 + copy)) as agency_code"
        if of_dossiers:
            changed += ", dossier_code || '-' || copy as dossier_code"
        if table == "dim_agency":
            changed += ", name || ' ' || copy as name"
        con.execute(
            f"""insert into marts.{quoted(table)} by name
            select * exclude (copy) replace ({changed})
            from marts.{quoted(table)}, range(1, $copies) as copies(copy)
            where starts_with(agency_code, 'H39.18')""",
            {"copies": copies},
        )


def _more_overdue(con: duckdb.DuckDBPyConnection, times: int) -> None:
    con.execute(
        """insert into marts.mart_overdue_dossiers by name
        select * exclude (copy) replace (dossier_code || '/' || copy as dossier_code)
        from marts.mart_overdue_dossiers, range(1, $times) as copies(copy)""",
        {"times": times},
    )
    con.execute("update marts.mart_overdue_aging set dossiers = dossiers * $times", {"times": times})
    con.execute("update marts.rpt_form_ii06 set pending_overdue = pending_overdue * $times", {"times": times})


def _year_before(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """insert into marts.mart_backlog_daily by name
        select * replace (day - interval 1 year as day, resolved * 9 // 10 as resolved, pending_overdue * 2 as
            pending_overdue)
        from marts.mart_backlog_daily"""
    )
    con.execute(
        """insert into marts.rpt_form_ii06 by name
        select * replace (replace(period, '2024', '2023') as period, resolved_late * 3 as resolved_late)
        from marts.rpt_form_ii06 where starts_with(period, '2024')"""
    )
