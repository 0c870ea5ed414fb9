"""An independent reading of 01-portal-exports and 02-timeliness in plain Python, for tests only.

Nothing here imports the product: it would then repeat the product's mistakes. Plain on purpose, one dossier at a
time.
"""
