"""Units of systemd and the crontab line: absolute paths, one configuration, times that systemd understands."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.config import load_settings
from pipelines.units import UNITS, on_calendar, render


@pytest.mark.parametrize(
    ("cron", "calendar"),
    [
        ("30 1 * * *", "*-*-* 1:30:00"),
        ("*/15 6-18 * * 1-5", "Mon..Fri *-*-* 6..18:0/15:00"),
        ("0 12 1,15 */2 *", "*-1/2-1,15 12:0:00"),
        ("30 12 * * 0", "Sun *-*-* 12:30:00"),
        ("30 12 * * mon,sat", "Mon,Sat *-*-* 12:30:00"),
    ],
)
def test_cron_as_systemd_writes_it(cron: str, calendar: str) -> None:
    assert on_calendar(cron) == f"{calendar} Asia/Ho_Chi_Minh"
    if analyze := shutil.which("systemd-analyze"):
        subprocess.run([analyze, "calendar", on_calendar(cron)], check=True, capture_output=True)


def test_one_configuration_and_absolute_paths(tmp_path: Path) -> None:
    config = tmp_path / "của tỉnh.toml"
    config.write_text('warehouse = "kho"\nnightly_cron = "0 2 * * *"\n')
    settings = load_settings(config=config)
    found = render(settings, config, "dunghan")
    assert set(found) == set(UNITS)
    for name in ("dunghan.service", "dunghan-daemon.service", "dunghan-web.service"):
        assert f'Environment="DUNGHAN_CONFIG={config}"' in found[name]
    assert "127.0.0.1" in found["dunghan-web.service"]
    assert "OnCalendar=*-*-* 2:0:00 Asia/Ho_Chi_Minh" in found["dunghan.timer"]
    line = found["crontab"].splitlines()[-1]
    words = shlex.split(line.removeprefix("0 2 * * * "))
    assert words[0] == f"DUNGHAN_CONFIG={config}"
    assert words[2:5] == ["--warehouse", str(tmp_path / "kho"), "run"]
    assert Path(words[1]).is_absolute()


@pytest.mark.integration
def test_the_crontab_line_finds_its_way(tmp_path: Path) -> None:
    """Run as cron runs it: /bin/sh, no PATH to speak of, another working folder; `run` is `status` here."""
    (tmp_path / "nhan").mkdir()
    config = tmp_path / "dunghan.toml"
    config.write_text('warehouse = "kho"\ndrop_zone = "nhan"\n')
    settings = load_settings(config=config)
    line = render(settings, config, "x")["crontab"].splitlines()[-1].removeprefix("30 1 * * * ")
    (tmp_path / "kho" / "state").mkdir(parents=True)
    done = subprocess.run(
        ["/bin/sh", "-c", line.replace(" run >>", " status --json >>")],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")},
        check=False,
    )
    assert done.returncode == 1, "nothing is published there"
    assert f'"warehouse": "{tmp_path / "kho"}"' in (tmp_path / "kho" / "state" / "cron.log").read_text()


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine: the units are not verified")
    for name, text in render(load_settings(), None, "root").items():
        if name != "crontab":
            (tmp_path / name).write_text(text)
            subprocess.run([analyze, "verify", "--man=no", str(tmp_path / name)], check=True)
