"""How long a national roll-up takes, and how much memory: copies of one province's version under other codes.

    python -m tests.benchmarks.rollup PUBLISHED COUNT FOLDER

PUBLISHED: the published folder of a province, whose dossiers are those of H39. In FOLDER lie the copies afterwards, and
the national warehouse. Prints one line of JSON: provinces, dossiers, seconds, peak memory of the command and of dbt in
MiB, bytes read and written. DUNGHAN_MEMORY_LIMIT and DUNGHAN_THREADS count as ever.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from pipelines.layout import REPOSITORY
from pipelines.rollup.national import SHARED, taken_marts
from pipelines.rollup.provinces import province_names
from pipelines.sql import literal, open_duckdb

_COMMAND = (sys.executable, "-c", "from pipelines.cli import main; main()", "rollup")
#: Columns that begin with the code of the province.
_CODES = ("agency_code", "dossier_code", "current_agency_code")


def copied(published: Path, code: str, folder: Path) -> Path:
    """The version as another province would have published it; returns its folder."""
    (folder / "parquet").mkdir(parents=True, exist_ok=True)
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    with open_duckdb() as con:
        for mart in taken_marts():
            source, target = (one / "parquet" / f"{mart}.parquet" for one in (published, folder))
            names = [name for name, *_ in con.execute(f"describe from {literal(source)}").fetchall()]
            changed = [f"replace({name}, 'H39', {literal(code)}) as {name}" for name in _CODES if name in names]
            replaced = f"replace ({', '.join(changed)})" if changed and mart not in SHARED else ""
            con.execute(f"copy (select * {replaced} from {literal(source)}) to {literal(target)} (compression zstd)")
            content = target.read_bytes()
            entry = manifest["marts"][mart]["parquet"]
            entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"province": code}), encoding="utf-8")
    return folder


def measure(given: list[Path], into: Path) -> dict[str, float]:
    """Roll them up in a process of its own."""
    started = time.monotonic()
    subprocess.run([*_COMMAND, *map(str, given), "--into", str(into)], check=True, cwd=REPOSITORY)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    published = into / "published" / "current"
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    return {
        "provinces": len(given),
        "dossiers": manifest["marts"]["fct_dossiers"]["rows"],
        "seconds": round(time.monotonic() - started, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        # the largest process: the command itself (publication) or dbt, whichever took more
        "peak_mib": used.ru_maxrss // 1024,
        "read_mib": sum(path.stat().st_size for one in given for path in one.rglob("*.parquet")) >> 20,
        "written_mib": sum(path.lstat().st_size for path in published.resolve().rglob("*")) >> 20,
    }


def main() -> None:
    published, count, folder = Path(sys.argv[1]).resolve(), int(sys.argv[2]), Path(sys.argv[3]).resolve()
    codes = list(province_names())[:count]
    given = [copied(published, code, folder / code) for code in codes]
    print(json.dumps(measure(given, folder / "national")))


if __name__ == "__main__":
    main()
