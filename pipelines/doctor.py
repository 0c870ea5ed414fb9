"""`dunghan doctor`: is this machine and this warehouse fit for a run, and if not, what to do. Changes nothing lasting.

Works before anything exists. Every check stands alone: one that cannot be made is a failed check, not a crash.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pipelines.bilingual import prefixed
from pipelines.config import CONFIG_FILE, ConfigurationError, Settings
from pipelines.contract import KINDS
from pipelines.errors import safe_text
from pipelines.layout import REPOSITORY
from pipelines.masking import masked_name
from pipelines.preflight import nearest, wanted_bytes
from pipelines.preflight_spark import examine_metastore, examine_spark

Result = Literal["ok", "warn", "fail"]
Words = tuple[str, str]  # Vietnamese, English

OLDEST_PYTHON, NEWER_PYTHON = (3, 11), (3, 14)
#: So many loads that were not merged make a nightly run slower by seconds.
MANY_LOADS = 100
DBT_SECONDS = 120
#: How the last run ended, as the record says it.
_OUTCOMES = {
    "-": "-",
    "published": "đã công bố / published",
    "kept": "không có gì mới / nothing new",
    "partial": "chạy một phần / partial",
    "running": "đang chạy / under way",
    "failed": "hỏng / failed",
    "killed": "bị dừng giữa chừng / killed half-way",
}
_NOTHING: Words = ("", "")


@dataclass(frozen=True)
class Check:
    """One thing looked at. `found` is a fact without personal data; `advice` says what to do when it is not well."""

    name: str
    result: Result
    title: Words
    found: str
    advice: Words = _NOTHING

    def as_row(self, lang: str) -> dict[str, Any]:
        """For JSON."""
        column = 1 if lang == "en" else 0
        advice = self.advice[column] if self.result != "ok" else ""
        return {
            "name": self.name,
            "result": self.result,
            "title": self.title[column],
            "found": self.found,
            "advice": advice,
        }


def healthy(checks: list[Check]) -> bool:
    """Nothing failed; notes are allowed."""
    return all(check.result != "fail" for check in checks)


def examine(load: Callable[[], Settings], *, deep: bool = False) -> list[Check]:
    """Every check, in the order in which one depends on another. deep: reads the whole warehouse, every byte."""
    checks = [_python(), *_packages()]
    try:
        settings = load()
    except ConfigurationError as error:
        advice = (
            f"sửa biến môi trường hoặc {CONFIG_FILE} rồi chạy lại",
            f"mend the environment or {CONFIG_FILE}, then try again",
        )
        return [*checks, Check("settings", "fail", ("Cấu hình", "Settings"), str(error), advice)]
    checks.append(_settings())
    for examination in (
        _folders,
        _disk,
        _key,
        _lock,
        _leftovers,
        _published,
        _last_run,
        _lake,
        _calendar,
        _duckdb,
        _spark,
        _dbt,
        _time_zone,
        _drop_zone,
        *((_lake_content, _build_content, _published_content) if deep else ()),
    ):
        try:
            checks += examination(settings)
        except Exception as error:
            name = examination.__name__.removeprefix("_")
            advice = ("xem lỗi bên cạnh", "see the error beside it")
            checks.append(Check(name, "fail", (name, name), safe_text(error), advice))
    return checks


def _python() -> Check:
    fits = OLDEST_PYTHON <= sys.version_info[:2] < NEWER_PYTHON
    advice = (
        "cài Python 3.11, 3.12 hoặc 3.13 rồi `make setup`",
        "install Python 3.11, 3.12 or 3.13, then `make setup`",
    )
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", "ok" if fits else "fail", ("Python", "Python"), found, advice)


def _packages() -> Iterator[Check]:
    """Installed versions against the lock file: direct dependencies must agree, the others should."""
    title = ("Gói đã cài so với requirements.lock", "Packages against requirements.lock")
    lock = REPOSITORY / "requirements.lock"
    if not lock.exists():
        yield Check("packages", "warn", title, "-", ("không có requirements.lock", "there is no requirements.lock"))
        return
    direct = {_requirement_name(line) for line in metadata.requires("dunghan") or [] if "extra ==" not in line}
    differ = _differences(lock)
    serious = sorted(direct & set(differ))
    named = ", ".join(f"{name} {differ[name]}" for name in (serious or sorted(differ))[:5])
    advice = ("chạy `make setup` để cài đúng bản đã khóa", "`make setup` installs the locked versions")
    result: Result = "fail" if serious else "warn" if differ else "ok"
    yield Check("packages", result, title, named or "=", advice)


@cache
def _differences(lock: Path) -> Mapping[str, str]:
    """Package → "installed ≠ locked", of every package that is wanted on this machine and is not as locked."""
    from packaging.requirements import Requirement

    differ = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line or line[0] in "# -":
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            installed = "-"
        if installed not in requirement.specifier:
            differ[requirement.name] = f"{installed} ≠ {str(requirement.specifier).removeprefix('==')}"
    return differ


def _requirement_name(line: str) -> str:
    from packaging.requirements import Requirement

    return Requirement(line).name


def _settings() -> Check:
    """Names in the environment that look like ours and mean nothing: usually a typing error."""
    title = ("Cấu hình", "Settings")
    known = {f"DUNGHAN_{name.upper()}" for name in Settings.model_fields}
    strange = sorted(name for name in os.environ if name.startswith("DUNGHAN_") and name not in known)
    advice = (
        "biến này không có tác dụng; sửa tên hoặc bỏ đi",
        "these have no effect; correct the names or remove them",
    )
    return Check("settings", "warn" if strange else "ok", title, ", ".join(strange) or "✓", advice)


def _folders(settings: Settings) -> Iterator[Check]:
    """The warehouse, or the nearest folder above it that exists, can be written."""
    root = settings.layout.root
    existing = nearest(root)
    title = ("Ghi được vào kho dữ liệu", "The warehouse can be written")
    advice = (
        f"cấp quyền ghi vào {existing} hoặc đặt DUNGHAN_WAREHOUSE sang thư mục khác",
        f"allow writing to {existing}, or set DUNGHAN_WAREHOUSE to another folder",
    )
    try:
        with tempfile.TemporaryFile(dir=existing):
            yield Check("warehouse", "ok", title, str(root))
    except OSError as error:
        yield Check("warehouse", "fail", title, f"{root}: {error.strerror}", advice)


def _disk(settings: Settings) -> Iterator[Check]:
    """Room for the next version beside the present ones: the build and one more publication."""
    title = ("Dung lượng đĩa còn trống", "Free disk space")
    root = settings.layout.root
    free = shutil.disk_usage(nearest(root)).free
    wanted = wanted_bytes(settings.layout)
    advice = (
        f"cần ít nhất {wanted / 1e9:.1f} GB; dọn đĩa hoặc giảm DUNGHAN_KEEP_VERSIONS",
        f"at least {wanted / 1e9:.1f} GB is needed; make room or lower DUNGHAN_KEEP_VERSIONS",
    )
    yield Check("disk", "ok" if free >= wanted else "fail", title, f"{free / 1e9:.1f} GB", advice)


def _key(settings: Settings) -> Iterator[Check]:
    from warehouse.keys import key_fingerprint, key_lost, remembered_fingerprint

    title = ("Khóa bảo mật", "Privacy key")
    path = settings.layout.privacy_key
    fingerprint, before = key_fingerprint(settings), remembered_fingerprint(settings)
    if fingerprint is None and before is None and not key_lost(settings):
        advice = ("lượt chạy đầu sẽ tạo tệp khóa; hãy sao lưu nó", "the first run makes a key file; keep a copy of it")
        yield Check("privacy_key", "warn", title, "-", advice)
        return
    if fingerprint is None or (before is not None and fingerprint != before):
        advice = (
            f"khóa đã đổi hoặc mất: khôi phục {path} từ bản sao lưu (docs/runbooks/vi/lost-key.md)",
            f"the key was changed or lost: restore {path} from the backup (docs/runbooks/lost-key.md)",
        )
        yield Check("privacy_key", "fail", title, "≠", advice)
        return
    if settings.privacy_key is None and (mode := stat.S_IMODE(path.stat().st_mode)) != 0o600:
        advice = (f"chỉ chủ sở hữu được đọc: chmod 600 {path}", f"only its owner may read it: chmod 600 {path}")
        yield Check("privacy_key", "fail", title, f"{path}: {mode:04o}", advice)
        return
    yield Check(
        "privacy_key", "ok", title, "DUNGHAN_PRIVACY_KEY" if settings.privacy_key is not None else f"{path} 0600"
    )


def _lock(settings: Settings) -> Iterator[Check]:
    from warehouse.lock import holder

    title = ("Khóa lượt chạy", "Run lock")
    held = holder(settings)
    advice = ("đang có lượt chạy; đợi nó xong", "a run is on; wait for it to end")
    found = f"pid {held.pid}, {held.since}" if held else "✓"
    yield Check("lock", "warn" if held else "ok", title, found, advice)


def _calendar(settings: Settings) -> Iterator[Check]:
    """Days that people may have added by hand."""
    from warehouse import calendar

    title = ("Lịch riêng của kho", "The warehouse's own calendar")
    advice = (
        "sửa calendar.csv theo lỗi bên cạnh; chỉ thêm dòng",
        "correct calendar.csv as the error beside says; only add lines",
    )
    try:
        changes = calendar.read(settings)
        chosen = calendar.at_revision(changes, settings.calendar_revision)
    except calendar.CalendarError as error:
        yield Check("calendar", "fail", title, str(error), advice)
    else:
        yield Check(
            "calendar", "ok", title, f"calendar.csv: {len(changes)}, revision {chosen.number}" if changes else "-"
        )


def _leftovers(settings: Settings) -> Iterator[Check]:
    """What killed runs left: harmless, and swept by the next run."""
    from warehouse.lock import holder
    from warehouse.publish import leftovers

    title = ("Dấu vết lượt chạy bị dừng", "Leftovers of killed runs")
    left = [] if holder(settings) else leftovers(settings)
    advice = ("vô hại; lượt chạy sau sẽ dọn", "harmless; the next run sweeps them")
    yield Check("leftovers", "warn" if left else "ok", title, ", ".join(left) or "✓", advice)


def _published(settings: Settings) -> Iterator[Check]:
    from warehouse.publish import PublicationDamagedError, sound
    from warehouse.status import ledger_totals

    title = ("Bản đang công bố", "Published version")
    advice = (
        "`dunghan run` công bố lại, hoặc `dunghan rollback` về bản trước",
        "`dunghan run` publishes again, or `dunghan rollback` goes back to the version before",
    )
    try:
        published = sound(settings)
    except PublicationDamagedError as error:
        yield Check("published", "fail", title, str(error), advice)
        return
    if published is None:
        yield Check("published", "warn", title, "-", ("chạy `dunghan run`", "run `dunghan run`"))
        return
    try:
        ledger_totals(settings)
    except Exception as error:
        yield Check("published", "fail", title, prefixed(f"{published.version}: ", safe_text(error)), advice)
        return
    yield Check("published", "ok", title, published.version)


def _last_run(settings: Settings) -> Iterator[Check]:
    """The last run ended well, or is under way."""
    from warehouse.lock import holder
    from warehouse.status import last_run

    title = ("Lượt chạy cuối", "The last run")
    record = last_run(settings) or {}
    outcome = record.get("outcome", "-")
    killed = outcome == "running" and holder(settings) is None
    advice = ("xem `dunghan status`, rồi chạy lại `dunghan run`", "see `dunghan status`, then `dunghan run` again")
    result: Result = "fail" if killed or outcome == "failed" else "ok"
    yield Check("last_run", result, title, _OUTCOMES["killed" if killed else outcome], advice)


def _lake(settings: Settings) -> Iterator[Check]:
    """Few enough files for a fast night."""
    from pipelines.landing.compaction import unmerged

    title = ("Lượt nạp chưa gộp trong kho", "Loads in the lake that were not merged")
    loads = unmerged(settings)
    advice = ("chạy `dunghan compact`", "run `dunghan compact`")
    yield Check("lake", "warn" if loads > MANY_LOADS else "ok", title, str(loads), advice)


def _lake_content(settings: Settings) -> Iterator[Check]:
    """Every file of the lake is what was written."""
    from pipelines.landing.checksums import damaged, listed
    from pipelines.landing.lake import SCHEMAS, reading

    title = ("Nội dung kho, từng tệp", "Content of the lake, every file")
    with reading(settings):
        found = damaged(settings, SCHEMAS)
    advice = (
        "`dunghan run --full-refresh` đọc lại từ tệp kết xuất; docs/runbooks/vi/damaged-lake.md",
        "`dunghan run --full-refresh` reads them again from the exports; docs/runbooks/damaged-lake.md",
    )
    wrong = " / ".join(listed(found, column) for column in (0, 1))
    yield Check("lake_content", "fail" if found else "ok", title, wrong if found else "✓", advice)


def _build_content(settings: Settings) -> Iterator[Check]:
    """Every block of the build file can be read; not while a run writes it."""
    from warehouse.database import is_damaged
    from warehouse.lock import run_lock

    title = ("Nội dung tệp dựng", "Content of the build file")
    with run_lock(settings):
        wrong = is_damaged(settings)
    advice = ("`dunghan run` bỏ nó và dựng lại từ kho", "`dunghan run` drops it and builds it again from the lake")
    yield Check("build_content", "fail" if wrong else "ok", title, "build.duckdb" if wrong else "✓", advice)


def _published_content(settings: Settings) -> Iterator[Check]:
    """Every version that is kept holds what was published."""
    from warehouse.publish import current, examine_content, versions

    now = current(settings)
    for version in versions(settings):
        title = (f"Nội dung bản {version.version}", f"Content of version {version.version}")
        wrong = examine_content(settings, version)
        is_current = now is not None and version.version == now.version
        advice = (
            "`dunghan publish` công bố lại từ lần dựng cuối" if is_current else "đừng quay về bản này",
            "`dunghan publish` publishes the last build again" if is_current else "do not roll back to it",
        )
        yield Check("published_content", "fail" if wrong else "ok", title, ", ".join(wrong) or "✓", advice)


def _duckdb(settings: Settings) -> Iterator[Check]:
    """DuckDB opens, writes and reads a file with this configuration."""
    import duckdb

    from warehouse.database import connect

    title = ("DuckDB mở được", "DuckDB opens")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trial.duckdb")
        with connect(settings, path) as con:
            con.execute("create table trial as select range as id from range(10)")
        with connect(settings, path, read_only=True) as con:
            rows = con.execute("select count(*) from trial").fetchone()
    advice = ("chạy `make setup`; xem DUNGHAN_MEMORY_LIMIT", "`make setup`; look at DUNGHAN_MEMORY_LIMIT")
    good = rows == (10,)
    found = f"{duckdb.__version__}, {settings.memory_limit}, {settings.threads}"
    yield Check("duckdb", "ok" if good else "fail", title, found, advice)


def _spark(settings: Settings) -> Iterator[Check]:
    """What a build on Spark and names in a metastore need, where settings ask for them."""
    for finding in (*examine_spark(settings), *examine_metastore(settings)):
        result: Result = "fail" if finding.advice else "ok"
        yield Check(finding.name, result, finding.title, finding.found, finding.advice or _NOTHING)


def _dbt(settings: Settings) -> Iterator[Check]:
    """The dbt project parses. Its files go to a temporary folder."""
    from warehouse.build import dbt_environment, dbt_executable

    title = ("Dự án dbt đọc được", "The dbt project parses")
    advice = (
        "mã nguồn bị sửa hoặc thiếu tệp: `git status`, rồi `make lint`",
        "the code was changed or files are missing: `git status`, then `make lint`",
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603  (own executable, fixed arguments)
            [dbt_executable(), "--quiet", "parse"],
            env={**os.environ, **dbt_environment(settings), "DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder},
            capture_output=True,
            text=True,
            timeout=DBT_SECONDS,
            check=False,
        )
    said = (done.stdout + done.stderr).strip().splitlines()
    found = "✓" if done.returncode == 0 else " ".join(said[-3:])[:300]
    yield Check("dbt", "ok" if done.returncode == 0 else "fail", title, found, advice)


def _time_zone(settings: Settings) -> Iterator[Check]:
    """Wall clocks are computed (UTC+7), so only the machine's own clock must be right."""
    from datetime import datetime

    from pipelines.clock import wall_clock

    title = ("Giờ Việt Nam theo đồng hồ máy", "Vietnam time by this machine's clock")
    now = wall_clock()
    published = _newest_export(settings)
    wrong = published is not None and published > now.isoformat()
    advice = (
        "có tệp kết xuất muộn hơn giờ máy: chỉnh đồng hồ, hoặc xem tên tệp",
        "an export is later than this clock: set the clock, or look at the file names",
    )
    offset = datetime.now().astimezone().strftime("%z")
    shown = f"{now:%d/%m/%Y %H:%M:%S}"
    found = f"{shown} (máy: {offset}) / {shown} (machine: {offset})"
    yield Check("time", "warn" if wrong else "ok", title, found, advice)


