"""What the command line library says of words it does not understand, in the language of the reader.

Its sentences are fixed and English, without a catalogue that could be translated (docs/decisions/0029); those that our
commands can meet are known here by their form. Another one is told as it is.
"""

from __future__ import annotations

import re

from pipelines.cli.messages import Texts

#: The library's sentence → key of ours; its groups are the values in it.
_FORMS = {
    r"No such option: (?P<word>\S+?)(?: \(Possible options: (?P<near>.*)\))?": "wrong.option",
    r"No such command '(?P<word>.*?)'(?:\. Did you mean (?P<near>.*)\?|\.)?": "wrong.command",
    r"Missing command\.": "wrong.no_command",
    r"Missing option '?(?P<word>.*?)'?\.": "wrong.missing",
    r"Missing argument '?(?P<word>.*?)'?\.": "wrong.missing",
    r"Got unexpected extra arguments?(?:\(s\))? \((?P<word>.*)\)": "wrong.extra",
    r"Option '(?P<word>.*?)' requires an argument\.": "wrong.no_value",
    r"Option '(?P<word>.*?)' does not take a value\.": "wrong.value",
    r"Invalid value for '?(?P<word>.*?)'?: (?P<why>.*)": "wrong.invalid",
    r"Invalid value: (?P<why>.*)": "wrong.invalid_value",
}
#: Why a value is none, as the library says it → key of ours; {0} is what it quotes.
_REASONS = {
    r"Input should be a valid integer.*": "wrong.integer",
    r"Input should be a valid number.*": "wrong.number",
    r"Input should be greater than or equal to (\S+)": "wrong.at_least",
    r"Input should be less than or equal to (\S+)": "wrong.at_most",
    r".* does not match the formats? .*": "wrong.day",
    r"Input should be (.*)": "wrong.one_of",
}


def told(message: str, texts: Texts) -> str:
    """The library's sentence in the language of `texts`; as it is when its form is not known."""
    for form, key in _FORMS.items():
        if found := re.fullmatch(form, message, re.DOTALL):
            values = {name: value or "" for name, value in found.groupdict().items()}
            if "why" in values:
                values["why"] = _reason(values["why"], texts)
            near = texts("wrong.near", near=values["near"]) if values.get("near") else ""
            return texts(key, **values) + near
    return message


def _reason(why: str, texts: Texts) -> str:
    for form, key in _REASONS.items():
        if found := re.fullmatch(form, why, re.DOTALL):
            return texts(key).format(*found.groups())
    return why
