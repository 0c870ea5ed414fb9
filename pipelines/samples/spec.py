"""What a sample is asked to be: size, period, mix of verdicts, distortions, bad rows, shape; and the presets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.bilingual import prefixed
from pipelines.samples.shapes import SHAPES


class SampleError(Exception):
    """A sample cannot be made as asked. The message says which field and what to do, Vietnamese first."""


def _rate(about: str, default: float = 0) -> Any:
    return Field(default=default, ge=0, le=1, description=about)


def _number(about: str, default: int, most: int) -> Any:
    return Field(default=default, ge=0, le=most, description=about)


class Mix(BaseModel):
    """How many dossiers meet which fate under form_ii06 at the last export; scaled to the number of dossiers.

    The default is the district of timeliness §8, so a sample of exactly that many dossiers has exactly these counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    early: int = Field(default=16_090, ge=0)
    on_time: int = Field(default=15_225, ge=0, description="finished on the due date")
    withdrawn: int = Field(default=60, ge=0, description="resolved, counted on time")
    late: int = Field(default=19, ge=0)
    in_time: int = Field(default=1_982, ge=0, description="pending, due date not passed")
    overdue: int = Field(default=23, ge=0, description="pending, due date passed")
    wait_papers: int = Field(default=148, ge=0, description="pending, clock stopped by an open request for papers")
    wait_fee: int = Field(default=94, ge=0, description="pending, clock stopped by a fee demand")
    stopped: int = Field(default=12, ge=0, description="processing stopped: pending in time")

    def counts(self, dossiers: int) -> dict[str, int]:
        """Whole numbers per fate that add up to `dossiers` (largest remainder)."""
        weights: dict[str, int] = self.model_dump()
        total = sum(weights.values())
        counts = {fate: dossiers * weight // total for fate, weight in weights.items()}
        by_remainder = sorted(weights, key=lambda fate: -(dossiers * weights[fate] % total))
        for fate in by_remainder[: dossiers - sum(counts.values())]:
            counts[fate] += 1
        return counts


class Distortions(BaseModel):
    """Rates 0..1 of what real senders do to their data (portal-exports §8), each of the dossiers on which it is
    possible."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paused_sent_as_done: float = _rate("§8.1: 5/6/8 sent as 9, later reopened; needs nights")
    no_due_done_event: float = _rate("§8.2: pending without due date, 9-event at reception")
    synthetic_code: float = _rate("§8.3: code ends in five digits made up by the sender")
    placeholder_id: float = _rate("§8.3: identity number 000000001")
    submitted_is_received: float = _rate("§8.4: NgayNopHoSo = NgayTiepNhan")
    constant_flags: float = _rate("§8.4: constants in the VNeID flag and NoiNopHoSo")
    empty_supplements: float = _rate("§8.4: supplement list empty though papers were asked for")
    local_procedure: float = _rate("§8.5: procedure code of the sender's own")
    no_due: float = _rate("§8.5: NgayHenTra always empty")
    bulk_closing: float = _rate("§8.6: many finished in the same minute")
    due_moved_late: float = _rate("§8.6: due date rewritten after it passed; needs nights")
    unknown_field: float = _rate("§3: a field the contract does not know (drift)")


class LocalSystem(BaseModel):
    """Other senders, the one-stop systems, and a report of the portal: how they differ from the portal's export
    (timeliness §10). Rates 0..1 of the dossiers on which it is possible; each differs in one way at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], ...] = Field(
        default=("motcua",), min_length=1, description="one-stop systems; each sends the dossiers of its own agencies"
    )
    unsynchronised: int = _number("dossiers that never reached the portal", 0, most=400)
    only_portal: float = _rate("handled on a ministry's system")
    late: float = _rate("on the portal a nightly run later; of those received since the first")
    due_differs: float = _rate("the appointment is a day later here")
    agency_differs: float = _rate("a local code that tells no agency; another name here")
    report_extra: int = Field(default=0, ge=0, description="dossiers in the portal's report that nobody knows")


