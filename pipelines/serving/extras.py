"""What is installed only where it is wanted: the extras of pyproject.toml, and what to say when one is missing."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType


class MissingExtraError(Exception):
    """A surface needs an extra that is not installed. The message says which, and how to install it."""


def need(module: str, extra: str) -> ModuleType:
    """The module, imported. Raises MissingExtraError naming the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _missing(extra, error.name) from error


def require(module: str, extra: str) -> None:
    """For a module that only another process imports: raise MissingExtraError when it is not installed."""
    if importlib.util.find_spec(module) is None:
        raise _missing(extra, module)


def _missing(extra: str, module: str | None) -> MissingExtraError:
    return MissingExtraError(
        f"Chưa cài phần «{extra}» (thiếu {module}); hãy chạy: pip install 'dunghan[{extra}]'\n"
        f"Extra «{extra}» is not installed ({module} is missing); run: pip install 'dunghan[{extra}]'"
    )
