"""Parsers never crash: any bytes are accepted in one spelling, or refused as ours. The targets are those of `fuzz/`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import SEEDS, TARGETS, attempt

NAMES = sorted(TARGETS)
QUICK = settings(max_examples=150, deadline=None)


@st.composite
def changed(draw: st.DrawFn, name: str) -> bytes:
    """Bytes that the parser accepts, with something replaced, cut out, put in or repeated."""
    data = draw(st.sampled_from(SEEDS[name]))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        new = draw(st.binary(max_size=6) | st.sampled_from([b"\n", b"\n\n", b"0", b'"', b"}", b"null", data[start:]]))
        data = data[:start] + new + data[end:]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_accepts_what_its_writer_writes(name):
    assert SEEDS[name]
    assert all(attempt(TARGETS[name], data) for data in SEEDS[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_accepts_or_refuses_any_bytes(name):
    @QUICK
    @given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
    def holds(data):
        attempt(TARGETS[name], data)

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_accepts_or_refuses_anything_like_what_it_knows(name):
    @QUICK
    @given(changed(name))
    def holds(data):
        attempt(TARGETS[name], data)

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_refuses_what_is_nested_deeply_or_endless(name):
    for data in (b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b"\n" * 100_000, b"PK\x05\x06" * 30_000):
        assert not attempt(TARGETS[name], data)
