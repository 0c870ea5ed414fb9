"""python -m pipelines.serving.bi [--lang en] [FOLDER]: write the bundle of Superset (`make docs`, `make bi`)."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.serving.bi import BUNDLE, write_bundle
from pipelines.serving.catalogue import LANGUAGES

parser = argparse.ArgumentParser(prog="python -m pipelines.serving.bi")
parser.add_argument("folder", nargs="?", type=Path, default=BUNDLE)
parser.add_argument("--lang", choices=LANGUAGES, default="vi")
given = parser.parse_args()
write_bundle(given.folder, given.lang)
