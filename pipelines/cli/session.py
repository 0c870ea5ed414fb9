"""What every command is given: the screen, the global flags, and the options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from pipelines.cli.output import Screen
from pipelines.config import Settings, load_settings

#: Exit statuses (README); they are those of pipelines.orchestration.runner.
NOT_PUBLISHED, WRONG_USAGE, LOOK_AT_INPUT, INTERRUPTED = 1, 2, 3, 130

JsonOption = Annotated[bool, typer.Option("--json", help="help.json")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="help.limit")]


@dataclass(frozen=True)
class Session:
    """What was said before the command."""

    screen: Screen
    flags: dict[str, Any]

    def settings(self, **flags: Any) -> Settings:
        """Settings of this call. Raises ConfigurationError naming all that is wrong."""
        return load_settings(**self.flags, **flags)
