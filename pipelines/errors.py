"""What may be shown of an error: our own message, a masked foreign one, and where it happened. Never a value of a row.

Messages of libraries may hold what they choke on (portal-exports §7); those of this project hold no personal data.
"""

from __future__ import annotations

import re
import traceback

from pipelines.layout import REPOSITORY

MESSAGE_LENGTH = 2000

_OWN_PACKAGES = ("pipelines", "expectations", "warehouse")

# What may be personal in a text we did not write: quoted text that is no identifier or path, long numbers, e-mails.
_QUOTED = re.compile(r"""(?<!\w)(?P<q>["'])(?!(?a:[\w./:=,*\[\]-]){1,200}(?P=q))[^"'\n]{1,500}(?P=q)(?!\w)""")
_NUMBER = re.compile(r"(?<![\w-])\d{9,}(?![\w-])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def mask(text: str) -> str:
    """Blank what may be personal in a text written by a library: quoted values, long numbers, e-mail addresses."""
    return _EMAIL.sub("***", _NUMBER.sub("***", _QUOTED.sub("'***'", text)))


def is_own(error: BaseException) -> bool:
    """Whether the error is one of ours, whose message says what happened and what to do."""
    return type(error).__module__.partition(".")[0] in _OWN_PACKAGES


def safe_text(error: BaseException) -> str:
    """The message, masked unless it is one of our own."""
    text = str(error) or type(error).__name__
    if not is_own(error):
        text = f"{type(error).__name__}: {mask(text)}"
    return text if len(text) <= MESSAGE_LENGTH else text[:MESSAGE_LENGTH] + " …"


def places(error: BaseException) -> list[str]:
    """Where it happened, outermost first: our own lines, then the innermost foreign one. No source text, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    root = f"{REPOSITORY}/"
    own = [frame for frame in frames if frame.filename.startswith(root) and "site-packages" not in frame.filename]
    shown = [*own, frames[-1]] if frames and frames[-1] not in own else own
    return [f"{frame.filename.removeprefix(root)}:{frame.lineno} {frame.name}" for frame in shown]


def kind_and_place(error: BaseException) -> str:
    """Type of an error and its innermost line, for a remark on a file."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {frames[-1].name}:{frames[-1].lineno}" if frames else type(error).__name__
