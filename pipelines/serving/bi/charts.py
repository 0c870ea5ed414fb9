"""A chart of `dashboards.yml` as Superset stores it: what its browser side reads (`params`) and the same question for
its programming interface (`query_context`).

kind: number (one metric), line, area, bar, stacked (by `x`), across (bars that lie), table (metrics by `by`), list
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pipelines.serving.bi import Document, identifier
from pipelines.serving.bi.datasets import measures_of, metric_of
from pipelines.serving.catalogue import Text

Spec = dict[str, Any]
#: What Superset calls the kinds.
VIZ = {
    "number": "big_number_total",
    "line": "echarts_timeseries_line",
    "area": "echarts_area",
    "bar": "echarts_timeseries_bar",
    "stacked": "echarts_timeseries_bar",
    "across": "echarts_timeseries_bar",
    "table": "table",
    "list": "table",
}
OPERATORS = {"==": "EQUALS", ">=": "GREATER_THAN_OR_EQUAL", "IN": "IN", "IS NOT NULL": "IS_NOT_NULL"}
MOMENT_FORMATS = {"vi": "%d/%m/%Y", "en": "%d/%m/%Y"}


def listed(board: Spec) -> Iterator[Spec]:
    """The charts of a dashboard, row by row."""
    for row in board["rows"]:
        yield from (entry for entry in row if "name" in entry)


def chart(spec: Spec, lang: str) -> Document:
    """A chart, in Superset's import format."""
    params = _params(spec, lang)
    return {
        "slice_name": Text(*spec["title"])(lang),
        "description": Text(*spec["about"])(lang) if "about" in spec else None,
        "viz_type": VIZ[spec["kind"]],
        "params": params,
        "query_context": json.dumps(_query_context(spec, params), ensure_ascii=False),
        "cache_timeout": None,
        "uuid": identifier("chart", spec["name"]),
        "version": "1.0.0",
        "dataset_uuid": identifier("dataset", spec["mart"]),
    }


def metrics(spec: Spec) -> list[str]:
    """Names of the metrics of a chart. Raises ValueError for a measure that does not add up."""
    known = {found.name: found for found in measures_of(spec["mart"])}
    named = []
    for name in spec.get("metrics", ()):
        metric = "count__rows" if name == "rows" else metric_of(known[name])
        if metric is None:
            raise ValueError(f"{spec['name']}: {name} of {spec['mart']} neither adds up nor has its parts")
        named.append(metric)
    return named


def _where(spec: Spec) -> list[tuple[str, str, Any]]:
    """Conditions as (column, operator, value): a value is equal, a list is one of, >= stands before a number."""
    found: list[tuple[str, str, Any]] = []
    for column, value in spec.get("where", {}).items():
        if isinstance(value, list):
            found.append((column, "IN", value))
        elif isinstance(value, str) and value.startswith(">="):
            found.append((column, ">=", int(value[2:])))
        elif value == "known":
            found.append((column, "IS NOT NULL", None))
        else:
            found.append((column, "==", value))
    return found


def _orders(spec: Spec) -> list[tuple[str, bool]]:
    """Columns of a list as (name, ascending); a minus in front turns the order."""
    return [(name.lstrip("-"), not name.startswith("-")) for name in spec.get("order", ())]


def _by(spec: Spec) -> list[str]:
    return list(spec.get("by", ()))


# What the browser side reads ------------------------------------------------------------------------------------------


def _params(spec: Spec, lang: str) -> Document:
    kind = spec["kind"]
    common: Document = {
        "viz_type": VIZ[kind],
        "adhoc_filters": [_adhoc(*condition) for condition in _where(spec)],
        "extra_form_data": {},
        "row_limit": spec.get("rows", 10000),
    }
    if kind == "number":
        return common | _number(spec, lang)
    if kind in ("table", "list"):
        return common | _table(spec, lang)
    return common | _series(spec, lang)


def _adhoc(column: str, operator: str, value: Any) -> Document:
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": column,
        "operator": operator,
        "operatorId": OPERATORS[operator],
        "comparator": value,
    }


def _number(spec: Spec, lang: str) -> Document:
    (metric,) = metrics(spec)
    return {
        "metric": metric,
        "subheader": Text(*spec["under"])(lang) if "under" in spec else "",
        "subtitle": Text(*spec["under"])(lang) if "under" in spec else "",
        "header_font_size": 0.4,
        "subtitle_font_size": 0.125,
        "subheader_font_size": 0.125,
        "y_axis_format": ".1%" if metric.startswith("rate__") else ",d",
    }


