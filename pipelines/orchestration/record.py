"""What a run leaves for people: `state/last-run.json`, written when it begins and when it ends, and the same in
`state/runs`, where the last `keep_runs` stay. Killed: "running"."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from expectations.results import ValidationResult
from pipelines.clock import wall_clock
from pipelines.config import Settings
from pipelines.files import write_whole
from warehouse.publish import Publication, current
from warehouse.status import last_run, runs

#: published: readers see new figures. kept: nothing was new, the published version already says it all. partial: a run
#: of some assets only. failed: nothing new was published. running: not ended yet, or killed.
Outcome = Literal["running", "published", "kept", "partial", "failed"]


#: Room for the record of a run, twice.
RESERVE_BYTES = 2_000_000

#: What the steps of a run are called for people, in their order: Vietnamese, English.
STEPS = {
    "landing": ("Nạp tệp mới", "Loading new files"),
    "validation": ("Kiểm tra từng dòng", "Validating every row"),
    "building": ("Dựng số liệu", "Building the marts"),
    "audit": ("Đối chiếu", "Auditing"),
    "publishing": ("Công bố", "Publishing"),
    "postgres": ("Đưa vào PostgreSQL", "Loading into PostgreSQL"),
    "metastore": ("Đặt tên trong metastore", "Naming in the metastore"),
}
#: What comes after the publication, when it is due.
AFTERWARDS = {"compacting": ("Gộp tệp nhỏ của kho", "Compacting the lake")}


@dataclass
class RunRecord:
    """One run. Times: local wall clock, ISO. No personal data.

    days: first and last day of exports that a backfill was asked for; none: whatever was new. sources: when something
    new of each was seen last. files: ledger rows of the files this run validated. validation_seq: the last validation
    this record tells of, once the run has ended well. mended: what was damaged and is whole again.

    Of these the figures are published all the same, unless there are problems: anomalies, what is unusual in the files
    that came in (expectations.anomalies; that a source is silent follows from `sources`); missing, what belongs to the
    publication and could not be made; undelivered, where the published version did not get to, tried again by the next
    run; notes, what went wrong after the run had ended well (housekeeping).
    """

    run_id: str
    job: str
    pid: int = field(default_factory=os.getpid)
    started: str = field(default_factory=lambda: wall_clock().isoformat())
    finished: str | None = None
    outcome: Outcome = "running"
    version: str | None = None
    as_of: str | None = None
    known_at: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    anomalies: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    validation_seq: int | None = None

    @property
    def quarantined_share(self) -> float:
        """Share of the run's rows that were quarantined; 0 when it read none."""
        return self.rows_quarantined / self.rows_read if self.rows_read else 0.0

    @property
    def files_rejected(self) -> int:
        """Files of this run of which nothing was accepted."""
        return sum(1 for file in self.files if file["status"] == "rejected")

    @property
    def files_with_attention(self) -> int:
        """Files of this run that somebody must look at although rows of them were read (portal-exports §2)."""
        return sum(1 for file in self.files if file.get("attention"))

    def validated(self, result: ValidationResult) -> None:
        """Note what the validation made of the new files."""
        self.files = result.files
        self.rows_read = result.rows_read
        self.rows_accepted = result.rows_accepted
        self.rows_quarantined = result.rows_quarantined
        self.reasons = result.reasons

    def published(self, publication: Publication, *, kept: bool) -> None:
        """Note what readers see now."""
        self.outcome = "kept" if kept else "published"
        self.validation_seq = publication.validation_seq
        self.version = publication.version
        self.as_of = publication.manifest["as_of"]
        self.known_at = publication.manifest["known_at"]

    def close(self, settings: Settings, problems: list[str]) -> None:
        """Note how the run ended and what readers see now, and write. `problems`: safe texts of failed steps."""
        self.problems = problems
        if problems:
            self.outcome = "failed"
        elif self.outcome == "running":
            self.outcome = "partial"
        if self.version is None and (now := current(settings)) is not None:
            self.version = now.version
        self.finished = wall_clock().isoformat()
        try:
            self.write(settings)
        except OSError:
            # The disk is full: this room was kept for saying so.
            with contextlib.suppress(OSError):
                settings.layout.reserve.unlink()
                self.write(settings)

    def begin(self, settings: Settings) -> None:
        """Note that the run has begun, and keep room for noting how it ended."""
        self.write(settings)
        if not settings.layout.reserve.exists():
            write_whole(settings.layout.reserve, b"\xff" * RESERVE_BYTES)

    def write(self, settings: Settings) -> None:
        """Replace `state/last-run.json` and this run's record among the last ones, each in one step."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2, default=str) + "\n"
        name = f"{re.sub('[^0-9T]', '', self.started)}-{self.run_id[:8]}.json"
        for path in (settings.layout.last_run, settings.layout.runs / name):
            write_whole(path, text)
        for old in sorted(settings.layout.runs.glob("*.json"))[: -settings.keep_runs]:
            old.unlink(missing_ok=True)


def read_record(settings: Settings) -> RunRecord | None:
    """The last run, or None when there was none (or its file is damaged)."""
    try:
        return RunRecord(**(last_run(settings) or {}))
    except TypeError:
        return None


def last_told(settings: Settings) -> int:
    """The last validation that a run which ended well has told people of: what a killed one validated is told by the
    next. Without such a record what is published counts as told; 0 when nothing is."""
    for record in runs(settings, None):
        if record.get("outcome") in ("published", "kept") and record.get("validation_seq") is not None:
            return int(record["validation_seq"])
    now = current(settings)
    return now.validation_seq if now else 0
