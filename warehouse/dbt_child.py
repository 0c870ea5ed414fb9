"""`python -m warehouse.dbt_child <dbt arguments>`: dbt that does not outlive the run that started it.

The lock of the warehouse is given back the moment its holder dies. A dbt left alone would go on writing into the build
file beside the next run. On Linux the kernel ends it together with its parent; elsewhere only an orderly end does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends, and end at once if it has ended already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = os.environ.get("DUNGHAN_DBT_PARENT")
    if parent and os.getppid() != int(parent):
        raise SystemExit(1)


if __name__ == "__main__":
    die_with_parent()
    from dbt.cli.main import cli

    cli()
