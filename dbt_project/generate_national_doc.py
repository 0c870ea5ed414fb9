"""Writes docs/reference/national-marts.md: what becomes of every mart of a province in the national version, and what
the national models are, from what the dbt project says of them.

    python dbt_project/generate_national_doc.py [--manifest FILE] [--output docs/reference/national-marts.md]

Without a manifest the project is parsed first, as the roll-up has it parsed. Nothing is written by hand in the page.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # the project that this file lies in, whatever is installed

from dbt_project.generate_marts_doc import grains, model_page, parse_project  # noqa: E402
from pipelines.rollup.national import ENVIRONMENT, LEFT_OUT, SHARED  # noqa: E402
from pipelines.serving import catalogue  # noqa: E402

OUTPUT = ROOT / "docs" / "reference" / "national-marts.md"
FOLDER = "national"
SOURCE = "provinces"

PREFACE = """\
# Các bảng của bản toàn quốc / Marts of the national version

Trang này được tạo từ dự án dbt bằng `make docs`; đừng sửa tay. Cách lập bản toàn quốc: trang rollup của hướng dẫn.
This page is generated from the dbt project by `make docs`; do not edit it. How to make it: page rollup of the guide.

## Bảng của tỉnh / Marts of a province

- *nối, thêm mã tỉnh / one below the other*: mọi dòng của mọi tỉnh, cột `province_code` đứng trước; khóa là
  `province_code` và khóa cũ, nên mã cơ quan, mã hồ sơ trùng nhau giữa các tỉnh không lẫn vào nhau.
  Every row of every province, with the column `province_code` in front; the key is `province_code` and the old key,
  so that equal codes of agencies or dossiers in two provinces are never mixed up.
- *một lần / once*: như nhau ở mọi tỉnh, nếu khác thì không lập. The same in every province; refused when it is not.
- *ở lại tỉnh / stays there*: tệp và dòng mà chỉ tỉnh tra và gửi lại được; `nat_quality` đếm chúng.
  Files and rows that only the province can look up and send again; `nat_quality` counts them.

| Bảng / Mart | Trong bản toàn quốc / In the national version | Tính ra / Computed from it |
|---|---|---|
"""

NOT_MERGED = """
Số đếm cộng lại. Tỷ lệ, trung bình, trung vị, phân vị, thứ hạng, số hồ sơ khác nhau được tính lại từ các phần của chúng,
không bao giờ lấy trung bình của các tỉnh. Những số sau không có cho cả nước:
Counts add up. Rates, means, medians, percentiles, ranks and distinct dossiers are computed again from their parts, and
never averaged over provinces. These figures are not there for the country:

- **Số người khác nhau / distinct people** (`applicant_key`, `officer_key`): khóa băm của mỗi tỉnh một khác, nên cùng
  một người ở hai tỉnh là hai khóa; cộng lại sẽ đếm hai lần. Chỉ có trong tỉnh. Each province hashes with a key of its
  own, so that one person in two provinces has two keys, and adding up would count twice. Within a province only.
- **avg_processing_days của chỉ số 766 / of index 766**: tỉnh công bố số đã làm tròn. Provinces publish it rounded.
- **Chỉ số 3.5a, 3.5b / indicators 3.5a, 3.5b**: đếm thủ tục; một thủ tục ở hai tỉnh vẫn là một. They count procedures;
  one procedure in two provinces is still one.
- **Đơn vị / units** (`mart_unit_bottlenecks`): tên đơn vị là của riêng cơ quan. Names of units are an agency's own.
- **Đối soát với Cổng / reconciliation with the portal** (`mart_portal_reconciliation`): báo cáo của Cổng là của từng
  tỉnh. The portal's reports are a province's.
- **Nguy cơ quá hạn / risk** (`mart_overdue_risk`): so với hồ sơ cùng tỉnh. Compared with dossiers of the same province.

## Bảng toàn quốc / National marts

Cột `area_code`: `VN` là mọi tỉnh trong bản này, còn lại là mã tỉnh; chỉ cộng trong một loại. Cột `source` vẫn tách:
Cổng và hệ thống một cửa gửi cùng hồ sơ.
Column `area_code`: `VN` is all provinces of the version, any other value one province; never add the two. Column
`source` stays apart: the portal and the one-stop systems send the same dossiers.
"""

Node = dict[str, Any]


def render(manifest: dict[str, Any]) -> str:
    """The page, for a dbt manifest (schema v12) of a project parsed for the roll-up."""
    models = sorted(
        (n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["fqn"][1] == FOLDER),
        key=lambda model: model["name"],
    )
    of_models = grains(manifest)
    lines = [PREFACE.rstrip("\n"), *_fates(models), NOT_MERGED]
    for model in models:
        lines += model_page(model, of_models.get(model["unique_id"], []), [])
    return "\n".join(lines).rstrip() + "\n"


def _fates(models: list[Node]) -> Iterator[str]:
    """A line of the table for every mart of a province."""
    for mart, told in catalogue.marts().items():
        if mart in LEFT_OUT:
            fate = "ở lại tỉnh / stays there"
        else:
            fate = "một lần / once" if mart in SHARED else "nối, thêm mã tỉnh / one below the other"
        made = [f"`{m['name']}`" for m in models if f"source.dunghan.{SOURCE}.{mart}" in m["depends_on"]["nodes"]]
        yield f"| `{mart}`: {told.title.vi} / {told.title.en} | {fate} | {', '.join(made)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, help="manifest.json of dbt; default: parse the project")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    given = arguments.manifest
    manifest = json.loads(given.read_text(encoding="utf-8")) if given else parse_project(**ENVIRONMENT)
    arguments.output.write_text(render(manifest), encoding="utf-8")


if __name__ == "__main__":
    main()
