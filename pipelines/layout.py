"""Where things lie in the warehouse folder. Every path of `$DUNGHAN_WAREHOUSE` is named here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DBT_PROJECT = REPOSITORY / "dbt_project"


@dataclass(frozen=True)
class Layout:
    """Paths below one warehouse folder (absolute). Creating it touches no disk; `create()` makes the folders.

    work: folder of a build that has nothing to do with the nightly one (a restatement). Lake, keys, lock and
    configuration are the warehouse's; what a build writes goes there.
    """

    root: Path
    work: Path | None = None

    @property
    def _own(self) -> Path:
        return self.work or self.root

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def format(self) -> Path:
        """Which format the warehouse is of (warehouse/format.py)."""
        return self.lake / "format"

    @property
    def build_db(self) -> Path:
        """The private build: one writer, no reader may ever open it while a run is on."""
        return self._own / "build.duckdb"

    @property
    def published(self) -> Path:
        return self._own / "published"

    @property
    def restated(self) -> Path:
        """Versions of single pairs (as_of, known_at), made by `dunghan restate`; nothing here is ever replaced."""
        return self.root / "restated"

    @property
    def quality(self) -> Path:
        """Great Expectations Data Docs."""
        return self._own / "quality"

    @property
    def calendar(self) -> Path:
        """Days that this warehouse adds to the frozen calendar, append-only; as a rule there is none."""
        return self.root / "calendar.csv"

    @property
    def form_headings(self) -> Path:
        """Texts of official papers that this warehouse words otherwise; as a rule there is none."""
        return self.root / "form_headings.csv"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def privacy_key(self) -> Path:
        return self.keys / "privacy.key"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def dlt_state(self) -> Path:
        return self.state / "dlt"

    @property
    def dbt_target(self) -> Path:
        return self.work / "dbt" if self.work else self.state / "dbt"

    @property
    def spark(self) -> Path:
        """What passes between this machine and Spark, unless [spark] names another folder."""
        return self._own / "spark"

    @property
    def temp(self) -> Path:
        """DuckDB spills here."""
        return self.work / "tmp" if self.work else self.state / "tmp"

    @property
    def lock(self) -> Path:
        """Held (flock) by the one run that may write."""
        return self.state / "run.lock"

    @property
    def lake_lock(self) -> Path:
        """Held (flock, shared) by readers of the lake; what compaction replaced is deleted while nobody holds it."""
        return self.state / "lake.lock"

    @property
    def last_run(self) -> Path:
        return self.state / "last-run.json"

    @property
    def reserve(self) -> Path:
        """Room on the disk that a run gives up when it cannot write its record otherwise."""
        return self.state / "reserve"

    @property
    def runs(self) -> Path:
        """The records of the last runs, a file each, named by when they began."""
        return self.state / "runs"

    @property
    def readers(self) -> Path:
        """Source → fingerprint of the readers that everything of it in the drop zone was last looked at with."""
        return self.state / "readers.json"

    @property
    def digests(self) -> Path:
        """The last digest of each name (`[digests.<name>]`), as text."""
        return self.root / "digests"

    @property
    def digest_state(self) -> Path:
        """Name of a digest → version and fingerprint of the last one."""
        return self.state / "digests.json"

    @property
    def key_fingerprint(self) -> Path:
        """HMAC of a constant under the privacy key that filled this warehouse."""
        return self.state / "privacy-key.fingerprint"

    @property
    def lake_key_fingerprint(self) -> Path:
        """The same beside the rows that were hashed with that key."""
        return self.lake / "privacy-key.fingerprint"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    def own_folders(self) -> tuple[Path, ...]:
        """Folders that nobody but the warehouse writes to."""
        return (
            *(self.lake, self.published, self.restated, self.quality, self.keys, self.state),
            *(self.digests, self.dagster_home),
        )

    def create(self) -> None:
        """Make every folder. Lake, state, keys and Dagster's are their owner's only, whatever the umask says; what is
        published is for others to read."""
        folders = (
            self.lake,
            self.published,
            self.quality,
            self.dlt_state,
            self.dbt_target,
            self.temp,
            self.dagster_home,
        )
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.lake, self.state, self.keys, self.dagster_home):
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)
