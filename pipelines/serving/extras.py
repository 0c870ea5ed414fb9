"""What is installed only where it is wanted: the extras of pyproject.toml, and what to say when one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingExtraError(Exception):
    """A surface needs an extra that is not installed. The message says which, and how to install it."""


def need(module: str, extra: str) -> ModuleType:
    """The module, imported. Raises MissingExtraError naming the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"Chưa cài phần «{extra}» (thiếu {error.name}); hãy chạy: pip install 'dunghan[{extra}]'\n"
            f"Extra «{extra}» is not installed ({error.name} is missing); run: pip install 'dunghan[{extra}]'"
        ) from error
