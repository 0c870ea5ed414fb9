"""The one settings class. Flags win over the environment (`DUNGHAN_*`), the environment over `dunghan.toml`.

Nothing else reads the environment or the file. Problems are told all at once, in Vietnamese first.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pipelines import contract
from pipelines.layout import REPOSITORY, Layout

CONFIG_FILE = "dunghan.toml"
EVERY_SOURCE = "*"
_SOURCE = re.compile(r"[a-z0-9_]+")
_POSTGRES_NAME = r"^[a-z_][a-z0-9_]{0,40}$"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

# pydantic's kinds of problem in Vietnamese; its own English words follow. What is not here is told in English only.
_VIETNAMESE = {
    "datetime": "không phải thời điểm, ví dụ 2024-05-31T23:59:59",
    "int": "phải là số nguyên",
    "float": "phải là số",
    "bool": "phải là true hoặc false",
    "greater": "quá nhỏ",
    "less": "quá lớn",
    "string_pattern": "sai dạng",
    "literal": "không phải giá trị cho phép",
    "extra_forbidden": "không có mục cấu hình này",
    "path": "phải là đường dẫn",
}


class ConfigurationError(Exception):
    """Settings cannot be used. The message names every missing or wrong piece at once."""


@dataclass(frozen=True)
class Scope:
    """Which files count in a restatement: exported, and seen by the warehouse, up to a moment; None = no limit."""

    exported_until: datetime | None = None
    seen_until: datetime | None = None


class Settings(BaseSettings):
    """Everything a run can be told. Times are local wall clock of Asia/Ho_Chi_Minh; sizes are DuckDB size strings."""

    model_config = SettingsConfigDict(env_prefix="DUNGHAN_", toml_file=CONFIG_FILE, extra="forbid")

    drop_zone: str = Field(
        default=str(REPOSITORY / "warehouse" / "data" / "inbox"),
        description="root of the exports: folder or fsspec URL",
    )
    warehouse: Path = Field(
        default=REPOSITORY / "warehouse" / "data", description="folder of lake, build, published marts, keys and state"
    )
    privacy_key: SecretStr | None = Field(
        default=None, description="key of the HMAC that replaces identity numbers; at least 16 characters"
    )
    as_of: datetime | None = Field(
        default=None, description="moment at which figures are closed; default: latest exported_at loaded"
    )
    known_at: datetime | None = Field(default=None, description="use only exports up to this moment; default: no limit")
    calendar_revision: int | None = Field(
        default=None, ge=0, description="revision of the warehouse's calendar.csv that counts; default: the latest"
    )
    keep_officer_names: bool = Field(default=False, description="keep NguoiXuLy in clear instead of its key")
    mostly_bad_share: float = Field(
        default=0.5, gt=0, le=1, description="REJ_FILE_MOSTLY_BAD above this share of rejected rows"
    )
    alert_share: float = Field(
        default=0.01, ge=0, le=1, description="exit status 3 when the share of quarantined rows of a run is above this"
    )
    keep_versions: int = Field(default=7, ge=1, description="published versions kept for rollback")
    keep_runs: int = Field(default=30, ge=1, description="runs whose events Dagster's history keeps")
    compact_after: int = Field(
        default=10,
        ge=0,
        description="a night merges the lake's small files once so many loads wait; 0: never by itself",
    )
    memory_limit: str = Field(
        default="3GB", pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$", description="DuckDB memory limit"
    )
    threads: int = Field(default=2, ge=1, description="DuckDB and dbt threads")
    settle_seconds: int = Field(
        default=0, ge=0, description="leave files alone that changed less than this many seconds ago"
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="failure notices are POSTed here; without it they are logged"
    )
    nightly_cron: str = Field(default="30 1 * * *", description="cron of the nightly load, Asia/Ho_Chi_Minh")
    compact_cron: str = Field(default="30 12 * * 0", description="cron of the compaction, Asia/Ho_Chi_Minh")
    headings: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="headings that a source (* = all) uses besides the contract's: heading = field; '' = ignore",
    )
    words: dict[str, dict[str, int | str]] = Field(
        default_factory=dict,
        description="words of a source (* = all) for a status: word = 1..10; for others: word = 'KenhThucHien:2'",
    )
    postgres_dsn: SecretStr | None = Field(
        default=None, description="every publication is loaded into this PostgreSQL, too (libpq's URL or key=value)"
    )
    postgres_schema: str = Field(
        default="marts", pattern=_POSTGRES_NAME, description="schema in PostgreSQL; beside it _old, _next, _access"
    )
    postgres_role: str = Field(
        default="dunghan_reader",
        pattern=_POSTGRES_NAME,
        description="role in PostgreSQL that may read; made if missing",
    )
    postgres_row_security: bool = Field(
        default=False, description="readers of PostgreSQL see the agencies that <schema>_access.agencies gives them"
    )
    lang: Literal["vi", "en"] = Field(default="vi", description="language of what people read")
    _work: Path | None = PrivateAttr(default=None)
    _scope: Scope = PrivateAttr(default=Scope())

    @field_validator("as_of", "known_at", mode="before")
    @classmethod
    def _moment(cls, value: Any) -> Any:
        """Empty means not given; a date alone means the end of that day, as in portal-exports §1."""
        if isinstance(value, str) and not value.strip():
            return None
        if isinstance(value, str) and _DAY.fullmatch(value.strip()):
            return f"{value.strip()}T23:59:59"
        return value

    @field_validator("as_of", "known_at")
    @classmethod
    def _wall_clock(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is not None:
            raise ValueError("giờ Việt Nam, không kèm múi giờ / local wall clock without a time zone")
        return value and value.replace(microsecond=0)

    @field_validator("postgres_dsn")
    @classmethod
    def _some_server(cls, value: SecretStr | None) -> SecretStr | None:
        """Empty means not given."""
        return value if value and value.get_secret_value().strip() else None

    @field_validator("privacy_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("khóa phải có ít nhất 16 ký tự / the key needs at least 16 characters")
        return value

    @field_validator("headings")
    @classmethod
    def _known_fields(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        problems = [problem for source, entries in value.items() for problem in _heading_problems(source, entries)]
        if problems:
            raise ValueError("; ".join(problems))
        return value

    @field_validator("words")
    @classmethod
    def _known_words(cls, value: dict[str, dict[str, int | str]]) -> dict[str, dict[str, int | str]]:
        problems = [
            f'[words.{source}] "{word}" = {meant!r}: viết số trạng thái 1–10, hoặc "trường:mã"'
            " / write a status 1-10, or 'field:code'"
            for source, entries in value.items()
            for word, meant in entries.items()
            if not contract.fold(word) or _meaning(meant) is None
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def layout(self) -> Layout:
        return Layout(self.warehouse.expanduser().resolve(), self._work)

    @property
    def scope(self) -> Scope:
        """The files that count: all of them, except in a restatement."""
        return self._scope

    def restating(self, work: Path, scope: Scope, **changes: Any) -> Settings:
        """These settings for a build of its own in the folder `work`, from the files of `scope`."""
        settings = self.model_copy(update=changes)
        settings._work, settings._scope = work, scope
        return settings

    def synonyms(self, source: str) -> Mapping[str, str]:
        """Headings that `source` uses besides those of portal-exports §9: folded heading → contract name, '' = ignored.

        What is said of the source wins over what is said of all ("*").
        """
        entries = self.headings.get(EVERY_SOURCE, {}), self.headings.get(source, {})
        return {
            contract.fold(heading): contract.table_fields()[name.strip().lower()] if name.strip() else ""
            for several in entries
            for heading, name in several.items()
        }

    def meanings(self, source: str) -> Mapping[str, Mapping[str, str]]:
        """Words that `source` uses besides those of the contract: map of words (`status_words` …) → folded word → code.

        What is said of the source wins over what is said of all ("*").
        """
        found: dict[str, dict[str, str]] = {}
        for entries in (self.words.get(EVERY_SOURCE, {}), self.words.get(source, {})):
            for word, meant in entries.items():
                table, code = _meaning(meant) or ("", "")
                found.setdefault(table, {})[contract.fold(word)] = code
        return found


def load_settings(**flags: Any) -> Settings:
    """Settings from flags (None = not given), environment and file.

    Raises ConfigurationError naming every wrong piece; values are not repeated, since they may be secrets.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        problems = [
            (".".join(str(part) for part in found["loc"]), found["type"], found["msg"])
            for found in error.errors(include_input=False, include_url=False)
        ]
        lines = [f"  DUNGHAN_{name.upper()} ({name}): {_told(kind, text)}" for name, kind, text in problems]
        raise ConfigurationError("Cấu hình chưa đúng / configuration problems:\n" + "\n".join(lines)) from None
    except SettingsError as error:
        # Of a variable that must hold JSON; the error under it would quote what it holds.
        name = str(error).partition('"')[2].partition('"')[0]
        raise ConfigurationError(
            f"Cấu hình chưa đúng / configuration problems:\n  DUNGHAN_{name.upper()} ({name}): "
            'phải là JSON / must be JSON, e.g. {"motcua": {"Số phiếu": "MaHoSo"}}'
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"Không đọc được {CONFIG_FILE} / cannot be read: {Path(CONFIG_FILE).resolve()}: {error}"
        ) from None


