"""The rule catalogue: `rules.yml`, read and checked. What a rule says stands there; here only its shape.

Nothing else in the project spells out a rule of portal-exports §6.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipelines.contract import KINDS

RULES_FILE = Path(__file__).with_name("rules.yml")
#: In rules.yml: every kind of the contract.
_ALL_KINDS = "all"


def _known_kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"{name} is no kind of export")
    return name


def _kinds(stated: object) -> object:
    return tuple(KINDS) if stated == _ALL_KINDS else stated


#: name of a kind of the contract
Kind = Annotated[str, AfterValidator(_known_kind)]
Level = Literal["row", "file", "history"]
Severity = Literal["reject", "warn"]
Place = Literal["validation", "dbt", "reader", "ledger"]

#: The one rule that excludes all others of a row (portal-exports §6).
NOT_A_RECORD = "REJ_NOT_A_RECORD"
#: The rule whose files are told which columns look shifted.
SHIFTED = "REJ_FILE_SHIFTED"


class CatalogueError(Exception):
    """rules.yml cannot be used. The message names every wrong entry."""


class Rule(BaseModel):
    """One rule of portal-exports §6. `predicate`: SQL boolean, true = violated; there exactly when the validation
    evaluates the rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^(REJ|WRN)_[A-Z]+(_[A-Z]+)*$")
    level: Level
    severity: Severity
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(_kinds)] = Field(min_length=1)
    evaluated_in: Place
    predicate: str | dict[Kind, str] | None = None
    message_vi: str = Field(min_length=1)
    message_en: str = Field(min_length=1)
    advice_vi: str = Field(min_length=1)
    advice_en: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.id.startswith("REJ_") != (self.severity == "reject"):
            raise ValueError(f"{self.id}: REJ_ means reject, WRN_ means warn; severity is {self.severity}")
        if (self.evaluated_in == "validation") != (self.predicate is not None):
            raise ValueError(f"{self.id}: a predicate is needed exactly when evaluated_in is validate")
        if isinstance(self.predicate, dict) and set(self.predicate) != set(self.kinds):
            raise ValueError(f"{self.id}: predicates for {sorted(self.predicate)}, kinds are {sorted(self.kinds)}")
        if self.level == "history" and self.evaluated_in != "dbt":
            raise ValueError(f"{self.id}: history is known only in dbt")
        return self

    def predicate_for(self, kind: Kind) -> str:
        """The SQL boolean for rows (or files) of `kind`. Raises KeyError when the validation does not evaluate it
        there."""
        if self.predicate is None or kind not in self.kinds:
            raise KeyError(f"{self.id} is not evaluated by the validation for {kind}")
        predicate = self.predicate if isinstance(self.predicate, str) else self.predicate[kind]
        return predicate.replace("{dates}", str([*KINDS[kind].date_fields.values()]))


class Catalogue(BaseModel):
    """All rules in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [rule.id for rule in self.rules]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"rule ids given twice: {twice}")
        return self

    def validated(self, kind: Kind, level: Level, severity: Severity) -> list[Rule]:
        """Rules that the validation evaluates for `kind`, in the catalogue's order."""
        return [
            rule
            for rule in self.rules
            if rule.evaluated_in == "validation"
            and kind in rule.kinds
            and (rule.level, rule.severity) == (level, severity)
        ]

    def rule(self, rule_id: str) -> Rule:
        """Raises KeyError for an id that the catalogue does not have."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)


@cache
def load_catalogue(path: Path = RULES_FILE) -> Catalogue:
    """Read and check the catalogue. Raises CatalogueError naming the entries that are wrong."""
    try:
        return Catalogue.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise CatalogueError(f"{path.name}: {error}") from error
