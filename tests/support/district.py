"""A small district, loaded and published once for all test files that only read it, or change a copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.samples import LocalSystem, district_2024, generate
from tests.support.command import dunghan

#: Everything that a district has: nightly runs, events, catalogues, both systems, a portal report, distortions, bad
#: rows and files, a duplicate.
SPEC = district_2024(
    dossiers=400,
    mix={"early": 190, "late": 6, "on_time": 180},
    not_accepted=3,
    refused=3,
    local_system=LocalSystem(
        unsynchronised=6, only_portal=0.02, late=0.5, due_differs=0.03, agency_differs=0.03, report_extra=2
    ),
)


@dataclass(frozen=True)
class District:
    """Its exports, the warehouse after one run, and what that run said."""

    inbox: Path
    warehouse: Path
    said: str

    @property
    def truth(self) -> Path:
        """What the generator meant (pipelines.samples.truth)."""
        return self.inbox.parent / "truth"


def publish_district(folder: Path) -> District:
    inbox, warehouse = generate(SPEC, folder).inbox, folder / "warehouse"
    return District(inbox, warehouse, dunghan(warehouse, "run", inbox=inbox, expect=(3,)))