def _meaning(meant: int | str) -> tuple[str, str] | None:
    """(map of words, code) of `9`, `"9"` or `"KenhThucHien:2"`; None when there is no such field or code."""
    portal, _, code = str(meant).rpartition(":")
    table, codes = contract.WORD_FIELDS.get(portal.strip() or "TrangThaiHoSo", ("", ()))
    return (table, code.strip()) if code.strip() in codes else None


def _heading_problems(source: str, entries: Mapping[str, str]) -> list[str]:
    """What is wrong with the headings of one source, with near names of a field that there is none of."""
    problems = []
    if source != EVERY_SOURCE and not _SOURCE.fullmatch(source):
        problems.append(f"[headings.{source}]: tên nguồn chỉ gồm a-z, 0-9, _ / a source is named with a-z, 0-9, _ only")
    fields = contract.table_fields()
    meant: dict[str, str] = {}
    for heading, name in entries.items():
        folded, key = contract.fold(heading), name.strip().lower()
        where = f'[headings.{source}] "{heading}" = "{name}"'
        if not folded:
            problems.append(f"{where}: tiêu đề không có chữ nào / the heading has no letters")
        elif key and key not in fields:
            near = ", ".join(fields[found] for found in difflib.get_close_matches(key, fields, n=3, cutoff=0.5))
            hint = f"; gần giống / near: {near}" if near else ""
            problems.append(f"{where}: không có trường này / there is no such field{hint}")
        elif meant.setdefault(folded, key) != key:
            problems.append(f"{where}: tiêu đề này đã chỉ trường khác / this heading means another field already")
    return problems


def _told(kind: str, text: str) -> str:
    vietnamese = next((words for start, words in _VIETNAMESE.items() if kind.startswith(start)), None)
    text = text.removeprefix("Value error, ")
    return f"{vietnamese} / {text}" if vietnamese else text
