"""The national roll-up: one published version of the country made of what provinces published.

provinces.py finds the versions and refuses what does not fit together; national.py lays them out and has the figures of
the country computed (dbt_project/models/national) and published (warehouse/publish.py). Neither reads a lake.
"""
