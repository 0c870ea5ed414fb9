"""What starts runs without a person: units of systemd and a crontab line, with absolute paths and one configuration.

The texts are the templates beside this file. Nothing is installed: `dunghan service` writes them where it is told.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import jinja2

from pipelines.config import Settings
from pipelines.layout import REPOSITORY

#: Templates, in the order in which people need them.
UNITS = ("dunghan.service", "dunghan.timer", "dunghan-daemon.service", "dunghan-web.service", "crontab")
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PORT = 3000


def render(settings: Settings, config: Path | None, user: str) -> dict[str, str]:
    """Name of a file → its text. config: the file of settings that all of them read. user: who they run as."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701  (no HTML)
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    given = {
        "bin": Path(sys.executable).parent,
        "dunghan": shutil.which("dunghan", path=str(Path(sys.executable).parent)) or "dunghan",
        "project": REPOSITORY,
        "config": config,
        "warehouse": settings.layout.root,
        "log": settings.layout.state / "cron.log",
        "dagster_home": settings.layout.dagster_home,
        "user": user,
        "cron": settings.nightly_cron,
        "calendar": on_calendar(settings.nightly_cron),
        "port": PORT,
    }
    return {name: templates.get_template(f"{name}.jinja").render(given) for name in UNITS}


def on_calendar(cron: str) -> str:
    """Five fields of cron as an OnCalendar of systemd, in Vietnam's time. cron: valid (pipelines.config)."""
    minute, hour, day, month, weekday = cron.split()
    days = "" if weekday == "*" else f"{','.join(_weekdays(part) for part in weekday.split(','))} "
    return f"{days}*-{_field(month, 1)}-{_field(day, 1)} {_field(hour, 0)}:{_field(minute, 0)}:00 Asia/Ho_Chi_Minh"


def _field(text: str, first: int) -> str:
    return text.replace("*/", f"{first}/").replace("-", "..")


def _weekdays(part: str) -> str:
    """`1`, `1-5`, `mon` as systemd names days."""
    return "..".join(_WEEKDAYS[int(day)] if day.isdigit() else day.capitalize() for day in part.split("-"))
