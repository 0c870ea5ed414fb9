"""The pages of the documentation as tests read them: fenced blocks, pairs of languages, what stands for what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
GUIDE_VI, GUIDE_EN = DOCS / "guide" / "vi", DOCS / "guide" / "en"
RUNBOOKS_VI, RUNBOOKS_EN = DOCS / "runbooks" / "vi", DOCS / "runbooks"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = {"sql": "--"}


@dataclass(frozen=True)
class Block:
    language: str
    text: str

    @property
    def code(self) -> list[str]:
        """Its lines without comments, which are written in the language of the page, and without empty lines."""
        mark = _COMMENT.get(self.language, "#")
        lines = [re.sub(rf"(^|\s+){mark} .*$", "", line).rstrip() for line in self.text.splitlines()]
        return [line for line in lines if line]


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page in their order; of these languages only, when some are named."""
    found = [Block(*match.groups()) for match in _FENCE.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def pairs() -> list[tuple[Path, Path]]:
    """(Vietnamese page, the English page of the same topic) of guide and runbooks, of every topic that either has."""
    return [
        (vietnamese / name, english / name)
        for vietnamese, english in ((GUIDE_VI, GUIDE_EN), (RUNBOOKS_VI, RUNBOOKS_EN))
        for name in sorted({page.name for folder in (vietnamese, english) for page in folder.glob("*.md")})
    ]


def name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()
