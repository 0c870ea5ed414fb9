"""What an office files, sends and passes on: form II.06, working lists, the letter of apology, any mart as a file.

    form.py     form II.06: its figures and headings        form_sheet.py, form.typ    as a workbook, as PDF
    lists.py    the lists people work down                   workbook.py                how our workbooks look
    letter.py   the letter of apology, from the explanation  letter.typ                 as PDF
    export.py   any mart as .xlsx, .csv or .parquet          typeset.py                 typst and its fonts
    asking.py   names that people type                       files.py                   files are written whole
    headings.py, headings.csv   texts of official papers, by the day from which they hold; words.py: all other words

Figures come from one mart each and are never computed here; the sums of a form's rows over agencies are its only sums.
"""
