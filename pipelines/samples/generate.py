"""Writing a sample: exports into <out>/inbox as portal-exports §1 lays them out, the truth about them into
<out>/truth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings, load_settings
from pipelines.samples import end_point, faults, local, records
from pipelines.samples.fields import Field
from pipelines.samples.plan import Plan
from pipelines.samples.shapes import SHAPES, Shape, write
from pipelines.samples.sheets import Rows, Title
from pipelines.samples.spec import SampleError, SampleSpec
from pipelines.samples.story import create_lives, seconds
from pipelines.samples.truth import ExportFile, SampleTruth, write_truth
from warehouse.database import connect

Progress = Callable[[str, int, int], None]


def generate(
    spec: SampleSpec, out: Path, *, settings: Settings | None = None, progress: Progress | None = None
) -> SampleTruth:
    """Write the sample's exports and truth into `out` (inbox/ and truth/ there must not exist yet).

    `progress` is called with (file name, files done, nightly runs in all). Memory stays below the settings' limit.
    Raises SampleError when the spec is impossible or the folder is in use.
    """
    if taken := [name for name in ("inbox", "truth") if (out / name).exists()]:
        names = ", ".join(taken)
        raise SampleError(f"{names}: đã có, hãy chọn thư mục khác / {names}: already there; choose another folder")
    plan = Plan(spec)
    work = out / ".work"
    work.mkdir(parents=True)
    try:
        with connect(settings or load_settings(), work / "lives.duckdb") as con:
            con.execute(f"set temp_directory = '{str(work / 'tmp').replace(chr(39), chr(39) * 2)}'")
            create_lives(con, plan)
            records.set_lists(con, plan)
            files = Exports(con, plan, out / "inbox", progress or (lambda *_: None)).write_all()
            return write_truth(con, plan, out, files)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def personal_data(spec: SampleSpec, *, settings: Settings | None = None) -> Iterator[str]:
    """Every invented name, identity number, phone, e-mail and address that the sample's files hold, each once.

    For tests that search what a run wrote. A few more may be listed (officers who handled nothing, applicants who gave
    no e-mail). The placeholder identity is not personal and not among them.
    """
    plan = Plan(spec)
    people = records.People(spec)
    officers = " union ".join(f"select {people.officer(str(desk))} as value from lives" for desk in range(5))
    with connect(settings or load_settings()) as con:
        create_lives(con, plan)
        records.set_lists(con, plan)
        values = [people.name, people.phone, people.email, people.address]
        queries = [f"select {value} as value from lives" for value in values]
        queries.append(f"select {people.id_number} from lives where not d_placeholder_id")
        queries.append(f"select unnest({list(records.SIGNERS)!r}::varchar[])")
        cursor = con.execute(
            f"select distinct value from ({' union all '.join(queries)} union all {officers}) order by value"
        )
        while batch := cursor.fetchmany(10_000):
            yield from (value for (value,) in batch)


@dataclass(frozen=True)
class Batch:
    """The rows of one file: which (`source`, `where`), how they become lines, and the bad ones among them."""

    kind: str
    stem: str
    day: date
    source: str
    where: str
    fields: list[Field]
    line: str
    bad: list[faults.BadRow]
    ghosts_used: int = 0


class Exports:
    """Writes the files of one sample, night by night."""

    def __init__(self, con: duckdb.DuckDBPyConnection, plan: Plan, inbox: Path, progress: Progress) -> None:
        self.con, self.plan = con, plan
        #: What tonight's files are asked to be.
        self.spec = plan.spec
        self.source = inbox / plan.spec.source
        self.progress = progress
        self.files: list[ExportFile] = []
        self.first_ghost = self.spec.dossiers + self.spec.not_accepted + self.spec.refused

    def write_all(self) -> list[ExportFile]:
        spec = self.spec
        if spec.catalogues:
            self._catalogues()
        first_dossiers = None
        for night in range(spec.nights + 1):
            day = spec.last_day - timedelta(days=spec.nights - night)
            self.spec = spec.of_night(night)
            with_bad_rows = first_dossiers is None
            written = self._dossiers(night, day, with_bad_rows)
            if written is not None:
                if spec.progress:
                    self._events(night, day, with_bad_rows)
                first_dossiers = first_dossiers or written
            for system, source in enumerate(spec.local_system.sources if spec.local_system else ()):
                self._local_dossiers(system, source, night, day)
            self.progress(f"{day:%Y-%m-%d}", night + 1, spec.nights + 1)
        if spec.local_system:
            self._portal_report()
        if spec.end_point:
            self._end_point()
        if first_dossiers is None:
            raise SampleError("Không có hồ sơ nào trong kỳ / no dossier in the period")
        folder, ghosts = (
            first_dossiers.parent,
            self.first_ghost + sum(spec.bad_rows.values()) + sum(spec.bad_events.values()),
        )
        for path, reason in faults.write_bad_files(self.con, self.spec, folder, ghosts, _cut(spec.last_day)):
            self.files.append(
                ExportFile(self._relative(path), "dossiers", f"{spec.last_day}T08:00:00", None, [], reason)
            )
        original = self.files[[file.path for file in self.files].index(self._relative(first_dossiers))]
        for path in faults.duplicates(first_dossiers, spec.duplicate_files):
            self.files.append(replace(original, path=self._relative(path), bad_rows=[], reason="duplicate"))
        return self.files

    @property
    def shape(self) -> Shape:
        """The shape of tonight's files."""
        return SHAPES[self.spec.shape]

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.source.parent).as_posix()

    def _dossiers(self, night: int, day: date, with_bad_rows: bool) -> Path | None:
        """The dossiers of one export; None when there is nothing to send."""
        cut = _cut(day)
        touched, touches = self._touches(night)
        where = f"kind < 3 and received_at < {cut}"
        if night > 0 and self.spec.nightly == "changes":
            where += f" and changes[1] <= {night} and (list_contains(changes, {night}) or {touched})"
        fields = records.dossier_fields(self.spec, cut, touches)
        bad = faults.dossier_rows(self.spec, cut) if with_bad_rows else []
        return self._write(Batch("dossiers", "hoso", day, "lives", where, fields, self._line(fields), bad))

    def _local_dossiers(self, system: int, source: str, night: int, day: date) -> None:
        """The export of a one-stop system of the same night."""
        cut = _cut(day)
        fields = local.dossier_fields(self.spec, cut)
        batch = Batch(
            "dossiers",
            "motcua",
            day,
            "lives",
            local.where(self.spec, system, night, cut),
            fields,
            self._line(fields),
            [],
        )
        self._write(batch, self.source.parent / source)

    def _portal_report(self) -> None:
        path, rows = local.write_report(self.con, self.plan, self.source / "portal_reports")
        day = local.report_day(self.spec)
        self.files.append(ExportFile(self._relative(path), "portal_reports", f"{day}T23:59:59", rows, []))

    def _end_point(self) -> None:
        """What the portal's second end point sends of the last day."""
        day = self.spec.last_day
        for lot in end_point.lots(self.con, self.spec, _cut(day)):
            of_lot = self.spec.model_copy(update={"flat": self.spec.flat or lot.shape.table})
            fields = records.dossier_fields(of_lot, _cut(day))
            batch = Batch("dossiers", lot.stem, day, "lives", lot.where, fields, lot.shape.line(fields), [])
            self._write(batch, self.source.parent / end_point.source(self.spec), lot.shape)

    def _line(self, fields: list[Field]) -> str:
        line = self.shape.line(fields)
        if self.shape.table or not self.spec.distortions.unknown_field:
            return line
        strange = records.with_unknown_field(fields, records.People(self.spec))
        return f"case when d_unknown_field then {self.shape.line(strange)} else {line} end"

    def _touches(self, night: int) -> tuple[str, str]:
        """SQL: is the dossier corrected this nightly run; and how often so far (see plan.touch_place)."""
        number, total = self.spec.changes_per_night, self.spec.dossiers
        if not number or night == 0:
            return "false", "0"
        # Its places on an endless line are place, place + total, …; nightly run n corrects [n * number, (n + 1) *
        # number).
        place = self.plan.touch_place
        upto = lambda end: f"(({end} - 1 - {place} + {total}) // {total})"  # noqa: E731
        start, end = night * number, (night + 1) * number
        return f"(kind = 0 and {upto(end)} > {upto(start)})", f"({upto(end)} - {upto(number)})"

    def _events(self, night: int, day: date, with_bad_rows: bool) -> None:
        cut = _cut(day)
        source = f"({records.events_query(0 if night == 0 else cut - 86400, cut)})"
        fields = records.event_fields(self.spec)
        bad = faults.event_rows(self.spec) if with_bad_rows else []
        ghosts_used = sum(self.spec.bad_rows.values())
        self._write(Batch("progress", "tiendo", day, source, "true", fields, self.shape.line(fields), bad, ghosts_used))

    def _write(self, batch: Batch, source: Path | None = None, shape: Shape | None = None) -> Path | None:
        """Write one file (of the sample's source and shape, unless others are given), its bad rows as a block after the
        first third. Events of ghosts happen at reception."""
        shape = shape or self.shape
        total = self._count(batch.source, batch.where)
        if not total:
            return None
        path = (source or self.source) / batch.kind / f"{batch.stem}_{batch.day:%Y%m%d}.{shape.extension}"
        query = f"select {batch.line} as line from {batch.source} where {batch.where}"
        where_bad = range(0)
        if batch.bad:
            third = self.spec.dossiers // 3
            before = self._count(batch.source, f"{batch.where} and i < {third}")
            ghosts = "(select *, {moment: received_at, status: 2, text: 'Tiếp nhận hồ sơ', desk: 0} as e from lives)"
            middle = faults.lines_query(batch.bad, self.first_ghost + batch.ghosts_used, ghosts)
            query = f"({query} and i < {third}) union all {middle} union all ({query} and i >= {third})"
            where_bad = range(before, before + len(batch.bad))
        service = records.DOSSIER_SERVICE if batch.kind == "dossiers" else records.EVENT_SERVICE
        title = Title(service, self.spec.agency, self.spec.first_day, batch.day, records.SIGNERS)
        total += len(batch.bad)
        places = write(self.con, Rows(query, batch.fields, title, total, where_bad), path, shape)
        marked = [(place, row.reasons) for place, row in zip(places, batch.bad, strict=True)]
        self.files.append(ExportFile(self._relative(path), batch.kind, f"{batch.day}T23:59:59", total, marked))
        return path

    def _count(self, source: str, where: str) -> int:
        row = self.con.execute(f"select count(*) from {source} where {where}").fetchone()
        assert row is not None
        return int(row[0])

    def _catalogues(self) -> None:
        first = self.spec.first_day
        procedures = [records.procedure_record(procedure) for procedure in self.plan.procedures]
        agencies = [records.agency_record(agency) for agency in self.plan.agencies]
        catalogues: list[tuple[str, str, list[dict[str, Any]]]] = [
            ("procedures", "tthc", procedures),
            ("agencies", "donvi", agencies),
        ]
        for kind, stem, rows in catalogues:
            path = self.source / kind / f"{stem}_{first:%Y%m%d}.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            self.files.append(ExportFile(self._relative(path), kind, f"{first}T23:59:59", len(rows), []))


def _cut(day: date) -> int:
    """The first second that an export of this day does not show."""
    return seconds(day) + 86400
