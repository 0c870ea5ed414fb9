alter schema {schema} rename to {name}
