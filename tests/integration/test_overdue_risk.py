"""Is mart_overdue_risk calibrated? A small test split in time: what it said on days of the past, with nothing known
later, beside how the dossiers ended. The large one, by decile: tests/benchmarks/overdue_risk.py, and
docs/reference/overdue-risk.md."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.benchmarks.overdue_risk import AT, UNTIL, Told, make_world
from tests.oracle import drop_zone
from tests.support.validated import Dbt, load

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
DOSSIERS = 12_000


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    folder = tmp_path_factory.mktemp("overdue_risk")
    make_world(folder / "inbox", DOSSIERS, [*AT, UNTIL])
    dbt = Dbt(folder / "build.duckdb", folder)
    with duckdb.connect(str(dbt.database)) as con:
        load(con, drop_zone.read(folder / "inbox"))

    def built(mart: str, day: datetime, query: str) -> list[tuple[Any, ...]]:
        dbt("build", "--full-refresh", "--select", f"+{mart}", *NO_TESTS, as_of=day, known_at=day)
        with duckdb.connect(str(dbt.database), read_only=True) as con:
            return con.execute(query).fetchall()

    said = [
        row
        for day in AT
        for row in built(
            "mart_overdue_risk",
            datetime.combine(day, time(23, 59, 59)),
            "select dossier_code, late_share, compared_with from marts.mart_overdue_risk where late_share is not null",
        )
    ]
    verdicts: dict[str, str] = dict(
        built(
            "fct_verdicts",
            datetime.combine(UNTIL, time(23, 59, 59)),
            "select dossier_code, verdict from marts.fct_verdicts where rule_set = 'form_ii06'",
        )
    )
    return [Told(share, level, verdicts[code] in ("late", "overdue")) for code, share, level in said]


def test_what_is_told_is_what_happens(told: list[Told]) -> None:
    """Of the made world: within twelve points over all (more than three standard errors), and telling apart."""
    assert len(told) > 100
    late = sum(t.is_late for t in told) / len(told)
    assert abs(sum(t.late_share for t in told) / len(told) - late) < 0.12
    ordered = sorted(told, key=lambda t: t.late_share)
    low, high = ordered[: len(told) // 2], ordered[len(told) // 2 :]
    assert sum(t.is_late for t in low) / len(low) + 0.15 < sum(t.is_late for t in high) / len(high)
    score = sum((t.late_share - t.is_late) ** 2 for t in told) / len(told)
    assert score < late * (1 - late), "better than telling everyone the same"


def test_the_page_shows_ten_groups_that_add_up() -> None:
    """docs/reference/overdue-risk.md, as the benchmark prints it: predicted beside observed, by decile."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "overdue-risk.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    groups = {row[0]: row[1:] for row in rows[1:]}
    whole = groups.pop("tất cả / all")
    assert list(groups) == [str(n) for n in range(1, 11)]
    sizes = [int(cells[0].replace(",", "")) for cells in groups.values()]
    assert sum(sizes) == int(whole[0].replace(",", ""))
    assert max(sizes) - min(sizes) <= 1
    for column in (1, 3):
        shares = [float(cells[column].rstrip("%")) for cells in groups.values()]
        mean = sum(share * size for share, size in zip(shares, sizes, strict=True)) / sum(sizes)
        assert mean == pytest.approx(float(whole[column].rstrip("%")), abs=0.11)
    predicted = [float(cells[1].rstrip("%")) for cells in groups.values()]
    assert predicted == sorted(predicted)
