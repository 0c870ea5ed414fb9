"""What may be shown of an error: our own message, a masked foreign one, and where it happened. Never a value of a row.

Messages of libraries may hold what they choke on (portal-exports §7); those of this project hold no personal data.
"""

from __future__ import annotations

import traceback

from pipelines.layout import REPOSITORY
from pipelines.masking import masked_foreign

MESSAGE_LENGTH = 2000

_OWN_PACKAGES = ("pipelines", "expectations", "warehouse")


def is_own(error: BaseException) -> bool:
    """Whether the error is one of ours, whose message says what happened and what to do."""
    return type(error).__module__.partition(".")[0] in _OWN_PACKAGES


def safe_text(error: BaseException) -> str:
    """The message, masked unless it is one of our own."""
    text = str(error) or type(error).__name__
    if not is_own(error):
        text = f"{type(error).__name__}: {masked_foreign(text)}"
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
