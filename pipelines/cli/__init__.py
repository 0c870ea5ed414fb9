"""The command line, `dunghan`: what people type and read. Commands only call the modules and show what they say."""

from pipelines.cli.app import main

__all__ = ["main"]
