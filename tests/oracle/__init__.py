"""An independent reading of portal-exports and timeliness in plain Python, for tests only.

Nothing here imports the product: it would then repeat the product's mistakes. Plain on purpose, one dossier at a
time.
"""
