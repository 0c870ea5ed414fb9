show views in {database}
