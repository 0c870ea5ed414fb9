"""Writes docs/marts.md and marts.json from what the dbt project says of its marts, docs/distortions.md from its seed.

    python dbt_project/generate_marts_doc.py [--manifest FILE] [--output docs/marts.md] [--json marts.json]

Marts: grain, columns, types, meaning, readers. The page on distortions is written beside the other. marts.json says the
same for programs: the surfaces (pipelines/serving) name marts and columns by it.

Without a manifest the project is parsed first, in a scratch folder. Nothing is written by hand in docs/marts.md:
its text stands in models/**/*.yml.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent
OUTPUT = PROJECT.parent / "docs" / "marts.md"
CATALOGUE = PROJECT / "marts.json"
DISTORTIONS = "distortions.md"
SCHEMA = "marts"

# First part of the name → heading; the order is that of the page.
FAMILIES = {
    "rpt": "Báo cáo / Reports",
    "mart": "Mart / Marts",
    "fct": "Sự kiện / Facts",
    "dim": "Danh mục / Dimensions",
}
PREFACE = """\
# Các mart / The marts

Trang này được tạo từ dự án dbt bằng `make docs`; đừng sửa tay.
This page is generated from the dbt project by `make docs`; do not edit it.

Mọi bảng nằm trong lược đồ `marts` của tệp công bố (`published/dunghan.duckdb`) và trong `published/parquet/`.
Không bảng nào chứa dữ liệu cá nhân.
Every table lies in schema `marts` of the published file and in `published/parquet/`. No table holds personal data.

Văn bản (mã, tên, ghi chú) giữ nguyên như tệp nguồn, kể cả khi bắt đầu bằng `=`, `+`, `-`, `@`.
Khi xuất sang bảng tính, hãy nạp các cột đó dưới dạng văn bản, hoặc thêm dấu `'` phía trước, để không thành công thức.
Texts (codes, names, notes) stay as the source wrote them, even when they begin with `=`, `+`, `-`, `@`.
When you export them to a spreadsheet, import those columns as text, or put a `'` in front, so that none is a formula.
"""

DISTORTIONS_PREFACE = """\
# Sai lệch do hệ thống gửi / What senders do to the data

Trang này được tạo từ `dbt_project/seeds/distortions.csv` bằng `make docs`; đừng sửa tay.
This page is generated from `dbt_project/seeds/distortions.csv` by `make docs`; do not edit it.

Đúng Hạn phát hiện và nêu tên, không bao giờ tự sửa: số liệu tính theo đúng những gì hệ thống gửi.
Xem theo cơ quan và tháng bằng `dunghan distortions` hoặc bảng `mart_distortions`, kèm vài mã hồ sơ làm ví dụ.
Đúng Hạn detects and names, and never repairs: figures are computed from what was sent.
See them by agency and month with `dunghan distortions` or in `mart_distortions`, with some dossier codes as examples.

Dấu hiệu kiểu thói quen (ngày nộp chép lại, cờ không đổi, danh sách luôn trống, không bao giờ hẹn trả) chỉ nêu
khi cơ quan có ít nhất {habit} hồ sơ, với ngày nộp là khi ít nhất {share:.0%} như vậy;
đóng hàng loạt: từ {bulk} hồ sơ trong một phút. Các ngưỡng là biến trong `dbt_project.yml`.
Habits (copied dates, flags that never vary, lists always empty, never a due date) are told of agencies
with at least {habit} dossiers, copied dates when at least {share:.0%} show them;
closing in bulk: from {bulk} dossiers in one minute. The thresholds are variables in `dbt_project.yml`.
"""

Node = dict[str, Any]

NOT_PUBLISHED = "built_by"  # warehouse.publish leaves it out


def parse_project(**environment: str) -> dict[str, Any]:
    """The manifest of the project as it stands, with these variables set. Raises SystemExit with dbt's output when it
    cannot be parsed."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse", "--no-partial-parse"]
        folders = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", scratch, "--log-path", scratch]
        done = subprocess.run(  # noqa: S603 - dbt of this environment, with paths of this project
            [*command, *map(str, folders)],
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"dbt parse:\n{done.stdout}{done.stderr}")
        return json.loads((Path(scratch) / "manifest.json").read_text(encoding="utf-8"))


def render(manifest: dict[str, Any]) -> str:
    """The page, for a dbt manifest (schema v12)."""
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["schema"] == SCHEMA]
    of_models = grains(manifest)
    readers = _readers(manifest)
    lines = [PREFACE]
    for family, heading in FAMILIES.items():
        lines += [f"## {heading}", ""]
        for model in sorted((m for m in models if m["name"].split("_")[0] == family), key=lambda m: m["name"]):
            lines += model_page(model, of_models.get(model["unique_id"], []), readers.get(model["unique_id"], []))
    return "\n".join(lines).rstrip() + "\n"


