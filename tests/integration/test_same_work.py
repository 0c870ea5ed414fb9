"""The yardstick of `make bench` does the same work: of every dossier it says what the product says."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.samples import ROW_REJECTS, Distortions, Mix, SampleSpec, generate
from tests.benchmarks import same_work
from tests.benchmarks.agreement import COMPARED, differences
from tests.benchmarks.measuring import DUNGHAN, measure

pytestmark = [pytest.mark.integration, pytest.mark.slow]

#: What benchmarks are made of, and everything besides that an export of dossiers can hold; many of each.
SPEC = SampleSpec(
    dossiers=1_500,
    not_accepted=10,
    refused=10,
    first_day=date(2024, 1, 1),
    last_day=date(2024, 5, 31),
    nights=5,
    changes_per_night=150,
    progress=0.0,
    supplements=0.4,
    keep_figures=False,
    mix=Mix(
        early=600,
        on_time=500,
        withdrawn=30,
        late=60,
        in_time=150,
        overdue=60,
        wait_papers=60,
        wait_fee=40,
        stopped=20,
    ),
    distortions=Distortions(
        paused_sent_as_done=0.3,
        no_due_done_event=0.1,
        synthetic_code=0.02,
        placeholder_id=0.02,
        submitted_is_received=0.3,
        empty_supplements=0.3,
        local_procedure=0.02,
        no_due=0.05,
        due_moved_late=0.3,
        unknown_field=0.02,
    ),
    bad_rows=dict.fromkeys(ROW_REJECTS, 2),
    duplicate_files=1,
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(DuckDB file of the script, of the product), of the same exports."""
    folder = tmp_path_factory.mktemp("same_work")
    inbox = generate(SPEC, folder).inbox
    script = folder / "script"
    subprocess.run([sys.executable, same_work.__file__, str(inbox), str(script)], check=True)
    env = {"DUNGHAN_DROP_ZONE": str(inbox), "DUNGHAN_WAREHOUSE": str(folder / "warehouse")}
    assert measure([*DUNGHAN, "run"], env).status in (0, 3)
    return script / "dunghan.duckdb", folder / "warehouse" / "published" / "dunghan.duckdb"


def test_the_script_gives_the_facts_and_verdicts_of_the_product(published: tuple[Path, Path]) -> None:
    assert differences(*published) == {"fct_verdicts": 0, "fct_dossiers": 0}
    with duckdb.connect(str(published[0]), read_only=True) as con:
        verdicts = con.execute("select distinct rule_set, reason from fct_verdicts").fetchall()
        assert len(verdicts) >= 20, "the sample is too plain to tell"


def test_the_usual_stack_gives_them_too(tmp_path: Path) -> None:
    """Of exports that it can read at all: a line that is no JSON would stop it."""
    spec = SPEC.model_copy(update={"dossiers": 300, "bad_rows": {}, "duplicate_files": 0})
    inbox = generate(spec, tmp_path).inbox
    stack, script = tmp_path / "usual_stack", tmp_path / "script"
    for command in ([same_work.__file__, inbox, script], ["-m", "tests.benchmarks.usual_stack", inbox, stack]):
        subprocess.run([sys.executable, *map(str, command)], check=True)
    expected = tmp_path / "expected.duckdb"
    with duckdb.connect(str(expected)) as con:
        con.execute(f"attach '{script / 'dunghan.duckdb'}' as script (read_only); create schema marts")
        for mart in COMPARED:
            con.execute(f"create table marts.{mart} as from script.{mart}")
    assert differences(stack / "warehouse.duckdb", expected, "marts") == {"fct_verdicts": 0, "fct_dossiers": 0}


def test_a_difference_is_found(published: tuple[Path, Path], tmp_path: Path) -> None:
    changed = tmp_path / "dunghan.duckdb"
    changed.write_bytes(published[0].read_bytes())
    with duckdb.connect(str(changed)) as con:
        con.execute(
            "update fct_verdicts set verdict = 'late' where rule_set = 'form_ii06'"
            " and dossier_code = (select min(dossier_code) from fct_verdicts where verdict = 'on_time')"
        )
    assert differences(changed, published[1]) == {"fct_verdicts": 2, "fct_dossiers": 0}


def test_the_script_lists_the_overdue_and_counts_the_refused(published: tuple[Path, Path]) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{published[0]}' as script (read_only); attach '{published[1]}' as product (read_only)")
        for query in (
            "select count(*), sum(working_days_overdue) from {}mart_overdue_dossiers",
            "select sum(rows_read), sum(rows_quarantined) from {}mart_load_ledger where kind = 'dossiers'",
        ):
            ours = con.execute(query.format("product.marts.")).fetchone()
            assert con.execute(query.format("script.").replace("where kind = 'dossiers'", "")).fetchone() == ours
