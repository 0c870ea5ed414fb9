"""How things look: numbers, moments, tables, progress. No command logic."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import sys
import textwrap
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from pipelines.bilingual import one_language
from pipelines.cli.messages import Texts
from pipelines.formats import Formats
from pipelines.progress import Progress

#: Tables in a file or another program are as wide as a plain terminal; lines of text are not cut there.
_WIDTH = 80
_WIDEST = 10_000
_INDENT = "    "

#: A cell that a spreadsheet takes for a formula when it is pasted or opened there; a lone dash is our own sign.
_FORMULA = re.compile(r"[=+@\t\r]|-(?!$)")
#: What would move a terminal's cursor or colours about; line ends and tabs are text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_COUNTED = re.compile(r"\((\d+)/(\d+)\)$")
_QUIET_SECONDS = 5

_LONGEST = 120


class Screen:
    """Where one command writes, in one language."""

    def __init__(self, lang: str) -> None:
        self.t = Texts(lang)
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr)
        #: Tables with every column, each row in one line (`--wide`).
        self.wide = False

    def say(self, text: str = "", style: str = "") -> None:
        """A line on standard output; what it says is never read as markup."""
        self.out.print(Text(printable(text), style=style))

    def more(self, rows: Sequence[Any], limit: int) -> None:
        """Say that there may be more rows than those shown."""
        if limit and len(rows) == limit:
            self.say(self.t("more"))

    def complain(self, text: str) -> None:
        """A message on standard error, in one language."""
        self.err.print(Text(printable(one_language(text, self.t.lang)), style="red" if self.err.is_terminal else ""))

    def told(self, text: str | None) -> str:
        """What rules, readers and errors say in both languages, in this one. Never for a text of the data."""
        return one_language(text or "", self.t.lang)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        title: str = "",
        *,
        only_wide: Collection[str] = (),
    ) -> None:
        """A table as wide as the screen; numbers stand on the right. `columns` are texts, not keys; the long one last.

        What does not fit beside the first columns stands below its row, whole, so that it can be copied. With `--wide`
        everything stands in one line, and the columns `only_wide` with it.
        """
        shown = [index for index, column in enumerate(columns) if self.wide or column not in only_wide]
        heads = [columns[index] for index in shown]
        lines = [[row[index] for index in shown] for row in rows]
        if title:
            self.say(title, "bold")
        cells = [[self.value(cell) for cell in line] for line in lines]
        beside = len(heads) if self.wide else _beside(heads, cells, self._width())
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=beside > 0)
        for index, head in enumerate(heads[:beside]):
            numbers = bool(lines) and all(isinstance(line[index], int | Decimal | None) for line in lines)
            table.add_column(head, justify="right" if numbers else "left", no_wrap=True)
        below = heads[beside:]
        named = beside > 0 and len(below) > 1
        for line in cells:
            table.add_row(*map(Text, line[:beside]))
        kept = [[(n, c) for n, c in zip(below, line[beside:], strict=True) if c not in ("", "-")] for line in cells]
        self._rows(table, [[f"{name}: {cell}" if named else cell for name, cell in of_row] for of_row in kept])

    def headed(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any] | Mapping[str, Any]],
        title: str = "",
        *,
        only_wide: Collection[str] = (),
    ) -> None:
        """A table whose columns are called by the texts `header.<column>`. A row is its cells, or names them."""
        heads = {column: self.t(f"header.{column}") for column in columns}
        lines = [[row[column] for column in columns] if isinstance(row, Mapping) else row for row in rows]
        self.table(list(heads.values()), lines, title, only_wide=[heads[column] for column in only_wide])

    def _rows(self, table: Table, below: Sequence[Sequence[str]]) -> None:
        """The rows of a table as lines, below each what did not fit into it."""
        rendered = self.out.render_lines(table, self.out.options.update(width=_WIDEST), pad=False)
        head, *lines = ("".join(segment.text for segment in line).rstrip() for line in rendered)
        self.say(head, "bold")
        for line, texts in zip(lines, below, strict=True):
            self.say(line)
            for text in texts:
                width = max(self._width(), 40)
                # a name is never broken, so that it can be copied
                for part in textwrap.wrap(text, width - len(_INDENT), break_long_words=False, break_on_hyphens=False):
                    self.say(f"{_INDENT}{part}")

    def _width(self) -> int:
        return self.out.width if self.out.is_terminal else _WIDTH

    def value(self, value: Any) -> str:
        """Anything as a person of this language writes it; a text that begins like a formula gets a `'` in front."""
        match value:
            case None:
                text = "-"
            case bool():
                text = "✓" if value else ""
            case int():
                text = self.number(value)
            case Decimal():
                text = self.percent(value)
            case datetime():
                text = value.isoformat(sep=" ", timespec="seconds")
            case list() | tuple():
                text = neutral(", ".join(str(part) for part in value))
            case _:
                text = neutral(str(value))
        return text

    def number(self, value: int) -> str:
        """33.653 in Vietnamese, 33,653 in English."""
        # a plain minus: what a terminal shows is copied into other programs
        return Formats(self.t.lang).number(value).replace("−", "-")

    def percent(self, value: Decimal | None) -> str:
        """51,25 % in Vietnamese, 51.25% in English; - when there was nothing to divide by."""
        if value is None:
            return "-"
        return f"{value}%" if self.t.lang == "en" else f"{value} %".replace(".", ",")

    def json(self, value: Any) -> None:
        """Machine-readable: one document on standard output, dates ISO, decimals as numbers."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")

    def csv(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Every column of the rows as CSV on standard output: names first, dates ISO, what a spreadsheet would take for
        a formula with a `'` in front."""
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if rows:
            writer.writerow(rows[0])
        writer.writerows([_csv_cell(value) for value in row.values()] for row in rows)

    @contextlib.contextmanager
    def progress(self) -> Iterator[Progress]:
        """Tell what is being done, on standard error: a bar on a terminal, plain lines elsewhere.

        A text that ends in "(done/total)" moves the bar; only some of those become lines, so that a log stays short.
        """
        if not self.err.is_terminal:
            yield self._plain_progress()
            return
        columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with ProgressBar(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task(self.t("run.working"), total=None)

            def tell(text: str) -> None:
                counted = _COUNTED.search(text)
                done, total = (int(counted[1]), int(counted[2])) if counted else (0, None)
                bar.update(task, description=printable(text), completed=done, total=total)

            yield tell

    def _plain_progress(self) -> Progress:
        told = -float(_QUIET_SECONDS)

        def tell(text: str) -> None:
            nonlocal told
            if not _COUNTED.search(text) or time.monotonic() - told >= _QUIET_SECONDS:
                told = time.monotonic()
                self.err.print(Text(f"… {printable(text)}"))

        return tell


def _beside(heads: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> int:
    """How many of the first columns fit into the width, two spaces between them."""
    used, beside = -2, 0
    for index, head in enumerate(heads):
        used += 2 + max(cell_len(text) for text in (head, *(line[index] for line in cells)))
        if used > width:
            break
        beside = index + 1
    return beside


def _csv_cell(value: Any) -> Any:
    match value:
        case list() | tuple() | dict():
            return neutral(json.dumps(value, ensure_ascii=False, default=_plain))
        case str():
            return neutral(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return value


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that leaves the terminal alone."""
    return printable(f"'{text}" if _FORMULA.match(text) else text)


def shortened(text: str | None) -> str:
    """The beginning of a text, as a cell of a table holds it; `-` for none."""
    if text is None:
        return "-"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def printable(text: str) -> str:
    """The text with spaces for control characters."""
    return _CONTROL.sub(" ", text)


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else _WIDEST
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)
