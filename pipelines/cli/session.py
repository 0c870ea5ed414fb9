"""What every command is given: the screen, the global flags, and the options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from pipelines.cli.output import Screen
from pipelines.config import Settings, load_settings
from pipelines.offers import offered

#: Exit statuses (README); a run's own are those of pipelines.orchestration.runner.
NOT_PUBLISHED, WRONG_USAGE, LOOK_AT_IT, INTERRUPTED = 1, 2, 3, 130

JsonOption = Annotated[bool, typer.Option("--json", help="help.json")]
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

    def settings(self, **flags: Any) -> Settings:
        """Settings of this call. Raises ConfigurationError naming all that is wrong."""
        return load_settings(**self.flags, **flags)
