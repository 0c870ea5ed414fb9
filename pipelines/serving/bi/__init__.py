"""The bundle of Superset: the marts as datasets, and three dashboards on them, in Superset's own import format
(decision 0026). Generated from the catalogue of the marts and from the measures; nothing is described a second time.

datasets   a mart → a dataset: labels, names of codes, metrics
charts, dashboards   what `dashboards.yml` lists, as Superset stores it
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import yaml

from pipelines.files import write_whole
from pipelines.layout import REPOSITORY
from pipelines.serving.catalogue import marts

Document = dict[str, Any]

HERE = Path(__file__).parent
#: Where the bundle in Vietnamese is kept.
BUNDLE = REPOSITORY / "warehouse" / "bi" / "superset" / "bundle"
#: Namespace of the bundle's identifiers: the same name is the same thing in every version of the bundle.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "dunghan/warehouse/bi/superset")


def identifier(kind: str, name: str) -> str:
    """The UUID of a dataset, chart, dashboard or database."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


DATABASE = identifier("database", "dunghan")


def bundle(lang: str) -> dict[str, Document]:
    """Path within the bundle → document, in one language."""
    from pipelines.serving.bi.charts import chart, listed
    from pipelines.serving.bi.dashboards import dashboard
    from pipelines.serving.bi.datasets import dataset

    spec = yaml.safe_load((HERE / "dashboards.yml").read_text(encoding="utf-8"))
    made: dict[str, Document] = {"metadata.yaml": {"version": "1.0.0", "type": "assets"}}
    made["databases/dunghan.yaml"] = _database()
    for mart in marts().values():
        made[f"datasets/dunghan/{mart.name}.yaml"] = dataset(mart, lang)
    for number, board in enumerate(spec["dashboards"]):
        for found in listed(board):
            made[f"charts/{found['name']}.yaml"] = chart(found, lang)
        made[f"dashboards/{board['name']}.yaml"] = dashboard(board, spec["filters"], lang, number)
    return made


def write_bundle(folder: Path, lang: str) -> None:
    """Write the bundle into `folder`; documents that are no longer made are removed."""
    made = {folder / path: document for path, document in bundle(lang).items()}
    for old in set(folder.rglob("*.yaml")) - set(made):
        old.unlink()
    for path, document in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text_of(document))


def text_of(document: Document) -> str:
    """A document as it is written."""
    return yaml.dump(document, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)


class _Plain(yaml.CSafeDumper):
    """Writes what occurs twice twice, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def _database() -> Document:
    """The connection, without the address: where it is read from is known where Superset starts."""
    return {
        "database_name": "Đúng Hạn",
        "sqlalchemy_uri": "duckdb:////dunghan.duckdb",
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "engine_params": {
                "connect_args": {
                    "read_only": True,
                    # Without this its SQL would read any file of the machine.
                    "config": {"enable_external_access": False, "threads": 1, "memory_limit": "1GB"},
                }
            },
        },
        "uuid": DATABASE,
        "version": "1.0.0",
    }
