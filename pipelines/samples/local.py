"""The one-stop systems of a sample and the portal's report on them, with differences that are meant.

A difference is a column `l_*` of table `lives`; truth/reconciliation.csv names every dossier that has one.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.samples import records
from pipelines.samples.fields import Field
from pipelines.samples.plan import Plan
from pipelines.samples.spec import SampleSpec
from pipelines.samples.story import at, seconds

#: name in the truth → condition on lives; each is made on dossiers that have no other
DIFFERENCES = {
    "not_synchronised": "l_unsynchronised",
    "only_portal": "l_only_portal",
    "late": "l_late",
    "due": "l_due_differs",
    "agency": "l_agency_differs",
}


def dossier_fields(spec: SampleSpec, cut: int) -> list[Field]:
    """The record as a one-stop system exports it: as on the portal, but for what is meant to differ."""
    fields = records.dossier_fields(spec, cut)
    of_portal = {field.name: field.sql for field in fields}
    others = "(agency + 1) % len(getvariable('agency_name'))"
    return records.override(
        fields,
        TrangThaiHoSo=f"case when l_unsynchronised then '4' else {of_portal['TrangThaiHoSo']} end",
        NgayHenTra=records.stamp(f"({records.due_at(cut)}) + case when l_due_differs then 86400 else 0 end"),
        DonViXuLy=f"case when l_agency_differs then {at('agency_name', others)} else {of_portal['DonViXuLy']} end",
    )


def where(spec: SampleSpec, system: int, night: int, cut: int) -> str:
    """The dossiers of the export of one system (its number) of one nightly run: all of its agencies first, then those
    that changed."""
    systems = len(spec.local_system.sources) if spec.local_system else 1
    here = (
        f"((kind < 3 and not l_only_portal) or l_unsynchronised) and received_at < {cut}"
        f" and agency % {systems} = {system}"
    )
    changed = f"(list_contains(changes, {night}) or list_contains(local_changes, {night}))"
    return here if night == 0 or spec.nightly == "full" else f"{here} and {changed}"


def report_day(spec: SampleSpec) -> date:
    """The day before the last export, so that something changed after the report; with one export its day."""
    return spec.last_day - timedelta(days=min(spec.nights, 1))


def write_report(con: duckdb.DuckDBPyConnection, plan: Plan, folder: Path) -> tuple[Path, int]:
    """The portal's own figures of the year to the day of the report, of what it knew then; (path, rows).

    Received and completed are exact, and the head of the report has `report_extra` dossiers that nobody knows. On time
    is reckoned roughly, so that a rest stays unexplained there too.
    """
    spec = plan.spec
    day = report_day(spec)
    cut, night = seconds(day) + 86400, spec.nights - (spec.last_day - day).days
    status, due = records.status_at(cut), records.due_at(cut)
    rows = con.execute(f"""
        select agency, count(*),
            count(*) filter (coalesce(least(end_at, {cut - 1}) <= {due}, true)),
            count(*) filter ({status} in (3, 7, 8, 9, 10))
        from lives
        where kind in (0, 2) and received_at < {cut} and received_at >= {seconds(date(day.year, 1, 1))}
            and changes[1] <= {night}
        group by agency order by agency
    """).fetchall()
    # the head is no department below itself
    departments = [_department(plan, *row) for row in rows if plan.agencies[row[0]].code != spec.agency]
    sums = [sum(row[n] for row in rows) for n in (1, 2, 3)]
    extra = spec.local_system.report_extra if spec.local_system else 0
    received, on_time, completed = sums[0] + extra, sums[1] + extra, sums[2]
    head = {
        "departmentId": "1",
        "departmentName": plan.agencies[0].name,
        "departmentCode": spec.agency,
        "totalReceived": received,
        "totalOnTime": on_time,
        "totalCompleted": completed,
        "ratio": _rounded(100 * on_time, received),
        "totalScore": _rounded(20 * on_time, received),
        "totalMaxScore": 20,
    }
    path = folder / f"dvc-progress-tree_{day:%Y%m%d}.json"
    path.parent.mkdir(parents=True)
    document = {"code": "OK", "data": {"parent": head, "children": departments}}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path, 1 + len(departments)


def _department(plan: Plan, agency: int, received: int, on_time: int, _completed: int) -> dict[str, Any]:
    named = plan.agencies[agency]
    return {
        "departmentId": str(agency + 2),
        "departmentName": named.name,
        "departmentCode": named.code,
        "level": "COMMUNE" if named.level == "commune" else "PROVINCE",
        "totalReceived": received,
        "totalOnTime": on_time,
        "totalOverdue": received - on_time,
        "ratio": _rounded(100 * on_time, received),
        "score": _rounded(20 * on_time, received),
        "maxScore": 20,
    }


def _rounded(part: int, whole: int) -> float:
    """Half up to two decimals."""
    return (200 * part + whole) // (2 * whole) / 100 if whole else 0.0
