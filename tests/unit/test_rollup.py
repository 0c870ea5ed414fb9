"""What a national roll-up refuses, and how it is told: every reason at once, each with who differs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest

from pipelines.bilingual import one_language
from pipelines.config import load_settings
from pipelines.rollup.national import LEFT_OUT, SHARED, _plan, roll_up, taken_marts
from pipelines.rollup.provinces import Province, RollupRefusedError, find_provinces
from pipelines.serving import catalogue
from tests.support.national import write_province
from warehouse.build import definitions_version

Made = Callable[..., Path]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version whose manifest names no province."""
    return write_province(tmp_path_factory.mktemp("published") / "version", None, dossiers=5)


@pytest.fixture
def made(published: Path, tmp_path: Path) -> Made:
    """Makes a copy of the version, with other entries in its manifest."""

    def make(name: str, **entries: Any) -> Path:
        folder = tmp_path / name
        shutil.copytree(published, folder)
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | entries))
        return folder

    return make


def found(*given: str | Path, marts: list[str] | None = None) -> list[Province]:
    return find_provinces([str(one) for one in given], marts or ["dim_field"], Path(given[-1]).parent / "scratch")


def refused(*given: str | Path, marts: list[str] | None = None) -> str:
    """The message, in English; the Vietnamese one must be another, with the same values."""
    with pytest.raises(RollupRefusedError) as error:
        found(*given, marts=marts)
    text = str(error.value)
    english, vietnamese = one_language(text, "en"), one_language(text, "vi")
    assert all(a != b for a, b in zip(english.split("\n"), vietnamese.split("\n"), strict=True)), text
    return english


def rewritten(folder: Path, mart: str, query: str) -> None:
    """Another file in place of a mart's, which the manifest calls its own."""
    path = folder / "parquet" / f"{mart}.parquet"
    with duckdb.connect() as con:
        con.execute(f"create table rows as from '{path}'")
        con.execute(f"copy ({query}) to '{path}' (format parquet)")
    called_its_own(folder, mart)


def called_its_own(folder: Path, mart: str) -> None:
    content = (folder / "parquet" / f"{mart}.parquet").read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest["marts"][mart]["parquet"] = entry
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_version_is_found_by_its_manifest_its_folder_and_the_published_folder(made: Made) -> None:
    a, b, c = made("a", province="H39"), made("b"), made("c/published", province="H17")
    provinces = found(a, f"H53={b / 'manifest.json'}", c.parent)
    assert [(one.code, one.folder) for one in provinces] == [("H17", c), ("H39", a), ("H53", b)], "ordered by code"


def test_a_published_folder_is_followed_to_its_version_at_once(made: Made, tmp_path: Path) -> None:
    version = made("published/versions/x", province="H39")
    (tmp_path / "published" / "manifest.json").symlink_to("versions/x/manifest.json")
    assert found(tmp_path / "published")[0].folder == version


def test_somewhere_else_is_copied(made: Made, tmp_path: Path) -> None:
    folder = made("there", province="H39")
    fsspec.filesystem("memory").put(str(folder), "/provinces/h39", recursive=True)
    (one,) = find_provinces(["memory://provinces/h39/manifest.json"], ["dim_field"], tmp_path / "scratch")
    assert one.parquet("dim_field").read_bytes() == (folder / "parquet" / "dim_field.parquet").read_bytes()
    with pytest.raises(RollupRefusedError, match="a file is missing"):
        find_provinces(["memory://provinces/nothing"], ["dim_field"], tmp_path / "other")


def test_a_province_must_be_named_and_known(made: Made) -> None:
    unnamed, other = made("unnamed"), made("other", province="H39")
    assert "set DUNGHAN_PROVINCE" in refused(unnamed)
    assert f"{other}: is H39's, not H17's" in refused(f"H17={other}")
    assert "does not say which province" in refused(made("unknown", province="H99"))
    assert "there is no manifest.json" in refused(unnamed.parent / "nowhere")


def test_a_province_is_there_once(made: Made) -> None:
    a, b = made("a", province="H39", version="first"), made("b", province="H39", version="second")
    assert f"H39: this province is there twice: {a} (first), {b} (second)" in refused(a, b)
    unnamed = made("unnamed")
    assert "one version for several: H17, H53" in refused(f"H17={unnamed}", f"H53={unnamed}")


