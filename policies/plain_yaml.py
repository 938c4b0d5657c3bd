"""Reads the plain subset of YAML 1.2 that policies are written in, and refuses the rest.

What is refused is what lets a text mean something else than it seems to: duplicate and merge keys, anchors and aliases,
tags, directives, several documents, and invisible or direction-changing characters.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, NodeEvent, ScalarEvent

from policies.errors import PolicyTextError

MAX_BYTES = 65_536
"""Twenty times the longest shipped policy; a longer file is not one that a person reviews."""
MAX_DEPTH = 8


def read(data: bytes) -> dict[str, Any]:
    """Return the mapping that `data` writes; scalars are str, int, float, bool, None or a date.

    Raises:
        PolicyTextError: The bytes are not plain YAML, with the line where that shows.
    """
    if len(data) > MAX_BYTES:
        raise PolicyTextError(f"the policy is larger than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise PolicyTextError("the policy is not UTF-8 text", "save it as UTF-8") from None
    _refuse_hidden(text)
    try:
        _refuse_features(text)
        value = _yaml().load(text)
    except MarkedYAMLError as error:
        raise PolicyTextError(_where(error)) from None
    # Some constructors let a bare ValueError through, for instance for the date 2026-13-01.
    except (YAMLError, ValueError, RecursionError):
        raise PolicyTextError("the policy is not valid YAML") from None
    if not isinstance(value, dict):
        raise PolicyTextError("the policy is not a mapping of keys to values")
    _refuse_odd_keys(value)
    return value


def _yaml() -> YAML:
    # pure: the C parser reads YAML 1.1, where NO is False and 18:00 is 1080.
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = False
    yaml.version = (1, 2)
    return yaml


def _refuse_hidden(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn") for c in line.rstrip("\r")):
            # A right-to-left override makes a reviewer read another policy than the one that loads.
            raise PolicyTextError(f"line {number} holds an invisible or control character", "indent with spaces")


def _refuse_features(text: str) -> None:
    documents = depth = 0
    for event in _yaml().parse(text):
        line = event.start_mark.line + 1
        name = type(event).__name__
        if name.endswith(("MappingStartEvent", "SequenceStartEvent")):
            depth += 1
            if depth > MAX_DEPTH:
                raise PolicyTextError(f"line {line} is nested more than {MAX_DEPTH} levels deep")
        elif name.endswith(("MappingEndEvent", "SequenceEndEvent")):
            depth -= 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise PolicyTextError(f"line {line} starts a second document")
            if event.version or event.tags:
                raise PolicyTextError("a directive such as %YAML or %TAG is not allowed in a policy")
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise PolicyTextError(f"line {line} uses an anchor or alias", "write the value out")
        if getattr(event, "ctag", None) is not None and str(event.ctag):
            raise PolicyTextError(f"line {line} uses a tag", "leave out the `!`")
        if isinstance(event, ScalarEvent) and event.value == "<<":
            raise PolicyTextError(f"line {line} uses a merge key", "write the values out")


def _refuse_odd_keys(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise PolicyTextError("a key is not a word")
            _refuse_odd_keys(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_keys(inner)


def _where(error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    problem = "a key is there twice" if type(error).__name__ == "DuplicateKeyError" else "not valid YAML"
    return f"line {mark.line + 1}: {problem}" if mark is not None else f"the policy has a fault: {problem}"
