"""A long search for bytes that a reader cannot stand.

    python -m tests.fuzz --minutes 10 [--shape xlsx] [--seed 1] [--out fuzz-findings]
    python -m tests.fuzz --replay fuzz-findings/<name>.hex

Every finding is written to a file: kind of export in the first line, the bytes in hexadecimal below.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from pipelines.samples.shapes import SHAPES
from tests.fuzz.examine import Verdict, examiner
from tests.fuzz.mutations import Seed, random_change, seeds

#: A small file that takes longer is worth a look, though it ends.
SLOW = 60.0


def main() -> int:
    """Search; returns the exit status: 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--shape", action="append", choices=sorted(SHAPES), help="only this shape; may be repeated")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--replay", type=Path)
    arguments = parser.parse_args()
    if arguments.replay:
        return _replay(arguments.replay)
    files = seeds(tuple(arguments.shape) if arguments.shape else tuple(SHAPES))
    rng, until = Random(arguments.seed), time.monotonic() + 60 * arguments.minutes
    tally: Counter[str] = Counter()
    found: set[str] = set()
    with examiner() as watched:
        while time.monotonic() < until:
            seed = rng.choice(files)
            data = seed.data if rng.random() < 0.98 else rng.randbytes(rng.randrange(400))
            for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
                data = random_change(rng, files).apply(data)
            verdict = watched.ask(data, seed.kind)
            tally[verdict.rejected or ("rows" if verdict.rows else "no rows")] += 1
            if verdict.fault or verdict.seconds > SLOW:
                _keep(arguments.out, seed, data, verdict, found)
    print(f"seed {arguments.seed}: {sum(tally.values())} files, {dict(tally)}, {len(found)} findings")
    return 1 if found else 0


def _keep(out: Path, seed: Seed, data: bytes, verdict: Verdict, found: set[str]) -> None:
    """Write the finding down, one per place in the code."""
    fault = verdict.fault or f"{verdict.seconds:.0f} seconds"
    place = "\n".join(fault.strip().splitlines()[-4:])
    if place in found:
        return
    found.add(place)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{hashlib.sha256(data).hexdigest()[:12]}.hex"
    path.write_text(f"{seed.kind}\n{data.hex()}\n", encoding="ascii")
    print(f"{path} ({seed.name}, {len(data)} bytes)\n{fault}\n", file=sys.stderr)


def _replay(path: Path) -> int:
    kind, text = path.read_text(encoding="ascii").split()
    with examiner() as watched:
        verdict = watched.ask(bytes.fromhex(text), kind)
    print(verdict.fault or verdict)
    return 1 if verdict.fault else 0


if __name__ == "__main__":
    sys.exit(main())
