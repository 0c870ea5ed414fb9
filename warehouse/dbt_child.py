"""`dunghan-dbt`: dbt's own command line, in a process that does not outlive the run that started it.

The lock of the warehouse is given back the moment its holder dies. A dbt left alone would go on writing into the build
file beside the next run. On Linux the kernel ends it together with its parent; elsewhere only an orderly end does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from importlib.metadata import version

PR_SET_PDEATHSIG = 1
PARENT = "DUNGHAN_DBT_PARENT"


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends, and end at once if it has ended already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = os.environ.get(PARENT)
    if parent and os.getppid() != int(parent):
        raise SystemExit(1)


def main() -> None:
    """Exit status: dbt's (0 green, 1 red, 2 could not run)."""
    if sys.argv[1:] == ["--version"]:  # dbt's own answer asks the internet for newer ones
        print(f"dbt-core {version('dbt-core')}")
        return
    die_with_parent()
    from dbt.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
