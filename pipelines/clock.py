"""The one clock of the project: wall clock of Asia/Ho_Chi_Minh, naive, UTC+7 all year (portal-exports §4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LOCAL_OFFSET = timedelta(hours=7)


def to_local(moment: datetime) -> datetime:
    """A moment as a clock in Vietnam shows it, without a time zone. A naive one is taken for UTC."""
    utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return utc + LOCAL_OFFSET


def wall_clock() -> datetime:
    """Now, to the second."""
    return to_local(datetime.now(UTC)).replace(microsecond=0)


def from_wall_clock(iso: str) -> datetime:
    """A local wall clock time of ours (ISO) as a moment in UTC."""
    return (datetime.fromisoformat(iso) - LOCAL_OFFSET).replace(tzinfo=UTC)
