"""A dashboard of `dashboards.yml` as Superset stores it: where its charts lie, its filters, its colours."""

from __future__ import annotations

from functools import cache
from typing import Any

from pipelines.serving.bi import Document, identifier
from pipelines.serving.bi.charts import Spec, listed
from pipelines.serving.catalogue import Text, marts

#: Parts of the width of a row.
COLUMNS = 12


def dashboard(board: Spec, filters: list[Spec], lang: str, number: int) -> Document:
    """A dashboard, in Superset's import format. number: its place among them."""
    ids = {spec["name"]: 1000 * (number + 1) + place for place, spec in enumerate(listed(board))}
    return {
        "dashboard_title": Text(*board["title"])(lang),
        "description": Text(*board["about"])(lang),
        "css": None,
        "slug": board["name"],
        "published": True,
        "uuid": identifier("dashboard", board["name"]),
        "position": _position(board, ids, lang),
        "metadata": {
            "native_filter_configuration": [_filter(spec, board, ids, lang) for spec in filters if _fits(spec, board)],
            "filter_bar_orientation": "HORIZONTAL",
            "color_scheme": "",
            "label_colors": {},
            "shared_label_colors": [],
            "map_label_colors": {},
            "cross_filters_enabled": False,
            "expanded_slices": {},
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "default_filters": "{}",
            "chart_configuration": {},
            "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}},
        },
        "version": "1.0.0",
    }


# Where things lie -----------------------------------------------------------------------------------------------------


def _position(board: Spec, ids: dict[str, int], lang: str) -> Document:
    rows = {f"ROW-{number}": row for number, row in enumerate(board["rows"])}
    placed: Document = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": Text(*board["title"])(lang)}},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": list(rows), "parents": ["ROOT_ID"]},
    }
    for name, row in rows.items():
        parents = ["ROOT_ID", "GRID_ID"]
        cells = {f"{name}-{place}": entry for place, entry in enumerate(row)}
        placed[name] = {
            "id": name,
            "type": "ROW",
            "children": list(cells),
            "parents": parents,
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for cell, entry in cells.items():
            placed[cell] = {"id": cell, "children": [], "parents": [*parents, name]} | _cell(entry, ids, len(row), lang)
    return placed


def _cell(entry: Spec, ids: dict[str, int], beside: int, lang: str) -> dict[str, Any]:
    size = {"width": entry.get("width", COLUMNS // beside), "height": entry["height"]}
    if "text" in entry:
        return {"type": "MARKDOWN", "meta": size | {"code": Text(*entry["text"])(lang)}}
    named = {
        "chartId": ids[entry["name"]],
        "uuid": identifier("chart", entry["name"]),
        "sliceName": Text(*entry["title"])(lang),
    }
    return {"type": "CHART", "meta": size | named}


# Filters --------------------------------------------------------------------------------------------------------------


@cache
def _columns_of(mart: str) -> set[str]:
    from pipelines.serving.bi.datasets import dataset

    return {column["column_name"] for column in dataset(marts()[mart], "vi")["columns"]}


def _reached(spec: Spec, board: Spec) -> set[str]:
    return {found["name"] for found in listed(board) if spec["column"] in _columns_of(found["mart"])}


def _fits(spec: Spec, board: Spec) -> bool:
    return bool(_reached(spec, board))


def _filter(spec: Spec, board: Spec, ids: dict[str, int], lang: str) -> Document:
    """A filter over the charts whose mart has its column. `first`: one value, chosen from the beginning: the one with
    most of the measure `most`."""
    first, reached = spec.get("first", False), _reached(spec, board)
    return {
        "id": f"NATIVE_FILTER-{spec['column']}",
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "name": Text(*spec["title"])(lang),
        "description": Text(*spec["about"])(lang) if "about" in spec else "",
        "targets": [{"datasetUuid": identifier("dataset", spec["mart"]), "column": {"name": spec["column"]}}],
        "sortMetric": spec.get("most"),
        "adhoc_filters": [],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": [id_ for name, id_ in ids.items() if name not in reached]},
        "requiredFirst": first,
        "controlValues": {
            "defaultToFirstItem": first,
            "enableEmptyFilter": first,
            "multiSelect": not first,
            "searchAllOptions": False,
            "inverseSelection": False,
            "sortAscending": spec.get("ascending", True),
        },
    }