@pytest.mark.parametrize(
    ("entry", "values", "told"),
    [
        (
            "as_of",
            ("2024-05-31T23:59:59", "2024-06-01T00:00:01"),
            "the day of as_of (2024-05-31: H17; 2024-06-01: H53)",
        ),
        ("known_at", (None, "2024-05-31T00:00:00"), "known_at (-: H17; 2024-05-31T00:00:00: H53)"),
        ("definitions_version", ("1.0", "2.0+lich.1"), "the definitions version (1.0: H17; 2.0: H53)"),
    ],
)
def test_who_differs_is_listed(made: Made, entry: str, values: tuple[str, str], told: str) -> None:
    a, b = (made(code, province=code, **{entry: value}) for code, value in zip(("H17", "H53"), values, strict=True))
    assert told in refused(a, b)


def test_moments_of_one_day_and_calendars_may_differ(made: Made) -> None:
    early, late = "2024-05-31T01:30:00", "2024-05-31T23:59:59"
    a, b = (
        made("a", province="H17", as_of=late),
        made("b", province="H53", as_of=early, definitions_version="2.0+lich.2"),
    )
    plan = _plan(found(a, b))
    assert (plan.as_of.isoformat(), plan.definitions_version) == (late, f"{definitions_version()}+lich")


def test_definitions_of_another_release_are_refused(made: Made) -> None:
    assert "definitions are 1.9" in refused(made("a", province="H17", definitions_version="1.9"))


def test_files_must_be_what_was_published(made: Made) -> None:
    missing, other, broken = (made(code, province=code) for code in ("H17", "H39", "H53"))
    (missing / "parquet" / "dim_field.parquet").unlink()
    (other / "parquet" / "dim_field.parquet").write_bytes(b"something else")
    (broken / "parquet" / "dim_field.parquet").write_bytes(b"no Parquet")
    called_its_own(broken, "dim_field")
    told = refused(missing, other, broken)
    for code, what in (("H17", "missing"), ("H39", "another SHA-256"), ("H53", "is damaged and cannot be read")):
        (line,) = (line for line in told.split("\n") if code in line)
        assert what in line and "dim_field.parquet" in line


def test_another_shape_is_refused(made: Made) -> None:
    older, changed = made("older", province="H17"), made("changed", province="H39")
    manifest = json.loads((older / "manifest.json").read_text())
    del manifest["marts"]["mart_distortions"]
    (older / "manifest.json").write_text(json.dumps(manifest))
    rewritten(changed, "mart_distortions", "select * exclude (share, examples), 1 as dossiers_2 from rows")
    told = refused(older, changed, marts=["mart_distortions"])
    assert (
        "an older version without it" in told
        and "columns differ from this release: dossiers_2, examples, share" in told
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "as_of": "gestern"}'])
def test_a_damaged_manifest_is_told(made: Made, text: str) -> None:
    folder = made("damaged")
    (folder / "manifest.json").write_text(text)
    assert "manifest.json is damaged or lacks entries" in refused(f"H39={folder}")


def test_a_national_version_is_none_of_a_province(made: Made) -> None:
    assert "is a national version" in refused(made("national", provinces=[]))


def test_a_province_s_warehouse_is_left_alone(made: Made, tmp_path: Path) -> None:
    for content in (tmp_path / "lake" / "raw", tmp_path / "restored" / "lake" / "raw"):
        content.mkdir(parents=True)
        with pytest.raises(RollupRefusedError, match="is a province's warehouse"):
            roll_up(load_settings(), [str(made(f"{content.parent.parent.name}-a", province="H39"))], content.parents[1])
    assert not (tmp_path / "state").exists()


def test_every_mart_has_its_place() -> None:
    """Taken one below the other, once, or left out; what is there once has no key of a province's own."""
    marts = catalogue.marts()
    assert set(taken_marts()) | set(LEFT_OUT) == set(marts) and set(SHARED) < set(taken_marts())
    own = {"agency_code", "dossier_code"}
    assert not [mart for mart in SHARED if own & set(marts[mart].columns)]
