"""What every command is given: the screen, the global flags, and the options that several commands share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from pipelines.cli.output import Screen
from pipelines.config import Settings, load_settings
from pipelines.offers import offered

#: Exit statuses (README); a run's own are those of pipelines.orchestration.runner.
NOT_PUBLISHED, WRONG_USAGE, LOOK_AT_IT, INTERRUPTED = 1, 2, 3, 130

JsonOption = Annotated[bool, typer.Option("--json", help="help.json")]
CsvOption = Annotated[bool, typer.Option("--csv", help="help.csv")]
WideOption = Annotated[bool, typer.Option("--wide", help="help.wide")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="help.limit")]


#: How a day may be typed.
DAYS = ["%Y-%m-%d", "%d/%m/%Y"]


@dataclass(frozen=True)
class Session:
    """What was said before the command."""

    screen: Screen
    flags: dict[str, Any]

    def known(self, option: str, word: str | None, words: Iterable[str]) -> None:
        """Refuse a word that there is not, with the nearest ones. Raises typer.BadParameter (exit status 2)."""
        known = sorted(set(words))
        if word is None or word in known:
            return
        raise typer.BadParameter(self.screen.t("unknown_word", word=word, near=offered(word, known)), param_hint=option)

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """What was asked of the published version and is not there is told, with what there is (exit status 2)."""
        from pipelines.serving.asking import AskedWronglyError
        from pipelines.serving.extras import MissingExtraError

        try:
            yield
        except AskedWronglyError as error:
            self.screen.complain(self.screen.t(error.key, **error.values))
            raise typer.Exit(NOT_PUBLISHED if error.key.startswith("letter.") else WRONG_USAGE) from error
        except MissingExtraError as error:
            self.screen.complain(str(error))
            raise typer.Exit(NOT_PUBLISHED) from error

    def listed(
        self, rows: Sequence[Mapping[str, Any]], show: Callable[[], None], *, as_json: bool, as_csv: bool, wide: bool
    ) -> None:
        """Rows as another program reads them (every column), else as `show` prints them for people."""
        if as_json:
            self.screen.json(rows)
        elif as_csv:
            self.screen.csv(rows)
        else:
            self.screen.wide = wide
            show()

    def settings(self, **flags: Any) -> Settings:
        """Settings of this call. Raises ConfigurationError naming all that is wrong."""
        return load_settings(**self.flags, **flags)
