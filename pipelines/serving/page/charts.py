"""The charts of the page: Altair's, turned into SVG without a browser and without a script.

Colours say what is meant: calm for in time, warm for overdue; all are told apart by colour-blind people (Okabe and Ito)
and every line has a shape of its own besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import altair as alt
import vl_convert

#: d3's locale of the charts' axes, by language.
D3_LOCALE: dict[str, dict[str, Any]] = {
    "vi": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"], "percent": " %"},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "percent": "%"},
}


Row = dict[str, Any]

CALM, WARM, QUIET = "#2b6a99", "#c8500a", "#c9d3dd"
_LINES = ("#0b4a75", "#009e73", "#b3457a", "#c8500a")
_SHAPES = ("circle", "square", "triangle-up", "diamond")
#: Overdue by age, the older the darker.
_AGES = ("#f8cf9a", "#f6b060", "#f08c2e", "#d2620f", "#9f3f06", "#5e2203")
#: Pixels: half of a screen, the whole of it.
_HALF, _WHOLE = 460, 860
_CONFIG = {
    "font": "Arial, Liberation Sans, DejaVu Sans, sans-serif",
    "background": "#ffffff",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": "#2c3947",
        "titleColor": "#2c3947",
        "gridColor": "#e6eaef",
        "domainColor": "#9aa7b4",
        "tickColor": "#9aa7b4",
    },
    "legend": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": "#2c3947",
        "orient": "top",
        "labelLimit": 320,
        "symbolSize": 90,
    },
}


def on_time(rows: Sequence[Row], names: Sequence[str], axis: str) -> alt.Chart:
    """Lines of `percent` by `month`, one of `rule_set` (a name) each, in the order of `names`."""
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("month:O", title=None, sort=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("percent:Q", title=axis, scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(format=",~r")),
        color=_coloured("rule_set", names, _LINES).legend(columns=2),
        shape=alt.Shape("rule_set:N", scale=alt.Scale(domain=list(names), range=list(_SHAPES)), title=None),
    )
    return (base.mark_line(strokeWidth=2.4) + base.mark_point(filled=True, size=70, opacity=1)).properties(
        width=_HALF + 80, height=270
    )


def backlog(rows: Sequence[Row], in_time: str, overdue: str) -> alt.VConcatChart:
    """What is pending at the end of each `day`: in time above, overdue below with a scale of its own."""
    rows = [{**row, "day": row["day"].isoformat()} for row in rows]

    def area(column: str, title: str, colour: str, height: int) -> alt.Chart:
        return (
            alt.Chart(alt.Data(values=rows), title=alt.TitleParams(title, anchor="start", fontSize=13, color=colour))
            .mark_area(color=colour, opacity=0.85, line={"color": colour}, interpolate="step-after")
            .encode(
                x=alt.X("day:T", title=None, axis=alt.Axis(format="%d/%m", grid=False, tickCount=8)),
                y=alt.Y(f"{column}:Q", title=None, axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1)),
            )
            .properties(width=_HALF, height=height)
        )

    return alt.vconcat(area("in_time", in_time, CALM, 170), area("overdue", overdue, WARM, 90), spacing=14)


def aging(rows: Sequence[Row], order: Sequence[str], buckets: Sequence[str], axis: str, legend: str) -> alt.Chart:
    """Bars of `dossiers` by `agency`, cut by `bucket`: the agencies and buckets in the order given."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(stroke="#ffffff", strokeWidth=0.6)
        .encode(
            y=alt.Y("agency:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=230)),
            x=alt.X("dossiers:Q", title=axis, axis=alt.Axis(format=",d", tickMinStep=1)),
            color=_coloured("bucket", buckets, _AGES).title(legend),
            order=alt.Order("position:Q"),
        )
        .properties(width=_WHOLE - 200, height=alt.Step(24))
    )


def points(rows: Sequence[Row], order: Sequence[str], got: str, lost: str, axis: str) -> alt.Chart:
    """Bars of `points` by `indicator`: what was got, then what was lost."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar()
        .encode(
            y=alt.Y("indicator:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=330)),
            x=alt.X("points:Q", title=axis, axis=alt.Axis(format=",~r")),
            color=_coloured("kind", (got, lost), (CALM, WARM)),
            order=alt.Order("position:Q"),
        )
        .properties(width=_WHOLE - 290, height=alt.Step(22))
    )


def image(chart: alt.TopLevelMixin, lang: str) -> str:
    """The chart as a `data:` address of an SVG image: no script, no style and no identifier of it is the page's."""
    spec = {**chart.to_dict(validate=False), "config": _CONFIG}
    svg = vl_convert.vegalite_to_svg(spec, format_locale=D3_LOCALE[lang], allowed_base_urls=[])
    return "data:image/svg+xml," + quote(svg, safe=" !()*,-./:;=?@[]^_`{|}~$+")


def _coloured(column: str, names: Sequence[str], colours: Sequence[str]) -> alt.Color:
    domain = list(names)
    return alt.Color(f"{column}:N", scale=alt.Scale(domain=domain, range=list(colours[: len(domain)])), title=None)