class EndPoint(BaseModel):
    """A second end point of the portal, which moved (portal-exports §8.7): source `<source>_moi` sends some dossiers
    once more, as they are and in tables that a spreadsheet or an old font has spoilt (§8.8, §8.9)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dossiers: int = _number("§8.7: sent by both end points", 0, most=10_000)
    day_month_swapped: int = _number("§8.8: likewise, saved by a US spreadsheet", 0, most=10_000)
    legacy_text: int = _number("§8.9: likewise, UTF-8 saved as Windows-1252", 0, most=10_000)


ROW_REJECTS = (
    "REJ_NOT_A_RECORD",
    "REJ_NO_CODE",
    "REJ_CODE_TOO_LONG",
    "REJ_BAD_STATUS",
    "REJ_NO_RECEPTION",
    "REJ_BAD_DATE",
    "REJ_BAD_DATE+REJ_BAD_STATUS",
)
FILE_REJECTS = ("REJ_FILE_UNREADABLE", "REJ_FILE_NO_HEADING", "REJ_FILE_SHIFTED", "REJ_FILE_MOSTLY_BAD")
EVENT_REJECTS = ("REJ_NOT_A_RECORD", "REJ_NO_CODE", "REJ_BAD_DATE", "REJ_BAD_STATUS")


class SampleSpec(BaseModel):
    """One sample. The same spec always gives the same bytes, whatever the number of threads.

    `dossiers` counts what form_ii06 counts; `not_accepted` (status 1) and `refused` (status 3) come on top.
    Exports: a full one `nightly runs` days before `last_day`, then one per day (`nightly`: changes only, or full again)
    up to `last_day`; days on which nothing changed send no file. All are dated at the day's last second.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=1, ge=0)
    dossiers: int = Field(default=1_000, ge=1, le=33_000_000)
    not_accepted: int = _number("registrations without a reception (status 1)", 0, most=400)
    refused: int = _number("refused after reception (status 3)", 0, most=400)
    source: str = Field(default="dvcqg", pattern=r"^[a-z0-9_]+$")
    agency: str = Field(
        default="H39.18", pattern=r"^H\d{2}(\.\d{2})?$", description="a district, or a province for large samples"
    )
    first_day: date = date(2024, 1, 1)
    last_day: date = date(2024, 5, 31)
    nights: int = Field(default=0, ge=0)
    nightly: str = Field(default="changes", pattern="^(changes|full)$")
    changes_per_night: int = Field(
        default=0, ge=0, description="dossiers touched each night besides their natural life"
    )
    mix: Mix = Mix()
    distortions: Distortions = Distortions()
    local_system: LocalSystem | None = Field(default=None, description="also one-stop systems and portal_reports")
    end_point: EndPoint | None = Field(default=None, description="also <source>_moi, the portal's second end point")
    keep_figures: bool = Field(
        default=True, description="distortions only where they leave the form_ii06 verdict alone"
    )
    bad_rows: dict[str, int] = Field(default_factory=dict, description=f"rows per kind: {', '.join(ROW_REJECTS)}")
    bad_events: dict[str, int] = Field(
        default_factory=dict, description=f"event rows per kind: {', '.join(EVENT_REJECTS)}"
    )
    bad_files: dict[str, int] = Field(default_factory=dict, description=f"files per kind: {', '.join(FILE_REJECTS)}")
    duplicate_files: int = _number("copies of the first dossier file under other names", 0, most=9)
    shape: str = Field(
        default="ndjson",
        description=f"one of {', '.join(SHAPES)}; several with commas between: every night takes the next, in turn",
    )
    flat: bool = Field(default=False, description="records without lists, as tables hold them")
    progress: float = _rate("share of dossiers whose events are exported", 1.0)
    catalogues: bool = Field(default=True, description="also procedures and agencies")
    procedures: int = Field(
        default=0,
        ge=0,
        le=3_000,
        description="so many procedures of 32 fields, few of which take most dossiers; 0: a few dozen",
    )
    supplements: float = _rate("share of long dossiers with answered requests for papers", 0.04)
    old_codes: float = _rate("share of dossier codes in the old form 000.00.18.H39-…", 0.1)
    digitised_input: float = Field(default=0.9, ge=0, le=1)
    digitised_output: float = Field(default=0.9, ge=0, le=1)
    bytes_per_dossier: int = _number("pad records to about so many bytes; 0: natural, 1.5 KB", 0, most=100_000)

    @field_validator("bad_rows", "bad_events", "bad_files")
    @classmethod
    def _known_kinds(cls, value: dict[str, int], info: Any) -> dict[str, int]:
        known = {"bad_rows": ROW_REJECTS, "bad_events": EVENT_REJECTS, "bad_files": FILE_REJECTS}[info.field_name]
        if unknown := sorted(set(value) - set(known)):
            raise ValueError(
                f"loại lạ {', '.join(unknown)}; có: {', '.join(known)}"
                f" / unknown kind {', '.join(unknown)}; known: {', '.join(known)}"
            )
        if sum(value.values()) > 900 or any(number < 0 for number in value.values()):
            raise ValueError("từ 0 đến 900 / must be 0 to 900")
        return value

    @field_validator("shape")
    @classmethod
    def _known_shape(cls, value: str) -> str:
        if unknown := [name for name in value.split(",") if name not in SHAPES]:
            known = "\n".join("    " + prefixed(f"{name}: ", shape.about) for name, shape in SHAPES.items())
            named = ", ".join(repr(name) for name in unknown)
            raise ValueError(f"dạng lạ {named}; có: / unknown shape {named}; known:\n{known}")
        return value

    @model_validator(mode="after")
    def _possible(self) -> SampleSpec:
        days = (self.last_day - self.first_day).days
        if days < 20:
            raise ValueError("kỳ phải dài ít nhất 20 ngày / the period needs at least 20 days")
        if self.nights > days:
            raise ValueError(
                f"số đêm không quá {days}, số ngày của kỳ / nights: at most {days}, the days of the period"
            )
        if self.changes_per_night > self.dossiers:
            raise ValueError("changes_per_night: không quá số hồ sơ / changes_per_night: not more than the dossiers")
        if sum(self.mix.model_dump().values()) == 0:
            raise ValueError("mix: cần ít nhất một số dương / mix: at least one positive number")
        return self

    @property
    def as_of(self) -> datetime:
        """The moment for which the intended verdicts hold: exported_at of the last export."""
        return datetime.combine(self.last_day, time(23, 59, 59))

    def of_night(self, night: int) -> SampleSpec:
        """The same sample with the one shape that the files of this night have (0: the first export)."""
        shapes = self.shape.split(",")
        return self.model_copy(update={"shape": shapes[night % len(shapes)]})


