"""The command line, `dunghan`: what people type and read. Commands only call the modules and show what they say."""

from pipelines.cli import calendar, compact, distortions, history
from pipelines.cli.app import main

#: Modules that add commands of their own to the app, by being imported.
THEMES = (calendar, compact, distortions, history)

__all__ = ["THEMES", "main"]
