"""Where a version goes: the server, the names there, and errors told without the password."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, cast
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from pipelines.config import Settings
from pipelines.errors import safe_text
from pipelines.serving.extras import need
from pipelines.serving.published import statement

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

EXTRA = "postgres"
CONNECT_SECONDS = 10


class PostgresError(Exception):
    """Nothing was loaded; what PostgreSQL showed before stays. The message says why, without the password."""


@dataclass(frozen=True)
class Target:
    """A schema on a server. dsn: as libpq takes it. reader: the role that may read; row_security: only its agencies."""

    dsn: SecretStr
    schema: str
    reader: str
    row_security: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Target:
        """The target of the settings. Raises PostgresError when there is none."""
        if settings.postgres_dsn is None:
            raise PostgresError("Chưa cho biết máy chủ PostgreSQL (DUNGHAN_POSTGRES_DSN) / No PostgreSQL server is set")
        return cls(
            settings.postgres_dsn, settings.postgres_schema, settings.postgres_role, settings.postgres_row_security
        )

    @property
    def next(self) -> str:
        return f"{self.schema}_next"

    @property
    def old(self) -> str:
        return f"{self.schema}_old"

    @property
    def gone(self) -> str:
        """What the names of schemas on their way out begin with."""
        return f"{self.schema}_gone_"

    @property
    def access(self) -> str:
        return f"{self.schema}_access"

    def parts(self) -> tuple[dict[str, str], str]:
        """The parts of the DSN without the password, and the password ("" for none).

        Raises PostgresError without the words of the parser, which would repeat the DSN.
        """
        conninfo = need("psycopg.conninfo", EXTRA)
        try:
            parts = conninfo.conninfo_to_dict(self.dsn.get_secret_value())
        except need("psycopg", EXTRA).Error:
            raise PostgresError(
                "DSN của PostgreSQL không đúng dạng; ví dụ: postgresql://dunghan@may-chu:5432/bao_cao\n"
                "The DSN of PostgreSQL cannot be read; write it like: postgresql://dunghan@server:5432/reports"
            ) from None
        password = str(parts.pop("password", None) or "")
        return {name: str(value) for name, value in parts.items() if value is not None}, password

    @contextlib.contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """A session in which every statement is a transaction of its own. Raises psycopg.Error."""
        psycopg = need("psycopg", EXTRA)
        parts, password = self.parts()
        defaults = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "dunghan"}
        with psycopg.connect(**defaults | parts, password=password or None, autocommit=True) as con:
            yield con

    def told(self, error: BaseException) -> str:
        """What may be shown of an error: of the server's words only the first sentence, which quotes no row."""
        diagnosed = getattr(getattr(error, "diag", None), "message_primary", None)
        text = f"{type(error).__name__}: {diagnosed}" if diagnosed else safe_text(error)
        return self.without_password(text)

    def without_password(self, text: str) -> str:
        """The text with *** wherever the password stands, however it is written."""
        try:
            _, password = self.parts()
        except PostgresError:
            return "***"
        for written in (self.dsn.get_secret_value(), password, quote(password, safe=""), quote_plus(password)):
            text = text.replace(written, "***") if written else text
        return text


def composed(template: str, /, **words: Any) -> Composed:
    """The statement of `sql/postgres/<template>.sql`; words: texts are identifiers, the rest psycopg composed."""
    sql = need("psycopg.sql", EXTRA)
    return cast(
        "Composed",
        sql.SQL(cast(LiteralString, statement(f"postgres/{template}"))).format(
            **{key: sql.Identifier(word) if isinstance(word, str) else word for key, word in words.items()}
        ),
    )


def value(content: Any) -> Any:
    """A word of a statement that is a value."""
    return need("psycopg.sql", EXTRA).Literal(content)


def names(columns: Any) -> Any:
    """A word of a statement that is a list of names."""
    sql = need("psycopg.sql", EXTRA)
    return sql.SQL(", ").join(map(sql.Identifier, columns))
