"""Do the tests notice when a rule of definitions 2.0 is wrong? Each mutant is one wrong reading of a rule in the dbt
project; `python -m tests.mutants` builds every one and says which test noticed (docs/architecture.md, "Mutants")."""
