"""Witness policies as C2SP tlog-policy has them: what the parser takes, what it refuses, and what makes a quorum."""

from __future__ import annotations

import pytest
from attest_world import ORIGIN, fixed_key
from hypothesis import given, settings
from hypothesis import strategies as st

from attest.cosignature import CosignatureSigner, Cosigner
from attest.errors import FormatError
from attest.note import NoteSigner
from attest.witness_policy import WitnessPolicy, parse, shown

LOG = NoteSigner(ORIGIN, fixed_key("log")).verifier
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
KEYS = {name: CosignatureSigner(f"w.example/{name}", fixed_key(name)).cosigner for name in NAMES}
WITNESSES = "".join(f"witness {name} {key.vkey}\n" for name, key in KEYS.items())
TWO_LEVELS = (
    f"log {LOG.vkey}\n\n{WITNESSES}\n"
    "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)


def policy(text: str) -> WitnessPolicy:
    return parse(text.encode())


def by(names: str) -> set[Cosigner]:
    return {KEYS[name] for name in names.split()}


@pytest.mark.parametrize(
    ("names", "met", "operators"),
    [
        ("", False, []),
        ("X1", False, []),
        ("X1 X2", False, ["X-witnesses"]),
        ("X1 X2 X3", False, ["X-witnesses"]),
        ("Y1 Y2 Y3", False, ["Y-witnesses"]),
        ("X1 Y1 Y2 Y3", False, ["Y-witnesses"]),
        ("X1 X3 Y2", True, ["X-witnesses", "Y-witnesses"]),
        ("X1 X2 X3 Y1 Y2 Y3", True, ["X-witnesses", "Y-witnesses"]),
    ],
)
def test_the_example_of_the_specification(names, met, operators):
    found = policy(TWO_LEVELS)
    assert found.met(by(names)) is met
    witnessed = found.witnessed(by(names))
    assert [shown(name) for name in found.operators if name in witnessed] == operators
    assert (found.needed, set(found.logs)) == (2, {LOG})


@pytest.mark.parametrize(
    ("rule", "enough", "too_few", "needed"),
    [
        ("quorum X1\n", "X1", "X2 X3", 1),
        ("group g any X1 X2\nquorum g\n", "X2", "X3 Y1", 1),
        ("group g all X1 X2\nquorum g\n", "X1 X2", "X1", 2),
        ("group g 1 X1\nquorum g\n", "X1", "X2", 1),
        ("group g 2 X1 X2 Y1\nquorum g\n", "X1 Y1", "Y1 Y2", 2),
        ("group a all X1 X2\ngroup g any a Y1\nquorum g\n", "Y1", "X1", 1),
        ("quorum none\n", "", None, 0),
    ],
)
def test_what_makes_a_quorum(rule, enough, too_few, needed):
    found = policy(WITNESSES + rule)
    assert found.met(by(enough))
    assert too_few is None or not found.met(by(too_few))
    assert found.needed == needed


def test_blanks_comments_urls_and_order_are_as_the_specification_allows():
    found = policy(
        f"# who watches\n\n \t \n\tquorum \t none  \n  # late:\nlog {LOG.vkey} https://log.example/\n"
        f"witness w\t{KEYS['X1'].vkey}   http://127.0.0.1:7380\t\n#no newline problem\n"
    )
    assert found.logs == {LOG: "https://log.example/"}
    assert found.witnesses[b"w"].url == "http://127.0.0.1:7380"
    assert found.operators == ()


def test_names_are_octets():
    """K and the Kelvin sign are two names, and a name need not be UTF-8."""
    kelvin = "\N{KELVIN SIGN}".encode()
    found = parse(
        b"witness K " + KEYS["X1"].vkey.encode() + b"\nwitness " + kelvin + b" " + KEYS["X2"].vkey.encode()
        + b"\nwitness \xff " + KEYS["X3"].vkey.encode() + b"\ngroup g 2 K " + kelvin + b" \xff\nquorum g\n"
    )  # fmt: skip
    assert list(found.witnesses) == [b"K", kelvin, b"\xff"]
    assert [shown(name) for name in found.operators] == ["K", "\\xe2\\x84\\xaa", "\\xff"]


OTHER_NAME = CosignatureSigner("w.example/other", fixed_key("X1")).cosigner.vkey
OTHER_LOG = NoteSigner("example.com/other", fixed_key("log")).verifier.vkey
X1, X2 = KEYS["X1"].vkey, KEYS["X2"].vkey


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        f"witness a {X1}\n",
        "quorum none",
        "quorum none\r\n",
        "quorum none\x0c\n",
        "quorum none\x00\n",
        "quorum none\x7f\n",
        "quorum none\nquorum none\n",
        "quorum\n",
        "quorum none none\n",
        "quorum a\n",
        f"quorum a\nwitness a {X1}\n",
        f"witness a {X1}\nquorum A\n",
        f"witness none {X1}\nquorum none\n",
        f"witness a {X1}\ngroup none any a\nquorum none\n",
        f"witness a {X1}\nwitness a {X2}\nquorum a\n",
        f"witness a {X1}\nwitness b {X1}\nquorum a\n",
        f"witness a {X1}\nwitness b {OTHER_NAME}\nquorum a\n",
        f"witness a {X1}\ngroup a any a\nquorum a\n",
        f"witness a {LOG.vkey}\nquorum a\n",
        "witness a\nquorum none\n",
        f"witness a {X1} http://a http://b\nquorum a\n",
        f"witness a {X1[:-1]}\nquorum a\n",
        f"log {X1}\nquorum none\n",
        f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n",
        f"log {LOG.vkey}\nlog {OTHER_LOG}\nquorum none\n",
        "log\nquorum none\n",
        f"witness a {X1}\ngroup g any\nquorum g\n",
        f"witness a {X1}\ngroup g\nquorum g\n",
        f"witness a {X1}\ngroup g 0 a\nquorum g\n",
        f"witness a {X1}\ngroup g 2 a\nquorum g\n",
        f"witness a {X1}\ngroup g 01 a\nquorum g\n",
        f"witness a {X1}\ngroup g +1 a\nquorum g\n",
        f"witness a {X1}\ngroup g ANY a\nquorum g\n",
        f"witness a {X1}\ngroup g none a\nquorum g\n",
        f"witness a {X1}\ngroup g 1 none\nquorum g\n",
        f"witness a {X1}\ngroup g any a a\nquorum g\n",
        f"witness a {X1}\nwitness b {X2}\ngroup g any a\ngroup h any a b\nquorum h\n",
        f"witness a {X1}\ngroup g any a g\nquorum g\n",
        f"witness a {X1}\ngroup g any h\ngroup h any g\nquorum g\n",
        f"witness a {X1}\ngroup g any b\nwitness b {X2}\nquorum g\n",
        f"Witness a {X1}\nquorum a\n",
        f"witness a {X1}\nthreshold 1\nquorum a\n",
        f"witness\N{NO-BREAK SPACE}a {X1}\nquorum none\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}quorum none\n",
        "#\n" * 1001 + "quorum none\n",
        "#" * (256 * 1024) + "\nquorum none\n",
    ],
)
def test_what_the_parser_refuses(text):
    with pytest.raises(FormatError):
        policy(text)


