"""Packages that a foreign library imports but hardly ever uses: they are imported when they are first used.

`importlib.util.LazyLoader` cannot do it before Python 3.12: the import statement itself looks at the module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    """Stands in for a module until somebody asks for anything in it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system looking whether it is whole
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)


@contextmanager
def late(*names: str, absent: tuple[str, ...] = ()) -> Iterator[None]:
    """While the block imports: `names` are imported at first use, `absent` (optional packages) cannot be imported.

    Outside the block everything can be imported as ever. What is there already stays.
    """
    stand_ins = {name: _Late(name) for name in names if name not in sys.modules}
    hidden = [name for name in absent if name not in sys.modules]
    sys.modules.update(stand_ins)
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system: ImportError
    try:
        yield
    finally:
        for name, module in [*stand_ins.items(), *((name, None) for name in hidden)]:
            if name in sys.modules and sys.modules[name] is module:
                del sys.modules[name]
