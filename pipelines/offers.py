"""What may be offered to somebody who asked for a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: So many names are offered.
OFFERED = 12


def offered(name: str, names: Iterable[str]) -> str:
    """Names that may have been meant, the nearest first, then the others; "–" when there are none at all."""
    names = list(names)
    near = difflib.get_close_matches(name.lower(), [one.lower() for one in names], n=OFFERED, cutoff=0.4)
    order = sorted(names, key=lambda one: (near.index(one.lower()) if one.lower() in near else OFFERED, one))
    rest = len(order) - OFFERED
    return (", ".join(order[:OFFERED]) or "–") + (f" … (+{rest})" if rest > 0 else "")
