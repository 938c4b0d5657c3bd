"""Loads YAML that strangers wrote: plain values only, no key twice, no nesting beyond reason."""

from __future__ import annotations

import io
from typing import Any

#: No file of ours nests deeper; ruamel.yaml takes quadratic time over thousands of open brackets.
_DEPTH = 64


class YamlError(Exception):
    """A text is not YAML as it should be. It carries no part of the text.

    Attributes:
        line: Number of the line, from 1, or None.
        twice: Whether a key stands twice.
    """

    def __init__(self, line: int | None = None, *, twice: bool = False) -> None:
        super().__init__("not valid YAML")
        self.line = line
        self.twice = twice


def parse(text: str) -> Any:
    """Return the value of a YAML text.

    Raises:
        YamlError: It is not valid, names a key twice, or nests too deep.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.error import YAMLError as AnyYamlError

    _check_depth(text)
    try:
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    except DuplicateKeyError as error:
        raise YamlError(_line(error), twice=True) from None
    except MarkedYAMLError as error:
        raise YamlError(_line(error)) from None
    except (AnyYamlError, ValueError, RecursionError, TypeError, AttributeError, KeyError, IndexError):
        # What ruamel.yaml lets through from dates, numbers and tags that only look like some.
        raise YamlError from None


def _line(error: Any) -> int | None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return None if mark is None else int(mark.line) + 1


def _check_depth(text: str) -> None:
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        for char in line:
            if char in "[{":
                depth += 1
                if depth > _DEPTH:
                    raise YamlError(number)
            elif char in "]}" and depth:
                depth -= 1