def _series(spec: Spec, lang: str) -> Document:
    kind, rate = spec["kind"], metrics(spec)[0].startswith("rate__")
    moment = spec["x"] == "day"
    named: Document = {
        "x_axis": spec["x"],
        "time_grain_sqla": "P1D" if moment else None,
        "xAxisForceCategorical": not moment,
        "metrics": metrics(spec),
        "groupby": _by(spec),
        "order_desc": True,
        "truncate_metric": True,
        "show_empty_columns": True,
        "comparison_type": "values",
        "color_scheme": f"dunghan_{spec['colours']}" if "colours" in spec else "dunghan",
        "show_legend": len(metrics(spec)) > 1 or bool(_by(spec)),
        "legendType": "plain",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "tooltipTimeFormat": MOMENT_FORMATS[lang],
        "x_axis_time_format": MOMENT_FORMATS[lang],
        "y_axis_format": ".0%" if rate else ",.1~f",
        "y_axis_bounds": [None, 1] if rate else [None, None],
        "y_axis_title": Text(*spec["axis"])(lang) if "axis" in spec else "",
        "y_axis_title_margin": 40 if "axis" in spec else 0,
        "y_axis_title_position": "Left",
        "truncateXAxis": True,
        "truncateYAxis": rate,
        "only_total": True,
        "show_value": kind in ("across", "bar") and not _by(spec) and len(metrics(spec)) == 1,
    }
    if kind == "area":
        named |= {"opacity": 0.5, "stack": "Stack", "seriesType": "line", "markerEnabled": False}
    if kind == "line":
        named |= {"seriesType": "line", "markerEnabled": True, "markerSize": 6}
    if kind in ("stacked", "across"):
        named |= {"stack": "Stack"}
    if kind == "across":
        named |= {"orientation": "horizontal"}
    # Codes of time and classes in their order; everything else by how much there is, most at the top.
    if spec.get("sort") == "name":
        named |= {"x_axis_sort": spec["x"], "x_axis_sort_asc": True}
    elif not moment:
        named |= {
            "x_axis_sort": metrics(spec)[0],
            "x_axis_sort_asc": kind == "across",
            "timeseries_limit_metric": metrics(spec)[0],
        }
    return named


def _table(spec: Spec, lang: str) -> Document:
    raw = spec["kind"] == "list"
    named: Document = {
        "query_mode": "raw" if raw else "aggregate",
        "table_timestamp_format": MOMENT_FORMATS[lang],
        "server_pagination": False,
        "page_length": spec.get("page", 0),
        "include_search": spec.get("search", False),
        "show_cell_bars": False,
        "order_desc": True,
        "allow_rearrange_columns": True,
        "column_config": {column: {"d3NumberFormat": format_} for column, format_ in spec.get("formats", {}).items()},
    }
    if raw:
        return named | {
            "all_columns": spec["columns"],
            "order_by_cols": [json.dumps([name, ascending]) for name, ascending in _orders(spec)],
        }
    return named | {
        "groupby": _by(spec),
        "metrics": metrics(spec),
        "timeseries_limit_metric": metrics(spec)[0] if metrics(spec) else None,
        "show_totals": spec.get("totals", False),
    }


# The same question for the programming interface ----------------------------------------------------------------------


def _query_context(spec: Spec, params: Document) -> Document:
    raw = spec["kind"] == "list"
    asked = metrics(spec)
    columns: list[Any] = spec["columns"] if raw else _by(spec)
    if "x" in spec:
        columns = [_axis(spec["x"]), *columns]
    order: list[Any] = (
        [list(pair) for pair in _orders(spec)] if raw else [[asked[0], False]] if asked and columns else []
    )
    return {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [
            {
                "filters": [{"col": column, "op": operator, "val": value} for column, operator, value in _where(spec)],
                "extras": {"having": "", "where": ""},
                "applied_time_extras": {},
                "columns": columns,
                "metrics": None if raw else asked,
                "orderby": order,
                "annotation_layers": [],
                "row_limit": spec.get("rows", 10000),
                "series_limit": 0,
                "order_desc": True,
                "url_params": {},
                "custom_params": {},
                "custom_form_data": {},
            }
        ],
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }


def _axis(column: str) -> Any:
    if column != "day":
        return column
    return {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": column,
        "sqlExpression": column,
        "timeGrain": "P1D",
    }