def test_an_error_names_the_line_and_not_what_it_says():
    with pytest.raises(FormatError, match="line 3 of the witness policy: a name is used") as caught:
        policy(f"# people\nwitness a {X1}\nquorum maren\n")
    assert "maren" not in str(caught.value)


def test_at_least_as_many_as_the_specification_recommends():
    keys = [CosignatureSigner(f"w/{n}", fixed_key(f"many {n}")).cosigner for n in range(64)]
    lines = [f"log {NoteSigner(f'l/{n}', fixed_key(f'log {n}')).verifier.vkey}\n" for n in range(64)]
    lines += [f"witness w{n} {key.vkey}\n" for n, key in enumerate(keys)]
    lines += [f"group g{n} any w{n}\n" for n in range(64)]
    found = policy("".join(lines) + f"group all {64 - 1} {' '.join(f'g{n}' for n in range(64))}\nquorum all\n")
    assert found.met(set(keys[1:]))
    assert not found.met(set(keys[2:]))


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_crash_the_parser(data):
    try:
        parse(data)
    except FormatError:
        return


TOKENS = st.sampled_from(
    [
        "log",
        "witness",
        "group",
        "quorum",
        "any",
        "all",
        "none",
        "1",
        "2",
        "0",
        "a",
        "b",
        "g",
        "h",
        "#",
        "\t",
        X1,
        X2,
        LOG.vkey,
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.lists(TOKENS, max_size=6).map(" ".join), max_size=8))
def test_arbitrary_lines_parse_to_a_policy_without_cycles_or_are_refused(lines):
    try:
        found = policy("".join(line + "\n" for line in lines))
    except FormatError:
        return
    everybody = {witness.cosigner for witness in found.witnesses.values()}
    assert found.met(everybody)
    assert found.met(set()) == (found.quorum == b"none")
    seen: set[bytes] = set(found.witnesses)
    for group in found.groups.values():
        assert set(group.members) <= seen
        seen.add(group.name)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.sampled_from(NAMES)), st.sampled_from(NAMES))
def test_one_more_cosignature_never_breaks_a_quorum(names, more):
    found = policy(TWO_LEVELS)
    fewer = {KEYS[name] for name in names}
    assert found.witnessed(fewer) <= found.witnessed(fewer | {KEYS[more]})
    assert not found.met(fewer) or found.met(fewer | {KEYS[more]})
