"""Writes the columns that marts show per rule set into their YAML, from seeds/rule_sets.csv: dbt has no loops there.

    python dbt_project/generate_rule_set_columns.py

In a model's YAML they stand between the two marks below; a rule set more is a row more in the seed.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
BEGIN = "      # per rule set, written by `make docs`\n"
END = "      # end of what is written\n"

ON_TIME_RATE = (
    "on_time_rate_{rule_set}",
    "double",
    "Tỷ lệ đúng hạn theo bộ quy tắc “{name_vi}”, 0..1; trống khi chưa giải quyết hồ sơ nào /"
    " On-time rate by {rule_set}, (early + on time) / resolved; null when nothing is resolved",
)
#: Model, with its folder → the columns of each rule set: name, type, meaning.
COLUMNS = {
    "marts/mart_rule_differences": (
        (
            "{rule_set}_verdict",
            "varchar",
            "Kết luận theo bộ quy tắc “{name_vi}”; trống khi ngoài phạm vi /"
            " Verdict of {rule_set}; null when not in its population",
        ),
        ("{rule_set}_reason", "varchar", "Lý do theo bộ quy tắc “{name_vi}” / Reason of {rule_set}"),
    ),
    "marts/mart_agency_scorecard": (ON_TIME_RATE,),
    "national/nat_province_scorecard": (ON_TIME_RATE,),
}


def pages(project: Path = PROJECT) -> dict[Path, str]:
    """YAML file → its text with the columns of today's rule sets. Raises ValueError for a file without the marks."""
    with (project / "seeds" / "rule_sets.csv").open(encoding="utf-8", newline="") as file:
        rule_sets = sorted(csv.DictReader(file), key=lambda row: int(row["position"]))
    found = {}
    for model, columns in COLUMNS.items():
        path = project / "models" / f"{model}.yml"
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        lines = [_column(*(text.format(**row) for text in column)) for row in rule_sets for column in columns]
        found[path] = before + BEGIN + "".join(lines) + END + after
    return found


def _column(name: str, data_type: str, description: str) -> str:
    return (
        f"      - name: {name}\n        data_type: {data_type}\n"
        f"        description: {json.dumps(description, ensure_ascii=False)}\n"
    )


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