def district_2024(**changes: Any) -> SampleSpec:
    """The district of timeliness §8: 33,653 received January–May 2024, 31,394 resolved (16,090 early, 19 late),
    2,259 pending.

    With five nightly runs of history, distortions and bad rows that leave these figures alone. `changes` override
    fields.
    """
    fields: dict[str, Any] = {
        "seed": 2024,
        "dossiers": 33_653,
        "not_accepted": 25,
        "refused": 18,
        "nights": 5,
        "digitised_input": 1.0,
        "digitised_output": 1.0,
        "distortions": Distortions(
            paused_sent_as_done=0.3,
            no_due_done_event=0.01,
            synthetic_code=0.01,
            placeholder_id=0.005,
            submitted_is_received=0.3,
            constant_flags=0.1,
            empty_supplements=0.3,
            local_procedure=0.005,
            no_due=0.004,
            bulk_closing=0.03,
            due_moved_late=0.02,
            unknown_field=0.02,
        ),
        "local_system": LocalSystem(
            unsynchronised=12, only_portal=0.002, late=0.05, due_differs=0.003, agency_differs=0.0005, report_extra=2
        ),
        "end_point": EndPoint(dossiers=24, day_month_swapped=40, legacy_text=30),
        "bad_rows": dict.fromkeys(ROW_REJECTS, 3),
        "bad_events": dict.fromkeys(EVENT_REJECTS, 2),
        "bad_files": dict.fromkeys(FILE_REJECTS, 1),
        "duplicate_files": 1,
    }
    return SampleSpec(**{**fields, **changes})


PRESETS = {"district": district_2024}


def build_spec(
    preset: str | None = None,
    distort: Iterable[str] = (),
    bad: Iterable[str] = (),
    sources: Sequence[str] = (),
    **fields: Any,
) -> SampleSpec:
    """A spec from command-line words: `distort` as name=rate, `bad` as REJ_ID=number, fields left None are not given.

    sources: the portal, then one-stop systems. The period begins earlier when it has fewer days than there are nights.
    Raises SampleError naming every wrong piece.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    if preset is not None and preset not in PRESETS:
        known = ", ".join(PRESETS)
        raise SampleError(f"Không có mẫu {preset}; có: {known} / there is no preset {preset}; known: {known}")
    try:
        rates = {name: float(rate) for name, rate in _pairs(distort)}
        numbers = {name: int(number) for name, number in _pairs(bad)}
    except ValueError as error:
        raise SampleError(
            f"phải viết --distort tên=tỷ lệ, --bad REJ_…=số: {error}"
            f" / must be --distort name=rate, --bad REJ_…=number: {error}"
        ) from None
    base = PRESETS[preset]() if preset else SampleSpec()
    try:
        if rates:
            given["distortions"] = Distortions(**{**base.distortions.model_dump(), **rates})
        if numbers:
            of_files = {kind: number for kind, number in numbers.items() if kind.startswith("REJ_FILE_")}
            given["bad_files"] = {**base.bad_files, **of_files}
            given["bad_rows"] = {**base.bad_rows, **{k: n for k, n in numbers.items() if k not in of_files}}
        given |= _senders(base, sources) | _longer(base, given)
        return SampleSpec(**{**base.model_dump(), **given})
    except ValidationError as error:
        lines = ["  " + _told(".".join(map(str, found["loc"])), found["msg"]) for found in error.errors()]
        raise SampleError("Mẫu không tạo được / the sample cannot be made:\n" + "\n".join(lines)) from None


def _senders(base: SampleSpec, sources: Sequence[str]) -> dict[str, Any]:
    """The fields that say who sends: the portal first, then the one-stop systems."""
    if not sources:
        return {}
    portal, *others = sources
    if not others:
        return {"source": portal}
    local = (base.local_system or LocalSystem()).model_dump() | {"sources": tuple(others)}
    return {"source": portal, "local_system": local}


def _longer(base: SampleSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """An earlier first day where the nights would not fit into the period."""
    last = given.get("last_day", base.last_day)
    first = min(given.get("first_day", base.first_day), last - timedelta(days=given.get("nights", base.nights)))
    return {"first_day": first}


def _told(name: str, text: str) -> str:
    """What is wrong with a field; of a text of several lines the first names it. "" is the whole spec."""
    first, *others = text.removeprefix("Value error, ").split("\n")
    return "\n".join([prefixed(f"{name}: " if name else "", first), *others])


def _pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    pairs = [word.partition("=") for word in words]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise ValueError(", ".join(wrong))
    return [(name.strip(), value.strip()) for name, _, value in pairs]
