"""What a validation and a check hand to their callers: results, and the error when they could not be made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ValidationRunError(Exception):
    """A validation or a check could not be made; `validated` is as it was before. The message says what to do."""


@dataclass(frozen=True)
class CheckResult:
    """One check. `success` is `unexpected == expected`; a check that failed blocks publication, whatever its severity.

    In a validation `unexpected` is what Great Expectations counted in the batch and `expected` what the split came
    to; on the marts `expected` is 0. `kind` is the kind of export, or the mart. `severity`: reject, warn or error.
    """

    rule_id: str
    kind: str
    success: bool
    unexpected: int
    expected: int
    severity: str
    description_vi: str
    description_en: str


@dataclass(frozen=True)
class ValidationResult:
    """One validation. `files`: the ledger rows it wrote (columns of validated.files), with those of earlier ones that
    nobody was told of; counts are of the same.

    `validation_seq` is that of the last validation when nothing was new. `rebuilt`: every
    file was validated again, so rows that were accepted before may be gone and whatever was built from them must be
    built afresh. When a check failed nothing was written (`committed` is false).
    """

    validation_seq: int
    files: list[dict[str, Any]] = field(default_factory=list)
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
    docs_index: Path | None = None
    rebuilt: bool = False
    committed: bool = True

    @property
    def failed(self) -> list[CheckResult]:
        """The checks that block publication."""
        return [check for check in self.checks if not check.success]
