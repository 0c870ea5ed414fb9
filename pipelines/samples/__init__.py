"""Sample exports with known truth: invented dossiers of a district or province, as the portal would send them."""

from pipelines.samples.generate import generate, personal_data
from pipelines.samples.spec import (
    EVENT_REJECTS,
    FILE_REJECTS,
    PRESETS,
    ROW_REJECTS,
    Distortions,
    LocalSystem,
    Mix,
    SampleError,
    SampleSpec,
    build_spec,
    district_2024,
)
from pipelines.samples.truth import SampleTruth

__all__ = [
    "EVENT_REJECTS",
    "FILE_REJECTS",
    "PRESETS",
    "ROW_REJECTS",
    "Distortions",
    "LocalSystem",
    "Mix",
    "SampleError",
    "SampleSpec",
    "SampleTruth",
    "build_spec",
    "district_2024",
    "generate",
    "personal_data",
]
