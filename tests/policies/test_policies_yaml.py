"""The YAML that policies are written in, and the traps that it refuses."""

import pytest

from policies.errors import PolicyTextError
from policies.plain_yaml import MAX_BYTES, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 18:00", "18:00"),
        ("a: 08:30", "08:30"),
        ("a: NO", "NO"),
        ("a: no", "no"),
        ("a: yes", "yes"),
        ("a: off", "off"),
        ("a: on", "on"),
        ("a: y", "y"),
        ("a: 010", 10),
        ("a: '12'", "12"),
        ("a: true", True),
        ("a:", None),
        ("\ufeffa: b", "b"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = read(text.encode())["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2", "line 2: a key is there twice"),
        ("x: {a: 1, a: 2}", "a key is there twice"),
        ("a: &x 1\nb: 2", "anchor or alias"),
        ("a: &x 1\nb: *x", "anchor or alias"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "anchor or alias"),
        ("c:\n  <<: {a: 1}", "merge key"),
        ("a: !!python/object/apply:os.system ['true']", "tag"),
        ("a: !!str 1", "tag"),
        ("a: !x 1", "tag"),
        ("a: 1\n---\nb: 2", "second document"),
        ("%YAML 1.1\n---\na: NO", "directive"),
        ("%TAG ! tag:example.com,2026:\n---\na: 1", "directive"),
        ("1: a", "key is not a word"),
        ("true: a", "key is not a word"),
        ("a: {2026-01-01: b}", "key is not a word"),
        ("? [a, b]\n: c", "key"),
        ("- a", "not a mapping"),
        ("just text", "not a mapping"),
        ("", "not a mapping"),
        ("a: [1", "not valid YAML"),
        ("a: 2026-13-45", "not valid YAML"),
        ("a: \"\u202ebc\"", "invisible or control"),
        ("a: b\u200bc", "invisible or control"),
        ("a:\tb", "invisible or control"),
        ("a: \x07", "invisible or control"),
        ("[" * 9 + "]" * 9, "nested"),
        ("[" * 20000, "nested"),
        ("a: b\n" + "#" * MAX_BYTES, "larger"),
    ],
)  # fmt: skip
def test_what_could_mean_something_else_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyTextError, match=problem):
        read(text.encode())


@pytest.mark.parametrize("data", [b"a: \xff", "a: b".encode("utf-16"), b"\xc0\x80: a"])
def test_other_encodings_than_utf_8_are_refused(data: bytes) -> None:
    with pytest.raises(PolicyTextError, match="UTF-8"):
        read(data)


def test_a_message_does_not_quote_the_file() -> None:
    with pytest.raises(PolicyTextError) as caught:
        read(b"secret: 'maren.holt@example.com\n")
    assert "maren" not in str(caught.value)
    assert caught.value.__cause__ is None
