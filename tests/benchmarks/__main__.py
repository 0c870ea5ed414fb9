"""`make bench`: the whole job beside scripts, only its full load, the readers alone, a year of nights.

    python -m tests.benchmarks [job|compare|readers|nights] [--dossiers 2000000] [--rounds 3] [--folder DIR] …

Prints a table each. Ten million dossiers need 60 GB of disk. docs/performance.md holds what was measured.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from pipelines.samples.shapes import SHAPES
from tests.benchmarks import job, nights, readers

SHAPES_READ = [*SHAPES, readers.CLERKS]


def main() -> None:
    """Generates the exports, measures, prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("what", nargs="?", choices=("job", "compare", "readers", "nights"), default="job")
    parser.add_argument("--dossiers", type=int, help="job: 2,000,000; compare, readers: 200,000; nights: 100,000")
    parser.add_argument("--changes", type=int, help="changed dossiers a night; job: 20,000; nights: 1,000")
    parser.add_argument("--rounds", type=int, default=3, help="job, compare: of which the median is told")
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--shape", action="append", choices=SHAPES_READ, help="readers: only this one; repeatable")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    arguments = parser.parse_args()
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        folder = Path(scratch)
        if arguments.what == "job":
            job.main(folder, arguments.dossiers or 2_000_000, arguments.changes or 20_000, arguments.rounds)
        elif arguments.what == "compare":
            job.main(
                folder, arguments.dossiers or 200_000, arguments.changes or 2_000, arguments.rounds, only_compare=True
            )
        elif arguments.what == "readers":
            readers.main(folder, arguments.dossiers or 200_000, arguments.shape or SHAPES_READ)
        else:
            # A year takes hours: in a folder of the caller's it can go on where it was interrupted.
            where = arguments.folder or folder
            nights.main(where, arguments.nights, arguments.dossiers or 100_000, arguments.changes or 1_000)


if __name__ == "__main__":
    main()
