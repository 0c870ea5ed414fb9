# One command for each thing a person does. `make run` and `make test` are the two of the README.
