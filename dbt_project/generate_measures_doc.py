"""Writes docs/measures.md from marts.json (generate_marts_doc.py writes that first).

    python dbt_project/generate_measures_doc.py

What counts as a measure, its unit and what it adds up over: rules in pipelines/serving/measures.py.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from pipelines.serving.measures import Measure, measures

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "measures.md"
PREFACE = """\
# Các chỉ tiêu / The measures

Trang này được tạo từ dự án dbt bằng `make docs`; đừng sửa tay.
This page is generated from the dbt project by `make docs`; do not edit it.

Mỗi dòng là một con số của một mart.
**Cộng theo**: chỉ cộng qua các cột này, sau khi đã chọn *một* giá trị của các cột ở **Chọn một**.
Dấu – : không cộng được. Tỷ lệ có ghi cách tính (Σ, ÷) thì cộng tử số và mẫu số rồi chia lại;
trung bình, trung vị phải tính từ bảng chi tiết.
Hai nguồn có thể cùng gửi một hồ sơ, hai cách chia kỳ đếm cùng hồ sơ, bốn bộ quy tắc kết luận về cùng hồ sơ:
đừng cộng qua `source`, `scheme`, `rule_set`.
Với `period` chỉ cộng các kỳ cùng độ dài và không chồng lên nhau (tháng với tháng).
Có `level` ở **Chọn một** nghĩa là số của cơ quan cấp trên đã gồm cấp dưới: chỉ cộng trong một cấp.

Each line is one number of one mart.
**Adds up over**: sum over these columns only, after choosing *one* value of the columns under **Choose one**.
A – : does not add up. Of rates that say how (Σ, ÷), add up the parts and divide anew;
averages and medians need the rows themselves.
Two sources may send the same dossier, both schemes count the same dossiers, four rule sets decide on the same dossiers:
never sum over `source`, `scheme`, `rule_set`.
Of `period`, sum periods of one length that do not overlap (months with months).
`level` under **Choose one**: figures of a higher agency include those below, so sum within one level.
"""
HEAD = (
    "| Chỉ tiêu / Measure | Tên / Label | Nghĩa / Definition | Đơn vị / Unit "
    "| Cộng theo / Adds up over | Chọn một / Choose one |\n|---|---|---|---|---|---|"
)


def render() -> str:
    """The page."""
    lines = [PREFACE]
    for mart, found in groupby(measures(), key=lambda measure: measure.mart):
        told = dict.fromkeys((mart.grain.vi, mart.grain.en))
        lines += [f"## {mart.name}", "", *(line for text in told for line in (text, "")), HEAD, *map(_line, found), ""]
    return "\n".join(lines).rstrip() + "\n"


def _line(measure: Measure) -> str:
    label, meaning = measure.label, measure.column.meaning
    cells = [
        f"`{measure.name}`",
        f"{label.vi} / {label.en}",
        f"{meaning.vi} / {meaning.en}",
        f"{measure.unit.vi} / {measure.unit.en}",
        _divided(measure) if measure.parts else _names(measure.over),
        _names(measure.within) if measure.additive else "–",
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _divided(measure: Measure) -> str:
    """How a rate is made anew."""
    above, below = (" + ".join(f"Σ `{name}`" for name in names) for names in measure.parts or ())
    times = "100 × " if measure.unit.vi.startswith("phần trăm") else ""
    return f"{times}({above}) ÷ ({below})"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{column}`" for column in columns) or "–"


def main() -> None:
    OUTPUT.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
