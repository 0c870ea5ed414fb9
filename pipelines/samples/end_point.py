"""The second end point of a sample's portal: dossiers that it sends once more, each in one file (portal-exports §8.7 to
§8.9). It is a source of its own, so no figure of the sample depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import duckdb

from pipelines.samples.shapes import MISREAD, SHAPES, US_SPREADSHEET, Shape
from pipelines.samples.spec import EndPoint, SampleSpec
from pipelines.samples.story import Dice


@dataclass(frozen=True)
class Lot:
    """One file: how it is called, its shape, and the SQL condition on `lives` that its dossiers fulfil."""

    stem: str
    shape: Shape
    where: str


def source(spec: SampleSpec) -> str:
    return f"{spec.source}_moi"


def lots(con: duckdb.DuckDBPyConnection, spec: SampleSpec, cut: int) -> list[Lot]:
    """The files of the end point, none of the same dossier twice."""
    asked = spec.end_point or EndPoint()
    sizes = {
        "hoso": (asked.dossiers, SHAPES[spec.shape]),
        "daongay": (asked.day_month_swapped, US_SPREADSHEET),
        "phongcu": (asked.legacy_text, MISREAD),
    }
    rows = con.execute(
        f"""select i from lives where kind = 0 and received_at < {cut}
        order by {Dice(spec.seed).number("end_point")}, i limit {sum(size for size, _ in sizes.values())}"""
    ).fetchall()
    chosen = iter([i for (i,) in rows])
    found = []
    for stem, (size, shape) in sizes.items():
        if numbers := list(islice(chosen, size)):
            # a list, not an IN: a longer IN becomes a join, and the rows would lose their order
            found.append(Lot(stem, shape, f"list_contains({numbers}::bigint[], i)"))
    return found
