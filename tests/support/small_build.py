"""A build file without the way to it: a few tables of `validated` and `marts`, for tests of planning and publishing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pipelines.config import Settings, load_settings
from warehouse.build import BuildPlan, plan_build, record_green
from warehouse.database import connect_build

AS_OF = datetime(2024, 5, 31, 23, 59, 59)
#: How many dossiers a nightly run holds when the test does not say.
ROWS = 300


def settings_in(folder: Path, **flags: object) -> Settings:
    """Settings of a warehouse below `folder`, its folders made."""
    settings = load_settings(warehouse=folder / "warehouse", drop_zone=str(folder / "inbox"), **flags)
    settings.layout.create()
    return settings


def validate(settings: Settings, *files: tuple[str, str], validation_seq: int = 1) -> None:
    """Add (exported_at, status) files to the ledger of the build file."""
    with connect_build(settings) as con:
        con.execute("create schema if not exists validated")
        con.execute(
            """create table if not exists validated.files (
                file_name varchar, exported_at timestamp, status varchar, validation_seq bigint
            )"""
        )
        for exported_at, status in files:
            con.execute("insert into validated.files values ('f', ?, ?, ?)", [exported_at, status, validation_seq])


def build_marts(settings: Settings, nightly_run: int, rows: int = ROWS, extra: Iterable[str] = ()) -> None:
    """What dbt would leave: a mart that is a table, one that is a view on another schema; each row tells its run."""
    with connect_build(settings) as con:
        con.execute("create schema if not exists intermediate; create schema if not exists marts")
        # every nightly run writes every dossier anew
        con.execute(
            f"""create or replace table intermediate.int_dossier_facts as
            select 'dvcqg' as source, 'H39-' || range as dossier_code, {nightly_run} as night, range / 7.0 as share,
                timestamp '2024-05-31' as as_of, null::timestamp as known_at, '1.0' as definitions_version,
                {10**6 + nightly_run} as built_by
            from range({rows})"""
        )
        con.execute("create or replace table marts.fct_dossiers as from intermediate.int_dossier_facts")
        con.execute(
            "create or replace view marts.fct_verdicts as"
            " select * exclude (built_by) from intermediate.int_dossier_facts"
        )
        con.execute("comment on column marts.fct_dossiers.night is 'Đêm / The night'")
        con.execute("comment on column marts.fct_dossiers.built_by is 'Not published'")
        for statement in extra:
            con.execute(statement)
        con.execute(
            """create or replace table intermediate.int_dossier_verdicts as
            select source, dossier_code, built_by from intermediate.int_dossier_facts"""
        )


def green_nightly_run(settings: Settings, nightly_run: int, rows: int = ROWS) -> BuildPlan:
    """A nightly run up to publication: validated, planned, built, green."""
    validate(settings, (AS_OF.isoformat(), "loaded"), validation_seq=nightly_run)
    plan = plan_build(settings)
    build_marts(settings, nightly_run, rows)
    record_green(settings, plan)
    return plan
