"""How a command shows its use: the one line of the library's help that has no setting for its word."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pipelines.cli.messages import TEXTS


class _Usage:
    """The line of use begins in the language of the reader."""

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=_usage(ctx))


class Command(_Usage, TyperCommand):
    """A command."""


class Group(_Usage, TyperGroup):
    """Several commands under one name."""


class Commands(typer.Typer):
    """The commands of one theme."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Any:
        return super().command(name, cls=Command, **options)


def _usage(ctx: Any) -> str:
    screen = getattr(ctx.find_root().obj, "screen", ctx.find_root().obj)  # before and after the session begins
    return TEXTS["usage"][screen is not None and screen.t.lang == "en"]
