"""Surfaces: what people and tools are given from a published version, each figure from one mart, never computed twice.

Reads published versions only (`published.py`), with the names that the dbt project gives them (`catalogue.py`). The
build, the lake and Dagster are not known here. One module, or one package, per surface; its queries stand in `sql/`.
What a surface needs beyond one office PC is an extra of the package, imported where it is used (`extras.py`).
"""
