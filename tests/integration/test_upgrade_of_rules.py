"""From definitions 1.0 to 2.0 on a real warehouse: `dunghan compare` says that the rules changed, and what was
published under 1.0 stays what it was."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pytest

from pipelines.config import Settings
from pipelines.history.compare import Comparison, compare, find_version
from pipelines.layout import DBT_PROJECT
from tests.oracle import drop_zone, random_exports
from tests.support.small_build import settings_in
from tests.support.validated import Dbt, load
from warehouse import build
from warehouse.build import BuildPlan, plan_build, record_green
from warehouse.publish import Publication, publish, versions

pytestmark = [pytest.mark.integration, pytest.mark.slow]

#: fct_* with what they need, and what `dunghan compare` reads besides.
MARTS = ("--select", "+path:models/marts/core", "+rpt_form_ii06", "--exclude-resource-type", "test", "unit_test")
#: What 1.0 had otherwise (CHANGELOG): file → text of 2.0, text of 1.0.
RULES_OF_1_0 = {
    "dbt_project.yml": ('definitions_version: "2.0"', 'definitions_version: "1.0"'),
    "macros/rule_sets/portal_766.sql": (
        "('ended_at is null and requests >= 2 and request_open', 'overdue', 'MANY_SUPPLEMENTS')",
        "('requests >= 2', ('late', 'overdue'), 'MANY_SUPPLEMENTS')",
    ),
    "macros/rule_sets/citizen_handover.sql": (
        "            ('ended_at is not null and is_handover_unknown', 'not_applicable', 'NO_HANDOVER_DATE'),\n",
        "",
    ),
}


def project_of_1_0(folder: Path) -> Path:
    """The dbt project with the rules of 1.0 in the place of those of 2.0."""
    project = folder / "dbt_project"
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    for name, (now, before) in RULES_OF_1_0.items():
        text = (project / name).read_text(encoding="utf-8")
        assert text.count(now) == 1, name
        (project / name).write_text(text.replace(now, before), encoding="utf-8")
    return project


def published(settings: Settings, scratch: Path, project: Path) -> tuple[BuildPlan, Publication]:
    """One run of a release: planned, built, green, published."""
    plan = plan_build(settings)
    Dbt(settings.layout.build_db, scratch, project)("build", "--full-refresh", *MARTS, clocks=False)
    record_green(settings, plan)
    return plan, publish(settings, plan)


def content(publication: Publication) -> dict[str, str]:
    """SHA-256 of every file of a version."""
    return {
        str(path.relative_to(publication.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(publication.folder.rglob("*"))
        if path.is_file()
    }


@dataclass(frozen=True)
class Upgrade:
    settings: Settings
    before: Publication
    content_then: dict[str, str]
    after: Publication
    plan: BuildPlan
    comparison: Comparison


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory) -> Upgrade:
    """Published by a release with the rules of 1.0; then the same exports at the same moment by this one."""
    folder = tmp_path_factory.mktemp("upgrade")
    files = random_exports.generate(seed=12, dossiers=400)
    files.write(folder / "inbox")
    settings = settings_in(folder).model_copy(update={"as_of": max(as_of for as_of, _ in files.pairs)})
    with duckdb.connect(str(settings.layout.build_db)) as con:
        load(con, drop_zone.read(folder / "inbox"))
    old = project_of_1_0(folder)
    with pytest.MonkeyPatch.context() as release:
        # what a release knows of itself: the version and the hash of its own project
        for name in ("definitions_version", "project_hash"):
            release.setattr(build, name, partial(getattr(build, name), old))
        _, before = published(settings, folder / "old", old)
    then = content(before)
    plan, after = published(settings, folder / "new", DBT_PROJECT)
    comparison = compare(settings, before, after, limit=None)
    return Upgrade(settings, before, then, after, plan, comparison)


def verdicts(publication: Publication) -> dict[tuple[str, str, str], tuple[str, str]]:
    with duckdb.connect(str(publication.folder / "dunghan.duckdb"), read_only=True) as con:
        rows = con.execute("select source, dossier_code, rule_set, verdict, reason from marts.fct_verdicts").fetchall()
    return {row[:3]: row[3:] for row in rows}


def test_other_rules_are_told_as_rules_and_never_as_data(upgrade: Upgrade) -> None:
    assert upgrade.plan.because == "definitions changed"
    found = upgrade.comparison
    assert (found.a["definitions_version"], found.b["definitions_version"]) == ("1.0", "2.0")
    assert found.causes == {"rules_changed": found.dossiers_differ}
    assert {tuple(dossier.causes) for dossier in found.dossiers} == {("rules_changed",)}
    # nothing but verdicts: no fact of any dossier
    assert {name for dossier in found.dossiers for name in (*dossier.before, *dossier.after)} == {"verdicts"}


def test_every_dossier_that_the_rules_move_is_named_and_no_other(upgrade: Upgrade) -> None:
    before, after = verdicts(upgrade.before), verdicts(upgrade.after)
    assert before.keys() == after.keys()
    moved = {key for key in before if before[key] != after[key]}
    assert {(d.source, d.dossier_code) for d in upgrade.comparison.dossiers} == {key[:2] for key in moved}
    assert {key[2] for key in moved} == {"portal_766", "citizen_handover"}
    # the readings of 2.0, each of which the exports show (timeliness §3)
    assert {before[key][1] for key in moved if key[2] == "portal_766"} == {"MANY_SUPPLEMENTS"}
    assert {after[key][1] for key in moved if key[2] == "citizen_handover"} == {"NO_HANDOVER_DATE"}


def test_a_rule_set_that_one_release_has_not_makes_no_dossier_differ(upgrade: Upgrade, tmp_path: Path) -> None:
    """Otherwise every dossier would differ, and the list would hide those whose verdict changed."""
    folder = tmp_path / "older"
    shutil.copytree(upgrade.before.folder, folder)
    (folder / "dunghan.duckdb").chmod(0o644)
    with duckdb.connect() as con:
        con.execute(f"attach '{folder / 'dunghan.duckdb'}' as older")
        for mart in ("fct_verdicts", "dim_rule_set"):
            con.execute(f"delete from older.marts.{mart} where rule_set = 'first_appointment'")
    older = find_version(upgrade.settings, str(folder))
    found = compare(upgrade.settings, older, upgrade.after, limit=None)
    assert found.causes == upgrade.comparison.causes
    named = [(d.source, d.dossier_code, d.causes) for d in found.dossiers]
    assert named == [(d.source, d.dossier_code, d.causes) for d in upgrade.comparison.dossiers]


def test_what_was_published_under_1_0_stays_and_says_so(upgrade: Upgrade) -> None:
    assert content(upgrade.before) == upgrade.content_then
    kept = {found.version: found for found in versions(upgrade.settings)}
    assert kept[upgrade.before.version].manifest["definitions_version"] == "1.0"
    assert kept[upgrade.after.version].manifest["definitions_version"] == "2.0"
    for publication, version in ((upgrade.before, "1.0"), (upgrade.after, "2.0")):
        with duckdb.connect(str(publication.folder / "dunghan.duckdb"), read_only=True) as con:
            marts = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
            said = {
                row
                for (mart,) in marts
                for row in con.execute(f"select distinct definitions_version from marts.{mart}").fetchall()
            }
        assert said == {(version,)}
