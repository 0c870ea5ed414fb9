"""What is unusual in what came in, told with its figures before anything is published: each file against the files
before it of the same source and kind, and sources that have fallen silent.

Bad rows have rules, and a wrong sum stops the audit; this is for input in which every row is right and the whole is
not. Whether an anomaly is off, only told (attention, exit status 3) or stops the publication (block) is a setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.bilingual import prefixed
from pipelines.config import Settings
from pipelines.sql import literal
from warehouse.database import connect_build
from warehouse.publish import current
from warehouse.status import silent_sources

#: What the query takes as unusual. behind, enough: files before; enough_rows: of fewer rows nothing is said; smaller:
#: share of the smallest file before; flood_share: of the file's rows, flood_times: as many as usual.
LIMITS = {
    "behind": 10,
    "enough": 5,
    "enough_rows": 20,
    "smaller": 0.5,
    "flood_share": 0.05,
    "flood_times": 5,
}

#: Anomaly → Vietnamese / English; {found} and {usual} are rows or dossiers, days for a silent source.
_TEXTS = {
    "smaller_export": "chỉ có {found} dòng, các tệp trước đó ít nhất {usual} dòng"
    " / only {found} rows, the files before it have at least {usual}",
    "status_gone": "không có hồ sơ nào ở trạng thái {subject}, lẽ ra khoảng {usual}"
    " / no dossier has status {subject}, about {usual} would be usual",
    "reason_flood": "{found} dòng bị loại vì {subject}, thường khoảng {usual}"
    " / {found} rows rejected for {subject}, about {usual} would be usual",
    "source_silent": "{found} ngày nay không gửi tệp nào (báo khi quá {usual} ngày)"
    " / no file for {found} days (told after {usual})",
}


@dataclass(frozen=True)
class Anomaly:
    """One unusual thing. name: a setting of [anomalies]; where: file path, or source; blocks: it stops publication."""

    name: str
    where: str
    subject: str | None
    found: int
    usual: int
    blocks: bool

    @property
    def message(self) -> str:
        """What, where, with the figures, in both languages."""
        text = _TEXTS[self.name].format(subject=self.subject, found=self.found, usual=self.usual)
        return prefixed(f"{self.where}: ", text)


def silent(settings: Settings, sources: Mapping[str, str]) -> list[Anomaly]:
    """Sources that have sent nothing for `silent_days`. sources: source → when something new of it was seen last."""
    return _told(
        settings,
        (("source_silent", source, None, days, limit) for source, days, limit in silent_sources(settings, sources)),
    )


def of_files(settings: Settings) -> list[Anomaly]:
    """What is unusual in files that are not published yet. Without a published version nothing is usual.

    The caller holds the lock, and the build file is closed.
    """
    published = current(settings)
    if published is None:
        return []
    query = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with connect_build(settings) as con:
        con.execute(f"attach {literal(published.database.resolve())} as published (read_only)")
        rows = con.execute(query, LIMITS).fetchall()
    return _told(settings, rows)


def _told(settings: Settings, found: Iterable[tuple[str, str, str | None, int, int]]) -> list[Anomaly]:
    """(name, where, subject, found, usual) each, without what the settings leave out."""
    return [Anomaly(*one, blocks=level == "block") for one in found if (level := settings.on_anomaly(one[0])) != "off"]
