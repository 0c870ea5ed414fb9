"""Restating: every mart for one pair (as_of, known_at), from the lake, into a version of its own.

A restatement shares nothing with the nightly build but the lake, whose rows stay: it needs no lock (only that the files
it finds are not deleted while it runs, `reading`), disturbs no reader and may run beside a nightly run. It validates
and builds only what was exported by known_at, so that its cost follows the size of that data, and the same files always
give the same figures, whatever was loaded since.

    restated/<version>/        dunghan.duckdb, parquet/, manifest.json
    restated/.work-<random>/   a restatement under way; what a killed one left is swept by the next
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.config import Scope, Settings
from pipelines.files import sync
from pipelines.landing.lake import Lake, reading
from pipelines.progress import Progress
from pipelines.sql import open_duckdb
from warehouse import spark
from warehouse.build import BuildPlan, build_fingerprint, dbt_arguments, plan_build, record_green
from warehouse.dbt_process import run_dbt
from warehouse.publish import Publication, PublicationDamagedError, publish, read_version

_NEW, _WORK = ".new-", ".work-"
_LOCK = "lock"


class RestateError(Exception):
    """Nothing was restated. The message says why and what to do."""


@dataclass(frozen=True)
class Restatement:
    """A version of one pair. kept: it was there already, made by the same rules from the same files.

    earlier: versions of the same pair that were made from other files or by other rules; `dunghan compare` says how
    they differ.
    """

    publication: Publication
    kept: bool
    earlier: list[Publication]


def restate(
    settings: Settings,
    as_of: datetime,
    known_at: datetime | None = None,
    *,
    loaded_until: datetime | None = None,
    out: Path | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> Restatement:
    """All marts for the pair, in `out` (default: `restated/` of the warehouse), beside everything that is published.

    loaded_until: leave out files that the warehouse saw later, however early they were exported: the figures as they
    could have been computed then. again: build although the same version exists. Times are local wall clock.
    Raises RestateError, ValidationRunError, BuildError, DbtRunError, PublicationError; nothing half-done stays.
    """
    say = progress or (lambda _: None)
    home = (out or settings.layout.restated).expanduser().resolve()
    if not settings.layout.lake.exists():
        raise RestateError("Kho chưa có dữ liệu; hãy chạy `dunghan run` / Nothing is loaded yet; run `dunghan run`")
    home.mkdir(parents=True, exist_ok=True)
    scope = Scope(exported_until=known_at, seen_until=loaded_until)
    with _workspace(home) as work, reading(settings):
        own = settings.restating(work, scope, as_of=as_of, known_at=known_at)
        own.layout.create()
        inputs = {**_inputs(own), "loaded_until": loaded_until.isoformat() if loaded_until else None}
        same_pair = [found for found in restatements(home) if _pair(found.manifest) == _pair_of(as_of, known_at)]
        same = [found for found in same_pair if _is_same(found, own, inputs)]
        if same and not again:
            return Restatement(same[0], kept=True, earlier=[found for found in same_pair if found not in same])
        plan = _build(own, settings, say)
        say(f"→ {home}")
        publication = _move(publish(own, plan, extra={"restated": True, "inputs": inputs}, ordered=True), home)
    return Restatement(publication, kept=False, earlier=same_pair)


def restatements(home: Path) -> list[Publication]:
    """Every restated version in a folder, newest first."""
    found = []
    for path in home.glob("*/manifest.json"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PublicationDamagedError):
            found.append(read_version(path.parent))
    return sorted(found, key=lambda publication: publication.created_at, reverse=True)


def _build(own: Settings, settings: Settings, say: Progress) -> BuildPlan:
    """Validate, build and audit in the workspace; returns the plan of the green build."""
    from expectations.audit import identities
    from expectations.validation import validate

    result = validate(own, progress=say)
    if result.failed:
        wrong = [check.description_vi if own.lang == "vi" else check.description_en for check in result.failed]
        raise RestateError("Kết quả kiểm tra dữ liệu không khớp / The validation does not add up:\n" + "\n".join(wrong))
    plan = plan_build(own, full_refresh=True)
    # What dbt has read of the project is kept beside the nightly build; with a copy of it dbt need not read again.
    _copy_parsed(settings, own)
    spark.prepare(own)
    run_dbt(own, dbt_arguments(plan), progress=say)
    spark.take_over(own, own.layout.dbt_target / "target")
    wrong = [identity.message(own.lang) for identity in identities(own) if not identity.ok]
    if wrong:
        raise RestateError("\n".join(wrong))
    record_green(own, plan)
    return plan


def _copy_parsed(settings: Settings, own: Settings) -> None:
    parsed = settings.layout.dbt_target / "target" / "partial_parse.msgpack"
    target = own.layout.dbt_target / "target"
    target.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(parsed, target / parsed.name)


def _inputs(own: Settings) -> dict[str, Any]:
    """Which files the figures come from: how many, and a hash of their contents and of when they were exported."""
    with open_duckdb() as con:
        rows = con.execute(
            f"""select source, kind, file_sha256, min(exported_at)::varchar, min(file_path)
            from {Lake(own).rows("files")} where file_sha256 is not null group by 1, 2, 3 order by all"""
        ).fetchall()
    if not rows:
        raise RestateError(
            f"Không có tệp nào kết xuất đến {own.known_at}; xem `dunghan ledger`"
            f" / no file was exported by {own.known_at}; see `dunghan ledger`"
        )
    return {"files": len(rows), "sha256": hashlib.sha256(json.dumps(rows).encode()).hexdigest()}


def _pair(manifest: dict[str, Any]) -> tuple[str, str | None]:
    return manifest["as_of"], manifest["known_at"]


def _pair_of(as_of: datetime, known_at: datetime | None) -> tuple[str, str | None]:
    return as_of.isoformat(), known_at.isoformat() if known_at else None


def _is_same(found: Publication, own: Settings, inputs: dict[str, Any]) -> bool:
    return found.manifest["fingerprint"] == build_fingerprint(own) and found.manifest["inputs"] == inputs


@contextlib.contextmanager
def _workspace(home: Path) -> Iterator[Path]:
    """A folder of this restatement alone, removed at the end; those that killed ones left are removed first."""
    for left in home.glob(f"{_WORK}*"):
        with contextlib.suppress(OSError), (left / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=_NEW, dir=home))
    try:
        with (work / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Only now it may be seen by a sweep: before, it would look like one whose owner is dead.
            work = work.rename(work.with_name(work.name.replace(_NEW, _WORK, 1)))
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move(publication: Publication, home: Path) -> Publication:
    """Bring the version from the workspace to its place: one rename of a complete folder."""
    target = home / publication.version
    publication.folder.rename(target)
    sync(home)
    return read_version(target)
