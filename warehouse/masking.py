"""Texts that libraries wrote, without what may be personal (portal-exports §7): masked before they are logged,
stored or shown."""

from __future__ import annotations

import re

# What may be personal in a text we did not write: quoted text that is no identifier or path, long numbers, e-mails.
_QUOTED = re.compile(r"""(?<!\w)(?P<q>["'])(?!(?a:[\w./:=,*\[\]-]){1,200}(?P=q))[^"'\n]{1,500}(?P=q)(?!\w)""")
_NUMBER = re.compile(r"(?<![\w-])\d{9,}(?![\w-])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def mask(text: str) -> str:
    """Blank what may be personal in a text written by a library: quoted values, long numbers, e-mail addresses."""
    return _EMAIL.sub("***", _NUMBER.sub("***", _QUOTED.sub("'***'", text)))
