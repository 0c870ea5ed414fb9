"""The one settings class. Flags win over the environment (`DUNGHAN_*`), the environment over the file `dunghan.toml`.

The file is the one that `--config` names, else `DUNGHAN_CONFIG`, else `dunghan.toml` in the working folder, else in the
folder of the project: the same for the command line, cron, systemd and Dagster. Relative folders in it are relative to
it. Nothing else reads the environment or the file. Problems are told all at once, in Vietnamese first.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pipelines import contract
from pipelines.bilingual import joined, prefixed
from pipelines.layout import REPOSITORY, Layout

CONFIG_FILE = "dunghan.toml"
EVERY_SOURCE = "*"
#: What may be unusual in what comes in (expectations.anomalies).
ANOMALIES = ("smaller_export", "status_gone", "reason_flood", "source_silent")
#: A weekend, and a day before and after it.
SILENT_DAYS = 4
_SOURCE = re.compile(r"[a-z0-9_]+")
_SQL_NAME = r"^[a-z_][a-z0-9_]{0,40}$"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MEMORY = r"^\d+[mMgG]$"
_METASTORE = r"^thrift://[^\s,]+:\d+(,thrift://[^\s,]+:\d+)*$"
_MASTER = r"^(local(\[(\*|\d+)\])?|spark://\S+:\d+|yarn|k8s://\S+)$"
#: What Đúng Hạn says to Spark itself: [spark.conf] must not say it otherwise.
_OWN_SPARK_CONF = ("spark.master", "spark.sql.warehouse.dir", "spark.sql.ansi.enabled", "spark.sql.timestampType")
_OWNER = re.compile(r"team:[\w.-]+|[^@\s]+@[^@\s]+\.[^@\s]+")
_JSON = '{"motcua": {"Số phiếu": "MaHoSo"}}'

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


#: Where the value of a setting comes from.
Origin = Literal["flag", "environment", "file", "default"]


class ConfigurationError(Exception):
    """Settings cannot be used. The message names every missing or wrong piece at once."""


@dataclass(frozen=True)
class Scope:
    """Which files count in a restatement: exported, and seen by the warehouse, up to a moment; None = no limit."""

    exported_until: datetime | None = None
    seen_until: datetime | None = None


class Digest(BaseModel):
    """Who is told what after a run. agency: code of an agency, with those below it; None = all. source: one system;
    None = the one with most dossiers, for systems send the same ones. send: where to besides the file, as apprise
    writes addresses (mailtos://…, json://…)."""

    model_config = ConfigDict(extra="forbid")

    agency: str | None = None
    source: str | None = None
    send: list[SecretStr] = Field(default_factory=list)


class Spark(BaseModel):
    """Where and with how much of the machines exports are read and marts built on Spark (`engine = "spark"`).

    folder: seen under the same path by this machine and every executor; None = `spark` in the warehouse folder, which
    does for `local`. Sizes as Spark writes them (512m, 4g). executor_cores, cores_max: None = as the cluster has them.
    landing_from_mib: from so many MiB of new files on the executors read them, below it this machine does (0: always
    the executors), for a session takes some ten seconds to start. validation_from_mib: from so many MiB of their rows
    in the lake on the executors look for what violates rules, for which they must see the warehouse folder; None: this
    machine does.
    metastore: where the published marts get names for those who ask Spark, as views in `database`, which is ours alone;
    several addresses of one metastore with commas between; None: nowhere. Also when DuckDB builds the marts.
    conf: further properties of Spark, never shown, for some are passwords; those that decide what the figures are stay
    as they are.
    """

    model_config = ConfigDict(extra="forbid")

    master: str = Field(default="local[*]", pattern=_MASTER)
    folder: Path | None = None
    driver_memory: str = Field(default="2g", pattern=_MEMORY)
    executor_memory: str = Field(default="2g", pattern=_MEMORY)
    executor_cores: int | None = Field(default=None, ge=1)
    cores_max: int | None = Field(default=None, ge=1)
    shuffle_partitions: int = Field(default=200, ge=1)
    threads: int = Field(default=1, ge=1, le=16)
    landing_from_mib: int = Field(default=1024, ge=0)
    validation_from_mib: int | None = Field(default=None, ge=0)
    metastore: str | None = Field(default=None, pattern=_METASTORE)
    database: str = Field(default="dunghan", pattern=_SQL_NAME)
    conf: dict[str, SecretStr] = Field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Everything runs in one process of this machine."""
        return self.master.startswith("local")

    @field_validator("conf")
    @classmethod
    def _further(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        _refuse(
            sorted(name for name in value if not name.startswith("spark.") or name in _OWN_SPARK_CONF),
            "chỉ nhận thuộc tính spark.… mà Đúng Hạn không tự đặt"
            " / only properties spark.… that Đúng Hạn does not set itself",
        )
        return value

    @model_validator(mode="after")
    def _shared(self) -> Spark:
        if not self.is_local and self.folder is None:
            raise ValueError(
                "cụm máy cần `folder`: thư mục mà máy này và mọi executor thấy dưới cùng một đường dẫn"
                " / a cluster needs `folder`: one that this machine and every executor see under the same path"
            )
        return self


class Settings(BaseSettings):
    """Everything a run can be told. Times are local wall clock of Asia/Ho_Chi_Minh; sizes are DuckDB size strings."""

    model_config = SettingsConfigDict(env_prefix="DUNGHAN_", extra="forbid")

    config: Path | None = Field(default=None, description="tệp cấu hình / this file of settings")

    drop_zone: str = Field(
        default=str(REPOSITORY / "warehouse" / "data" / "inbox"),
        description="thư mục nhận tệp kết xuất (hoặc URL fsspec) / root of the exports: folder or fsspec URL",
    )
    warehouse: Path = Field(
        default=REPOSITORY / "warehouse" / "data",
        description="thư mục của kho: dữ liệu, bản công bố, khóa, trạng thái"
        " / folder of lake, build, published marts, keys, state",
    )
    province: str | None = Field(
        default=None,
        pattern=r"^H\d{2}$",
        description="mã tỉnh, ví dụ H39; ghi vào bản công bố để lập bản toàn quốc (`dunghan rollup`)"
        " / code of the province, e.g. H39; published with the figures, for the national version (`dunghan rollup`)",
    )
    privacy_key: SecretStr | None = Field(
        default=None,
        description="khóa HMAC thay số định danh, ít nhất 16 ký tự"
        " / key of the HMAC that replaces identity numbers, at least 16 characters",
    )
    as_of: datetime | None = Field(
        default=None,
        description="thời điểm chốt số liệu; mặc định: lúc kết xuất mới nhất đã nạp"
        " / moment at which figures are closed; default: latest exported_at loaded",
    )
    known_at: datetime | None = Field(
        default=None,
        description="chỉ dùng bản kết xuất đến thời điểm này; mặc định: không giới hạn"
        " / use only exports up to this moment; default: no limit",
    )
    calendar_revision: int | None = Field(
        default=None,
        ge=0,
        description="bản sửa của calendar.csv được dùng; mặc định: mới nhất"
        " / revision of the warehouse's calendar.csv that counts; default: the latest",
    )
    keep_officer_names: bool = Field(
        default=False,
        description="giữ tên cán bộ xử lý thay vì khóa của tên / keep NguoiXuLy in clear instead of its key",
    )
    dropped_columns: list[str] = Field(
        default_factory=list,
        description="cột tên không lưu khi đọc tệp, ví dụ agency_name, unit_name (tên đơn vị là tên người)"
        " / columns of names not kept when files are read, e.g. agency_name, unit_name (named after people)",
    )
    published_group: str | None = Field(
        default=None,
        description="nhóm được đọc bản công bố (người khác thì không); trống: theo umask"
        " / group that may read what is published, and nobody else; empty: as the umask says",
    )
    mostly_bad_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="loại cả tệp khi tỷ lệ dòng bị loại vượt mức này, 0..1"
        " / REJ_FILE_MOSTLY_BAD above this share of rejected rows, 0..1",
    )
    alert_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="mã thoát 3 khi tỷ lệ dòng bị loại của lượt chạy vượt mức này, 0..1"
        " / exit status 3 when the share of quarantined rows of a run is above this, 0..1",
    )
    keep_versions: int = Field(
        default=7, ge=1, description="số bản công bố được giữ để quay lại / published versions kept for rollback"
    )
    keep_runs: int = Field(
        default=30, ge=1, description="số lượt chạy Dagster còn giữ lịch sử / runs whose events Dagster's history keeps"
    )
    compact_after: int = Field(
        default=10,
        ge=0,
        description="lượt chạy đêm gộp tệp nhỏ của kho khi có ngần này lần nạp; 0: không tự gộp"
        " / a nightly run merges the lake's small files once so many loads wait; 0: never by itself",
    )
    memory_limit: str = Field(
        default="3GB",
        pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$",
        description="bộ nhớ DuckDB được dùng, ví dụ 3GB / DuckDB memory limit, e.g. 3GB",
    )
    threads: int = Field(default=2, ge=1, description="số luồng của DuckDB và dbt / DuckDB and dbt threads")
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb",
        description="nơi dựng các bảng số liệu: duckdb (máy này) hoặc spark ([spark])"
        " / what builds the marts: duckdb (this machine) or spark ([spark])",
    )
    spark: Spark = Field(
        default_factory=Spark,
        description="Spark ở đâu, dùng bao nhiêu máy: [spark] master, folder, driver_memory, executor_memory,"
        " executor_cores, cores_max, shuffle_partitions, threads, landing_from_mib, validation_from_mib, metastore,"
        " database, conf"
        " / where Spark is, with how much of the machines: [spark] master, folder, driver_memory, executor_memory,"
        " executor_cores, cores_max, shuffle_partitions, threads, landing_from_mib, validation_from_mib, metastore,"
        " database, conf",
    )
    stale_hours: float = Field(
        default=30,
        gt=0,
        description="`dunghan status` báo lỗi khi lần chạy tốt gần nhất đã qua ngần này giờ"
        " / `dunghan status` fails when the last good run is so many hours ago",
    )
    settle_seconds: int = Field(
        default=0,
        ge=0,
        description="chưa đọc tệp vừa thay đổi trong ngần này giây"
        " / leave files alone that changed less than this many seconds ago",
    )
    webhook_url: SecretStr | None = Field(
        default=None,
        description="gửi thông báo thất bại tới địa chỉ này (POST); không có thì ghi nhật ký"
        " / failure notices are POSTed here; without it they are logged",
    )
    metrics_file: Path | None = Field(
        default=None,
        description="tệp số đo cho Prometheus, viết lại sau mỗi lượt chạy"
        " / text file of metrics for Prometheus, written after every run",
    )
    first_export_day: date = Field(
        default=date(2019, 12, 9),  # the day on which the National Public Service Portal opened
        description="ngày kết xuất đầu tiên mà Dagster và `dunghan backfill` chọn được; chạy đêm nạp mọi ngày"
        " / first day of exports that Dagster and `dunghan backfill` offer; a nightly run loads any day",
    )
    owners: list[str] = Field(
        default=["team:dung-han"],
        description="ai phụ trách, hiện trong Dagster: team:<tên> hoặc địa chỉ e-mail"
        " / who is responsible, shown in Dagster: team:<name> or an e-mail address",
    )
    nightly_cron: str = Field(
        default="30 1 * * *",
        description="giờ chạy đêm theo cron, giờ Việt Nam / cron of the nightly load, Asia/Ho_Chi_Minh",
    )
    compact_cron: str = Field(
        default="30 12 * * 0",
        description="giờ gộp kho theo cron, giờ Việt Nam / cron of the compaction, Asia/Ho_Chi_Minh",
    )
    headings: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="tiêu đề cột riêng của một nguồn (* = mọi nguồn): tiêu đề = trường; '' = bỏ qua"
        " / headings that a source (* = all) uses besides the contract's: heading = field; '' = ignore",
    )
    words: dict[str, dict[str, int | str]] = Field(
        default_factory=dict,
        description="từ riêng của một nguồn (* = mọi nguồn): trạng thái: từ = 1..10; trường khác: từ = 'KenhThucHien:2'"
        " / words of a source (* = all) for a status: word = 1..10; for others: word = 'KenhThucHien:2'",
    )
    anomalies: dict[str, Literal["off", "attention", "block"]] = Field(
        default_factory=dict,
        description="khi số liệu gửi đến khác thường: off, attention (báo, mã thoát 3) hoặc block (không công bố);"
        " mặc định attention"
        " / what unusual input does: off, attention (told, exit status 3) or block (nothing is published);"
        " default attention",
    )
    silent_days: dict[str, int] = Field(
        default_factory=dict,
        description="báo khi một nguồn (* = mọi nguồn, mặc định 4) không gửi gì quá ngần này ngày; 0: không báo"
        " / tell when a source (* = all, default 4) has sent nothing for so many days; 0: never",
    )
    digests: dict[str, Digest] = Field(
        default_factory=dict,
        description="bản tin sau lượt chạy: [digests.<tên>] agency, source, send (e-mail, webhook)"
        " / what is told after a run, and whom: [digests.<name>] agency, source, send (e-mail, webhook)",
    )
    postgres_dsn: SecretStr | None = Field(
        default=None,
        description="đưa mỗi bản công bố vào PostgreSQL này nữa (URL hoặc khóa=giá trị của libpq)"
        " / every publication is loaded into this PostgreSQL, too (libpq's URL or key=value)",
    )
    postgres_schema: str = Field(
        default="marts",
        pattern=_SQL_NAME,
        description="lược đồ trong PostgreSQL; bên cạnh là _old, _next, _access"
        " / schema in PostgreSQL; beside it _old, _next, _access",
    )
    postgres_role: str = Field(
        default="dunghan_reader",
        pattern=_SQL_NAME,
        description="vai trò chỉ đọc trong PostgreSQL, được tạo nếu chưa có"
        " / role in PostgreSQL that may read, made if missing",
    )
    postgres_row_security: bool = Field(
        default=False,
        description="người đọc PostgreSQL chỉ thấy cơ quan được cấp trong <lược đồ>_access.agencies"
        " / readers of PostgreSQL see the agencies that <schema>_access.agencies gives them",
    )
    lang: Literal["vi", "en"] = Field(
        default="vi", description="ngôn ngữ cho người đọc: vi hoặc en / language of what people read: vi or en"
    )
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

    @field_validator("anomalies")
    @classmethod
    def _known_anomalies(cls, value: dict[str, Any]) -> dict[str, Any]:
        known = ", ".join(ANOMALIES)
        _refuse(sorted(set(value) - set(ANOMALIES)), f"không có mục này; có: {known} / known: {known}")
        return value

    @field_validator("silent_days")
    @classmethod
    def _days(cls, value: dict[str, int]) -> dict[str, int]:
        if any(days < 0 for days in value.values()):
            raise ValueError("số ngày không âm / days are not negative")
        return value

    @field_validator("owners")
    @classmethod
    def _teams_or_addresses(cls, value: list[str]) -> list[str]:
        wrong = [owner for owner in value if not _OWNER.fullmatch(owner)]
        _refuse(wrong, "viết team:<tên> hoặc địa chỉ e-mail / write team:<name> or an e-mail address")
        return value

    @field_validator("privacy_key")
    @classmethod
    def _long_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("khóa phải có ít nhất 16 ký tự / the key needs at least 16 characters")
        return value

    @field_validator("dropped_columns")
    @classmethod
    def _names_only(cls, value: list[str]) -> list[str]:
        known = ", ".join(sorted(contract.NAME_COLUMNS))
        text = f"không phải cột tên, chỉ bỏ được {known} / no column of names, only these can be dropped: {known}"
        _refuse(sorted(set(value) - contract.NAME_COLUMNS), text)
        return value

    @field_validator("digests")
    @classmethod
    def _named_digests(cls, value: dict[str, Digest]) -> dict[str, Digest]:
        wrong = [name for name in value if not _SOURCE.fullmatch(name)]
        _refuse(wrong, "tên bản tin chỉ gồm a-z, 0-9, _ / a digest is named with a-z, 0-9, _ only")
        return value

    @field_validator("nightly_cron", "compact_cron")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        from croniter import croniter

        if len(value.split()) != 5 or not croniter.is_valid(value):
            raise ValueError(
                "năm trường cron: phút giờ ngày tháng thứ, ví dụ 30 1 * * *"
                " / five fields of cron: minute hour day month weekday, e.g. 30 1 * * *"
            )
        return value

    @field_validator("headings")
    @classmethod
    def _known_fields(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        problems = [problem for source, entries in value.items() for problem in _heading_problems(source, entries)]
        if problems:
            raise ValueError(joined(problems))
        return value

    @field_validator("words")
    @classmethod
    def _known_words(cls, value: dict[str, dict[str, int | str]]) -> dict[str, dict[str, int | str]]:
        problems = [
            f'[words.{source}] "{word}" = {meant!r}: viết số trạng thái 1–10, hoặc "trường:mã"'
            f""" / [words.{source}] "{word}" = {meant!r}: write a status 1-10, or 'field:code'"""
            for source, entries in value.items()
            for word, meant in entries.items()
            if not contract.fold(word) or _meaning(meant) is None
        ]
        if problems:
            raise ValueError(joined(problems))
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
        return init_settings, env_settings, _File(settings_cls, config_file(init_settings()))

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

    def on_anomaly(self, name: str) -> str:
        """What unusual input of this sort does: off, attention or block."""
        return self.anomalies.get(name, "attention")

    def silent_after(self, source: str) -> int:
        """So many days without anything new of a source are told; 0: never. What is said of the source wins."""
        if self.on_anomaly("source_silent") == "off":
            return 0
        return self.silent_days.get(source, self.silent_days.get(EVERY_SOURCE, SILENT_DAYS))

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


class _File(TomlConfigSettingsSource):
    """The file of settings; its relative folders are relative to it, wherever the program is started."""

    def __init__(self, settings_cls: type[BaseSettings], path: Path | None) -> None:
        super().__init__(settings_cls, path)
        self.folder = path.parent if path else Path()

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in ("drop_zone", "warehouse", "metrics_file"):
            if name in values and "://" not in str(values[name]):
                values[name] = str(self.folder / Path(values[name]).expanduser())
        spark = values.get("spark")
        if isinstance(spark, dict) and isinstance(spark.get("folder"), str):
            values["spark"] = spark | {"folder": str(self.folder / Path(spark["folder"]).expanduser())}
        return values


def config_file(flags: Mapping[str, Any]) -> Path | None:
    """The file that counts (see above); None when there is none.

    Raises ConfigurationError when a named one is not there.
    """
    named = flags.get("config") or os.environ.get("DUNGHAN_CONFIG")
    if named:
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            raise ConfigurationError(f"Không có tệp cấu hình {path} / There is no file of settings {path}")
        return path
    return next((path for path in (Path.cwd() / CONFIG_FILE, REPOSITORY / CONFIG_FILE) if path.is_file()), None)


def origins(flags: Mapping[str, Any]) -> dict[str, Origin]:
    """Where the value of each setting comes from. Raises ConfigurationError as load_settings."""
    path = config_file(flags)
    in_file = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    given = {name for name, value in flags.items() if value is not None}
    environment = {name.upper() for name in os.environ}
    return {
        name: "flag"
        if name in given
        else "environment"
        if f"DUNGHAN_{name.upper()}" in environment
        else "file"
        if name in in_file
        else "default"
        for name in Settings.model_fields
    }


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
        lines = [
            "  " + prefixed(f"DUNGHAN_{name.upper()} ({name}): ", _told(kind, text)) for name, kind, text in problems
        ]
        raise ConfigurationError("Cấu hình chưa đúng / configuration problems:\n" + "\n".join(lines)) from None
    except SettingsError as error:
        # Of a variable that must hold JSON; the error under it would quote what it holds.
        name = str(error).partition('"')[2].partition('"')[0]
        raise ConfigurationError(
            "Cấu hình chưa đúng / configuration problems:\n"
            f"  DUNGHAN_{name.upper()} ({name}): phải là JSON, ví dụ {_JSON}"
            f" / DUNGHAN_{name.upper()} ({name}): must be JSON, e.g. {_JSON}"
        ) from None
    except tomllib.TOMLDecodeError as error:
        path = config_file(flags)
        raise ConfigurationError(f"Không đọc được {path}: {error} / cannot read {path}: {error}") from None


def _refuse(wrong: list[str], text: str) -> None:
    """Raises ValueError with what is wrong before the text in both languages, if anything is."""
    if wrong:
        raise ValueError(prefixed(f"{', '.join(wrong)}: ", text))


def _meaning(meant: int | str) -> tuple[str, str] | None:
    """(map of words, code) of `9`, `"9"` or `"KenhThucHien:2"`; None when there is no such field or code."""
    portal, _, code = str(meant).rpartition(":")
    table, codes = contract.WORD_FIELDS.get(portal.strip() or "TrangThaiHoSo", ("", ()))
    return (table, code.strip()) if code.strip() in codes else None


def _heading_problems(source: str, entries: Mapping[str, str]) -> list[str]:
    """What is wrong with the headings of one source, with near names of a field that there is none of."""
    problems = []
    if source != EVERY_SOURCE and not _SOURCE.fullmatch(source):
        problems.append(
            f"[headings.{source}]: tên nguồn chỉ gồm a-z, 0-9, _"
            f" / [headings.{source}]: a source is named with a-z, 0-9, _ only"
        )
    fields = contract.table_fields()
    meant: dict[str, str] = {}
    for heading, name in entries.items():
        folded, key = contract.fold(heading), name.strip().lower()
        where = f'[headings.{source}] "{heading}" = "{name}"'
        if not folded:
            problems.append(f"{where}: tiêu đề không có chữ nào / {where}: the heading has no letters")
        elif key and key not in fields:
            near = ", ".join(fields[found] for found in difflib.get_close_matches(key, fields, n=3, cutoff=0.5))
            missing = f"{where}: không có trường này / {where}: there is no such field"
            problems.append(joined([missing, f"gần giống: {near} / near: {near}"]) if near else missing)
        elif meant.setdefault(folded, key) != key:
            problems.append(
                f"{where}: tiêu đề này đã chỉ trường khác / {where}: this heading means another field already"
            )
    return problems


def _told(kind: str, text: str) -> str:
    vietnamese = next((words for start, words in _VIETNAMESE.items() if kind.startswith(start)), None)
    text = text.removeprefix("Value error, ")
    return f"{vietnamese} / {text}" if vietnamese else text
