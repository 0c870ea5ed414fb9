"""The portal's contract: kinds and fields (`kinds.py`, declared once), what follows from a declaration (`model.py`),
lists of values (`values.py`), headings and spellings (`headings.py`). The lowest layer of the project.
"""

from pipelines.contract.headings import HEADINGS, folded_headings, heading_field, spellings, table_fields
from pipelines.contract.kinds import AGENCIES, DOSSIERS, KINDS, PORTAL_REPORTS, PROCEDURES, PROGRESS
from pipelines.contract.model import TEXT, Field, Kind
from pipelines.contract.names import fold
from pipelines.contract.values import (
    APPLICANT_TYPES,
    APPLICANT_WORDS,
    CHANNEL_SYSTEMS,
    CHANNEL_WORDS,
    CHANNELS,
    FLAG_WORDS,
    LIMIT_UNITS,
    LIST_VOCABULARY,
    PLACEHOLDER_ID,
    STATUS_BEGINNINGS,
    STATUS_VOCABULARY,
    STATUS_WORDS,
    STATUSES,
    UNKNOWN_AGENCY,
    WORD_FIELDS,
    code_names,
    known_words,
    words,
)

__all__ = [
    "AGENCIES",
    "APPLICANT_TYPES",
    "APPLICANT_WORDS",
    "CHANNELS",
    "CHANNEL_SYSTEMS",
    "CHANNEL_WORDS",
    "DOSSIERS",
    "FLAG_WORDS",
    "HEADINGS",
    "KINDS",
    "LIMIT_UNITS",
    "LIST_VOCABULARY",
    "PLACEHOLDER_ID",
    "PORTAL_REPORTS",
    "PROCEDURES",
    "PROGRESS",
    "STATUSES",
    "STATUS_BEGINNINGS",
    "STATUS_VOCABULARY",
    "STATUS_WORDS",
    "TEXT",
    "UNKNOWN_AGENCY",
    "WORD_FIELDS",
    "Field",
    "Kind",
    "code_names",
    "fold",
    "folded_headings",
    "heading_field",
    "known_words",
    "spellings",
    "table_fields",
    "words",
]
