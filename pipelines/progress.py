"""How a step that takes a while says what it is doing."""

from __future__ import annotations

from collections.abc import Callable

#: Called with what is being done now, in words for people; `name (3/20)` shows how far it is.
Progress = Callable[[str], None]
