"""Canonical JSON: one value, one sequence of bytes, and the same one as another implementation writes."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from attest import canonical
from attest.errors import FormatError

ASCII_KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ASCII_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_reads_back_as_the_same_value(value):
    assert canonical.loads(canonical.dumps(value)) == value


@given(VALUES)
def test_the_bytes_are_those_of_the_rfc8785_package(value):
    assert canonical.dumps(value) == rfc8785.dumps(value)


@given(VALUES, st.data())
def test_every_other_spelling_of_a_value_is_refused(value, data):
    spaced = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
    escaped = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    right = canonical.dumps(value)
    for other in (spaced, escaped, right + b"\n", b" " + right, b"\xef\xbb\xbf" + right):
        if other != right:
            with pytest.raises(FormatError):
                canonical.loads(other)


@given(VALUES, st.integers(0), st.integers(1, 255))
def test_a_flipped_byte_never_reads_as_the_same_value(value, place, mask):
    data = bytearray(canonical.dumps(value))
    data[place % len(data)] ^= mask
    try:
        other = canonical.loads(bytes(data))
    except FormatError:
        return
    assert canonical.dumps(other) == bytes(data) != canonical.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a":1.0}',
        b"1e2",
        b"1.5",
        b"-0",
        b"01",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        '{"ä":1}'.encode(),
        b'"\\ud800"',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\xff"',
        b'"\x01"',
        b"",
        b"{",
        b"[1,]",
        b"[" * 100_000,
        b"[" * 40 + b"]" * 40,
        b"'a'",
        b"true false",
    ],
    ids=lambda data: data[:16].decode("latin-1"),
)
def test_bytes_outside_the_one_form_are_refused(data):
    with pytest.raises(FormatError):
        canonical.loads(data)


class _Text(str):
    pass


@pytest.mark.parametrize(
    "value",
    [1.0, 2**53, -(2**53), {"ä": 1}, {1: 2}, (1,), b"x", "\ud800", {"a": {"b": ValueError}}, _Text("a"), {1, 2}],
    ids=repr,
)
def test_values_without_a_canonical_form_are_refused(value):
    with pytest.raises(FormatError):
        canonical.dumps(value)


def test_the_largest_integers_keep_their_value():
    assert canonical.loads(b"[-9007199254740991,9007199254740991]") == [-(2**53) + 1, 2**53 - 1]


def test_no_text_of_the_input_is_in_the_message():
    with pytest.raises(FormatError) as caught:
        canonical.loads(b'{"name": "Maren Holt" oops')
    assert "Maren" not in str(caught.value)
    assert caught.value.__cause__ is None
