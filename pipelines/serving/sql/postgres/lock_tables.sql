lock table {tables} in access exclusive mode nowait
