"""When a run keeps the publication that is there: a build now would say the same.

Nothing here imports dagster-dbt, so that a run with nothing new does not wait for it (docs/decisions/0016).
"""

from __future__ import annotations

import contextlib

from pipelines.config import Settings
from warehouse.build import current_build
from warehouse.publish import Publication, current
from warehouse.status import is_readable

#: What the manifest of a publication and the plan of a build must both say for the one to be of the other.
_IDENTITY = ("fingerprint", "validation_seq", "as_of", "known_at")


def nothing_new(settings: Settings) -> Publication | None:
    """The publication, when there is nothing to land, to validate or to build: the run then leaves dbt's assets, and
    the hundreds of events they make, alone."""
    from expectations.validation import is_validated
    from pipelines.landing.lake import Lake
    from pipelines.portal.discovery import unseen

    if not settings.layout.build_db.exists():
        return None
    # Whatever is wrong with the drop zone or the build is said by the step that needs it.
    with contextlib.suppress(Exception):
        if not unseen(settings, Lake(settings).known()) and is_validated(settings):
            return still_current(settings)
    return None


def still_current(settings: Settings) -> Publication | None:
    """The publication, if a build now would say the same: nothing validated since, same rules, same as_of and
    known_at. Not one that people could not read: it is published again."""
    published = current(settings)
    if published is None or not is_readable(settings):
        return None
    plan = current_build(settings)
    of_plan = {
        "fingerprint": plan.fingerprint,
        "validation_seq": plan.validation_seq,
        "as_of": plan.as_of.isoformat(),
        "known_at": plan.known_at.isoformat() if plan.known_at else None,
    }
    return published if all(published.manifest.get(name) == of_plan[name] for name in _IDENTITY) else None