def _newest_export(settings: Settings) -> str | None:
    from warehouse.publish import current

    published = current(settings)
    return str(published.manifest["as_of"]) if published else None


def _drop_zone(settings: Settings) -> Iterator[Check]:
    """Readable, and laid out as <root>/<source>/<kind>/… (portal-exports §1). Other places than local folders: only
    reachable."""
    import fsspec

    title = ("Kho nhận tệp", "Drop zone")
    advice = (
        "tạo thư mục <kho nhận>/<nguồn>/<loại>/ (ví dụ dvcqg/dossiers) và đặt tệp vào, hoặc `dunghan sample`",
        "make <drop zone>/<source>/<kind>/ (e.g. dvcqg/dossiers) and put exports there, or `dunghan sample`",
    )
    files, root = fsspec.url_to_fs(settings.drop_zone)
    if not files.exists(root):
        yield Check("drop_zone", "fail", title, settings.drop_zone, advice)
        return
    folders = [
        Path(kind["name"]).name
        for source in files.ls(root, detail=True)
        if source["type"] == "directory"
        for kind in files.ls(source["name"], detail=True)
        if kind["type"] == "directory"
    ]
    right = [name for name in folders if name in KINDS]
    strange = sorted({masked_name(name) for name in folders if name not in KINDS})
    rest = f"; ? {', '.join(strange[:5])}" if strange else ""
    found = (
        f"{settings.drop_zone}: {len(right)} thư mục nguồn và loại{rest}"
        f" / {settings.drop_zone}: {len(right)} folders of source and kind{rest}"
    )
    result: Result = "fail" if not right else "warn" if strange else "ok"
    yield Check("drop_zone", result, title, found, advice)