def render_distortions(project: Path = PROJECT) -> str:
    """The page on distortions (portal-exports §8): what each means and whom to ask."""
    limits = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    names = {"habit": "habit_dossiers", "share": "habit_share", "bulk": "bulk_closing"}
    lines = [DISTORTIONS_PREFACE.format(**{short: limits[f"distortion_{name}"] for short, name in names.items()})]
    with (project / "seeds" / "distortions.csv").open(encoding="utf-8", newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: int(row["position"])):
            lines += [f"## {row['title_vi']} / {row['title_en']}", "", f"`{row['distortion']}`", ""]
            lines += [row["meaning_vi"], "", row["meaning_en"], ""]
            lines += [f"**Hỏi ai**: {row['ask_vi']}", "", f"**Whom to ask**: {row['ask_en']}", ""]
    return "\n".join(lines).rstrip() + "\n"


def catalogue(manifest: dict[str, Any]) -> dict[str, Any]:
    """Mart → title, grain (one row is what) and meaning of columns, each [Vietnamese, English]; key; types."""
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["schema"] == SCHEMA]
    of_models = grains(manifest)
    return {
        model["name"]: {
            "title": _both(model["config"]["meta"]["title"], " / "),
            "grain": _both(model["description"].strip(), "\n"),
            "key": of_models.get(model["unique_id"], []),
            "columns": [
                {
                    "name": column["name"],
                    "type": column["data_type"],
                    "meaning": _both(" ".join(column["description"].split()), " / "),
                }
                for column in model["columns"].values()
                if column["name"] != NOT_PUBLISHED
            ],
        }
        for model in sorted(models, key=lambda m: m["name"])
    }


def _both(text: str, between: str) -> list[str]:
    """[Vietnamese, English]; a text in one language stands for both."""
    vietnamese, _, english = text.partition(between)
    return [vietnamese.strip(), english.strip() or vietnamese.strip()]


def model_page(model: Node, grain: list[str], readers: list[str]) -> Iterator[str]:
    yield f"### {model['name']}: {model['config']['meta']['title']}"
    yield ""
    yield from (line for paragraph in model["description"].splitlines() if paragraph for line in (paragraph, ""))
    if grain:
        yield f"**Khóa / Grain**: {', '.join(f'`{column}`' for column in grain)}"
        yield ""
    if readers:
        yield f"**Dùng cho / Read by**: {'; '.join(readers)}"
        yield ""
    yield "| Cột / Column | Kiểu / Type | Ý nghĩa / Meaning |"
    yield "|---|---|---|"
    for column in model["columns"].values():
        if column["name"] == NOT_PUBLISHED:
            continue
        meaning = " ".join(column["description"].split()).replace("|", "\\|")
        yield f"| `{column['name']}` | {column['data_type']} | {meaning} |"
    yield ""


def grains(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Model → the columns that are tested to be unique together, or the one column tested to be unique.

    A model whose rows are those of another, laid out, names them itself (meta).
    """
    found: dict[str, list[str]] = {}
    for node in manifest["nodes"].values():
        if grain := node["config"]["meta"].get("grain"):
            found[node["unique_id"]] = grain
        test = node.get("test_metadata") or {}
        if test.get("name") == "sound_rows":
            keys, unique = test["kwargs"].get("keys"), test["kwargs"].get("unique")
            if keys or unique:
                found.setdefault(node["attached_node"], keys[0] if keys else unique[:1])
    return found


def _readers(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Model → labels of the exposures that read it."""
    found: dict[str, list[str]] = {}
    for exposure in sorted(manifest["exposures"].values(), key=lambda e: e["name"]):
        for model in exposure["depends_on"]["nodes"]:
            found.setdefault(model, []).append(exposure["label"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, help="manifest.json of dbt; default: parse the project")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--json", type=Path, default=CATALOGUE)
    arguments = parser.parse_args()
    manifest = json.loads(arguments.manifest.read_text(encoding="utf-8")) if arguments.manifest else parse_project()
    arguments.output.write_text(render(manifest), encoding="utf-8")
    arguments.json.write_text(json.dumps(catalogue(manifest), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    arguments.output.with_name(DISTORTIONS).write_text(render_distortions(), encoding="utf-8")


if __name__ == "__main__":
    main()
