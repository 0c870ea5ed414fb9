"""The mark that keeps a text a text in a CSV that a spreadsheet opens: what we write behind it, our reader takes off.

A spreadsheet takes a cell for a formula by its first character. `'` in front prevents that, so a text that begins like
one gets it; a text of apostrophes and then such a character gets one more, so that taking one off always gives back
what was there.
"""

from __future__ import annotations

import re

MARK = "'"
#: How a text begins that gets the mark (regular expression, at the start; RE2 and Python read it the same way).
DANGEROUS = r"^'*[=+\-@\t\r]"
_DANGEROUS = re.compile(DANGEROUS)


def marked(text: str) -> str:
    """The text as a cell of a CSV."""
    return MARK + text if _DANGEROUS.match(text) else text
