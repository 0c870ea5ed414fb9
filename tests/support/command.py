"""`dunghan` as people start it: a process of its own. For tests that kill it: tests/faults/killing.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

#: One key, for the keys of people depend on it and so does the content of the marts.
KEY = "only-for-the-tests"


def dunghan(warehouse: Path, *arguments: str, inbox: Path | None = None, expect: tuple[int, ...] = (0,)) -> str:
    """One call of the command; returns what it printed. AssertionError, with that, if it ends with another status."""
    own = {"DUNGHAN_WAREHOUSE": str(warehouse), "DUNGHAN_PRIVACY_KEY": KEY}
    if inbox:
        own["DUNGHAN_DROP_ZONE"] = str(inbox)
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode in expect, f"dunghan {' '.join(arguments)}: {done.returncode}\n{said[-6000:]}"
    return said
