-- Which version readers see, and how it was made readable.
select version, reader, row_security from {schema}.publication
