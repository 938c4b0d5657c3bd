"""Cosignatures in the log: kept per checkpoint and key, in one form, behind the log's own line."""

from __future__ import annotations

import pytest
from attest_world import LOG_KEY, NOW, ORIGIN, fixed_key, fixed_random

from attest.encoding import to_base64
from attest.errors import FormatError
from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner, open_note, text_of

SIGNER = NoteSigner(ORIGIN, LOG_KEY)
COUNCIL = NoteSigner("works-council.example/witness", fixed_key("council"))
AUDITOR = NoteSigner("auditor.example/witness", fixed_key("auditor"))


@pytest.fixture
def log(place):
    with place.create() as made:
        made.append([Event.new("skill.used", "operator", {"n": i}, NOW, fixed_random(str(i))) for i in range(3)])
        made.checkpoint(SIGNER)
        yield made


def lines_of(log: EventLog, *signers: NoteSigner, size: int = 3) -> bytes:
    text = text_of(log.cosigned(size))
    return "".join(signer.signature_line(text) for signer in signers).encode()


def test_without_witnesses_it_is_the_checkpoint_itself(log):
    assert log.cosigned(3) == log.latest_checkpoint()


def test_the_logs_own_line_comes_first_then_the_witnesses_in_the_order_they_came(log):
    own = log.cosigned(3)
    log.add_cosignatures(3, lines_of(log, COUNCIL))
    log.add_cosignatures(3, lines_of(log, AUDITOR))
    assert log.cosigned(3) == own + lines_of(log, COUNCIL, AUDITOR)
    note = open_note(log.cosigned(3), [SIGNER.verifier, COUNCIL.verifier, AUDITOR.verifier])
    assert len(note.signers) == 3


def test_adding_again_changes_nothing(log):
    lines = lines_of(log, COUNCIL, AUDITOR)
    log.add_cosignatures(3, lines)
    once = log.cosigned(3)
    log.add_cosignatures(3, lines)
    log.add_cosignatures(3, lines_of(log, SIGNER, AUDITOR))
    assert log.cosigned(3) == once


def test_a_later_line_of_the_same_key_takes_the_place_of_the_first(log):
    first, later = (
        f"— {COUNCIL.name} {to_base64(COUNCIL.verifier.hash + bytes([byte]) * 72)}\n".encode() for byte in (1, 2)
    )
    log.add_cosignatures(3, first + lines_of(log, AUDITOR))
    log.add_cosignatures(3, later)
    assert log.cosigned(3) == log.latest_checkpoint() + later + lines_of(log, AUDITOR)


def test_they_are_there_after_the_log_was_closed(place, log):
    log.add_cosignatures(3, lines_of(log, COUNCIL))
    note = log.cosigned(3)
    log.close()
    with place.open() as again:
        assert again.cosigned(3) == note
        assert again.latest_checkpoint() != note
        again.fsck(SIGNER.verifier)


def test_each_size_has_its_own(log):
    log.append([Event.new("skill.used", "operator", {}, NOW)])
    log.checkpoint(SIGNER)
    log.add_cosignatures(3, lines_of(log, COUNCIL))
    log.add_cosignatures(4, lines_of(log, AUDITOR, size=4))
    assert COUNCIL.name.encode() not in log.cosigned(4)
    assert AUDITOR.name.encode() not in log.cosigned(3)


@pytest.mark.parametrize("size", [0, 2, 4])
def test_a_size_that_was_not_signed_has_no_cosignatures(log, size):
    with pytest.raises(ValueError, match="no checkpoint over"):
        log.cosigned(size)
    with pytest.raises(ValueError, match="no checkpoint over"):
        log.add_cosignatures(size, lines_of(log, COUNCIL))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: b"",
        lambda line: line[:-1],
        lambda line: line + b"\n",
        lambda line: b"\n" + line,
        lambda line: line + b"\n" + line,
        lambda line: line.replace(b"\n", b"\r\n"),
        lambda line: line.replace("— ".encode(), b"- "),
        lambda line: line.replace(b" ", b"  "),
        lambda line: line[:-3] + b"\n",
        lambda line: b"\xff" + line,
        lambda line: "— name\n".encode(),
        lambda line: "— name AAAA\n".encode(),
        lambda line: line + b"trailing",
        lambda line: line * 101,
    ],
)
def test_lines_in_another_form_are_refused_and_nothing_is_kept(log, spoil):
    with pytest.raises(FormatError):
        log.add_cosignatures(3, spoil(lines_of(log, COUNCIL)))
    assert log.cosigned(3) == log.latest_checkpoint()


def test_a_note_does_not_get_more_lines_than_a_reader_takes(log):
    text = text_of(log.cosigned(3))
    many = [NoteSigner(f"w{n}", fixed_key(str(n))).signature_line(text).encode() for n in range(100)]
    log.add_cosignatures(3, b"".join(many[:99]))
    with pytest.raises(FormatError, match="too many"):
        log.add_cosignatures(3, many[99])
    open_note(log.cosigned(3), [SIGNER.verifier])
