"""A witness cosigns what continues the last head that it saw, and nothing else, whatever is asked of it."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from attest_world import NOW, ORIGIN, fixed_key, fixed_random
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attest.checkpoint import Checkpoint
from attest.cosignature import CosignatureSigner, open_cosigned
from attest.errors import FormatError, StoreError
from attest.events import Event
from attest.log import EventLog
from attest.merkle import EMPTY_ROOT, Tree, leaf_hash
from attest.note import NoteSigner, sign
from attest.witness import MAX_CONTRADICTIONS, MAX_PROOF_LINES, SIZE, Request, Witness, parse_request

LOG = NoteSigner(ORIGIN, fixed_key("log"))
COUNCIL = CosignatureSigner("example.com/works-council", fixed_key("council"))


def tree(size: int, *, branch: str = "a", since: int = 0) -> Tree:
    """A tree of some size; those of two branches differ from entry `since` on."""
    return Tree(leaf_hash(f"{branch if i >= since else 'trunk'} {i}".encode()) for i in range(size))


def note(of: Tree, size: int | None = None, *, signer: NoteSigner = LOG, origin: str = ORIGIN) -> bytes:
    size = of.size if size is None else size
    return sign(Checkpoint(origin, size, of.root(size)).text(), [signer])


def request(of: Tree, old: int, new: int | None = None, **options) -> bytes:
    new = of.size if new is None else new
    return Request(old, tuple(of.consistency_proof(old, new)), note(of, new, **options)).to_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "witness.sqlite"


@pytest.fixture
def witness(path):
    with Witness.create(path, COUNCIL) as witness:
        assert witness.add_log(LOG.verifier)
        yield witness


def head_of(witness: Witness) -> Checkpoint:
    (seen,) = witness.seen()
    return seen.head


def test_it_cosigns_the_first_checkpoint_and_then_what_continues_it(witness):
    grown = tree(20)
    for old, new in ((0, 1), (1, 7), (7, 8), (8, 8), (8, 20)):
        answer = witness.add_checkpoint(request(grown, old, new), NOW)
        assert (answer.status, answer.content_type) == (200, "text/plain; charset=utf-8")
        opened = open_cosigned(note(grown, new) + answer.body, [COUNCIL.cosigner])
        assert [(c.cosigner, c.at) for c in opened.cosignatures] == [(COUNCIL.cosigner, NOW)]
        assert head_of(witness) == Checkpoint(ORIGIN, new, grown.root(new))


def test_it_cosigns_an_empty_log_with_an_empty_proof(witness):
    assert witness.add_checkpoint(request(tree(0), 0), NOW).status == 200
    assert witness.add_checkpoint(request(tree(0), 0), NOW).status == 200
    assert witness.add_checkpoint(request(tree(3), 0), NOW).status == 200
    with_proof = Request(0, (EMPTY_ROOT,), note(tree(4))).to_bytes()
    assert witness.add_checkpoint(with_proof, NOW).status == 409


def test_a_proof_from_size_nought_must_be_empty(witness):
    with_proof = Request(0, (EMPTY_ROOT,), note(tree(4))).to_bytes()
    assert witness.add_checkpoint(with_proof, NOW).status == 422
    assert head_of(witness).size == 0


def test_an_unknown_log_is_not_found_and_a_foreign_signature_is_forbidden(witness):
    other = NoteSigner("example.com/other", fixed_key("other"))
    assert witness.add_checkpoint(request(tree(3), 0, signer=other, origin=other.name), NOW).status == 404
    impostor = NoteSigner(ORIGIN, fixed_key("impostor"))
    assert witness.add_checkpoint(request(tree(3), 0, signer=impostor), NOW).status == 403
    bad = bytearray(request(tree(3), 0))
    bad[-5] ^= 1
    assert witness.add_checkpoint(bytes(bad), NOW).status in (400, 403)
    # The log's key under its own name vouches for its own origin only.
    assert witness.add_checkpoint(request(tree(3), 0, origin="example.com/other"), NOW).status == 404
    assert head_of(witness).size == 0


def test_signatures_by_unknown_keys_beside_the_logs_change_nothing(witness):
    grown = tree(5)
    text = Checkpoint(ORIGIN, 5, grown.root()).text()
    many = sign(text, [NoteSigner(f"example.com/{n}", fixed_key(str(n))) for n in range(15)] + [LOG])
    assert witness.add_checkpoint(Request(0, (), many).to_bytes(), NOW).status == 200


def test_a_second_key_of_a_log_is_trusted_beside_the_first(witness):
    second = NoteSigner(ORIGIN, fixed_key("second"))
    assert witness.add_log(second.verifier)
    assert not witness.add_log(second.verifier)
    assert witness.add_checkpoint(request(tree(3), 0), NOW).status == 200
    assert witness.add_checkpoint(request(tree(5), 3, signer=second), NOW).status == 200


def test_another_old_size_is_a_conflict_that_names_the_right_one(witness):
    grown = tree(9)
    assert witness.add_checkpoint(request(grown, 3, 5), NOW).body == b"0\n"
    assert witness.add_checkpoint(request(grown, 0, 5), NOW).status == 200
    for old in (0, 3, 6, 9):
        answer = witness.add_checkpoint(request(grown, old, 9), NOW)
        assert (answer.status, answer.body, answer.content_type) == (409, b"5\n", SIZE)
    # A log that was set back asks from what it has, and learns that there was more.
    answer = witness.add_checkpoint(request(grown, 2, 4), NOW)
    assert (answer.status, answer.body) == (409, b"5\n")
    assert head_of(witness).size == 5


def test_an_old_size_beyond_the_checkpoint_is_malformed(witness):
    assert witness.add_checkpoint(Request(6, (), note(tree(5))).to_bytes(), NOW).status == 400


def test_a_second_root_for_one_size_is_never_cosigned_and_is_kept_as_evidence(witness):
    assert witness.add_checkpoint(request(tree(8), 0), NOW).status == 200
    forked = tree(8, branch="b", since=6)
    answer = witness.add_checkpoint(request(forked, 8), NOW + timedelta(minutes=1))
    assert (answer.status, answer.body, answer.content_type) == (409, b"8\n", SIZE)
    assert witness.add_checkpoint(request(forked, 0), NOW).status == 409
    (seen,) = witness.seen()
    assert (seen.head.root, seen.forks) == (tree(8).root(), 2)
    kept = witness.contradictions(ORIGIN)
    assert all(item.fork for item in kept)
    assert kept[0].seen == note(tree(8))
    assert kept[0].request.endswith(note(forked))


def test_a_branch_is_refused_whatever_proof_comes_with_it(witness):
    assert witness.add_checkpoint(request(tree(8), 0), NOW).status == 200
    forked = tree(12, branch="b", since=6)
    assert witness.add_checkpoint(request(forked, 8), NOW).status == 422
    proof = tuple(tree(12).consistency_proof(8))
    assert witness.add_checkpoint(Request(8, proof, note(forked)).to_bytes(), NOW).status == 422
    assert witness.add_checkpoint(Request(8, (), note(forked)).to_bytes(), NOW).status == 422
    (seen,) = witness.seen()
    assert (seen.head.size, seen.forks, seen.unproved) == (8, 0, 3)


def test_evidence_does_not_fill_the_disk(witness):
    assert witness.add_checkpoint(request(tree(8), 0), NOW).status == 200
    for n in range(MAX_CONTRADICTIONS + 5):
        assert witness.add_checkpoint(request(tree(8, branch=f"b{n}"), 8), NOW).status == 409
    (seen,) = witness.seen()
    assert seen.forks == MAX_CONTRADICTIONS


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b"",
        lambda body: b"\n\n",
        lambda body: body.replace(b"old 3", b"old 03"),
        lambda body: body.replace(b"old 3", b"old -3"),
        lambda body: body.replace(b"old 3", b"old  3"),
        lambda body: body.replace(b"old 3", b"OLD 3"),
        lambda body: body.replace(b"old 3", b"old 3 "),
        lambda body: body.replace(b"old 3", b"old 9223372036854775808"),
        lambda body: body.replace(b"old 3\n", b"old 3\r\n"),
        lambda body: body.replace(b"old 3\n", b"old 3\n" + b"A" * 43 + b"=\n" * 1 + b"AAAA\n"),
        lambda body: body.replace(b"old 3\n", b"old 3\n" + (b"A" * 43 + b"=\n") * (MAX_PROOF_LINES + 1)),
        lambda body: body.replace(b"\n\n", b"\n", 1),
        lambda body: body.removesuffix(b"\n"),
        lambda body: body.partition(b"\n\n")[0] + b"\n\n",
        lambda body: body + b"\n",
        lambda body: body.replace(b"\n5\n", b"\n05\n"),
        lambda body: body.replace(b"\n5\n", b"\n0\n"),
        lambda body: body + b"x" * (1 << 20),
    ],
)
def test_what_is_not_in_form_is_malformed(witness, change):
    assert witness.add_checkpoint(request(tree(3), 0), NOW).status == 200
    body = request(tree(5), 3)
    assert change(body) != body
    assert witness.add_checkpoint(change(body), NOW).status == 400
    assert witness.add_checkpoint(body, NOW).status == 200


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_reading_arbitrary_bytes_as_a_request_never_crashes(data):
    try:
        parsed = parse_request(data)
    except FormatError:
        return
    assert parsed.to_bytes() == data


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), mask=st.integers(1, 255))
def test_any_changed_byte_of_a_request_is_refused(witness, place, mask):
    """Under one head: whatever the changed request says, it is not cosigned."""
    witness.add_checkpoint(request(tree(3), 0), NOW)
    body = bytearray(request(tree(5), 3))
    body[place % len(body)] ^= mask
    answer = witness.add_checkpoint(bytes(body), NOW)
    assert answer.status in (400, 403, 404, 409, 422)


def test_what_it_cosigned_is_remembered_when_it_is_opened_again(path):
    with Witness.create(path, COUNCIL) as witness:
        witness.add_log(LOG.verifier)
        assert witness.add_checkpoint(request(tree(8), 0), NOW).status == 200
    with Witness.open(path, COUNCIL) as witness:
        assert witness.add_checkpoint(request(tree(8, branch="b"), 0), NOW).status == 409
        assert witness.add_checkpoint(request(tree(9), 8), NOW).status == 200


def test_the_memory_belongs_to_one_key_and_name(path):
    Witness.create(path, COUNCIL).close()
    for other in (
        CosignatureSigner("example.com/auditor", fixed_key("council")),
        CosignatureSigner("example.com/works-council", fixed_key("x")),
    ):
        with pytest.raises(StoreError, match="another key or name"):
            Witness.open(path, other)
    with pytest.raises(StoreError):
        Witness.create(path, COUNCIL)


def test_a_quote_in_a_witnesss_name_is_only_a_character(path):
    signer = CosignatureSigner("o'hara'); DROP TABLE heads; --".replace(" ", "_"), fixed_key("council"))
    with Witness.create(path, signer) as witness:
        assert list(witness.seen()) == []
    with Witness.open(path, signer) as witness:
        assert witness.vkey == signer.cosigner.vkey


def test_the_logs_key_cannot_be_the_witnesss(path):
    signer = CosignatureSigner("example.com/w", fixed_key("log"))
    with Witness.create(path, signer) as witness, pytest.raises(ValueError, match="witness's key"):
        witness.add_log(LOG.verifier)


def test_nothing_is_cosigned_that_cannot_be_remembered(path):
    import sqlite3

    with Witness.create(path, COUNCIL) as witness:
        witness.add_log(LOG.verifier)
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        witness._connection.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreError, match="in use"):
            witness.add_checkpoint(request(tree(3), 0), NOW)
        blocker.execute("ROLLBACK")
        blocker.close()
        assert head_of(witness).size == 0


def test_a_head_in_the_file_neither_shrinks_nor_goes(path, witness):
    import sqlite3

    assert witness.add_checkpoint(request(tree(8), 0), NOW).status == 200
    for statement in ("UPDATE heads SET size = 7", "DELETE FROM heads"):
        with pytest.raises(sqlite3.IntegrityError):
            witness._connection.execute(statement)


def test_two_checkpoints_at_once_leave_the_larger_one_or_a_conflict(path):
    """The race of C2SP tlog-witness: whoever is second is told so, and no head is rolled back."""
    Witness.create(path, COUNCIL).close()
    with Witness.open(path, COUNCIL) as witness:
        witness.add_log(LOG.verifier)
    grown = tree(40)
    answers: list[tuple[int, int]] = []
    barrier = threading.Barrier(8)

    def submit(size: int) -> None:
        with Witness.open(path, COUNCIL) as own:
            barrier.wait()
            answers.append((own.add_checkpoint(request(grown, 0, size), NOW).status, size))

    threads = [threading.Thread(target=submit, args=(size,)) for size in range(33, 41)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200] + [409] * 7
    with Witness.open(path, COUNCIL) as witness:
        assert head_of(witness).size == next(size for status, size in answers if status == 200)


def test_its_time_does_not_run_backwards(witness):
    grown = tree(9)
    assert witness.add_checkpoint(request(grown, 0, 3), NOW).status == 200
    answer = witness.add_checkpoint(request(grown, 3, 5), NOW - timedelta(seconds=200))
    opened = open_cosigned(note(grown, 5) + answer.body, [COUNCIL.cosigner])
    assert opened.cosignatures[0].at == NOW
    with pytest.raises(StoreError, match="the clock is 3600 seconds behind"):
        witness.add_checkpoint(request(grown, 5, 9), NOW - timedelta(hours=1))
    assert head_of(witness).size == 5


def test_a_log_restored_from_a_backup_is_found_out(tmp_path, witness):
    """Database and high-water file restored together: the log itself cannot know, the witness does."""
    folder = tmp_path / "log"
    folder.mkdir()
    random = fixed_random("backup")

    def grow(log: EventLog, n: int, word: str) -> None:
        log.append([Event.new("skill.used", "operator", {"n": i, "word": word}, NOW, random) for i in range(n)])

    with EventLog.create(folder / "log.sqlite", ORIGIN) as log:
        grow(log, 5, "before")
        first = log.checkpoint(LOG)
        assert witness.add_checkpoint(Request(0, (), first).to_bytes(), NOW).status == 200
    shutil.copytree(folder, tmp_path / "backup")
    with EventLog.open(folder / "log.sqlite") as log:
        grow(log, 3, "lost")
        second = Request(5, tuple(log.consistency_proof(5, 8)), log.checkpoint(LOG))
        assert witness.add_checkpoint(second.to_bytes(), NOW).status == 200
    with EventLog.open(tmp_path / "backup" / "log.sqlite") as log:
        grow(log, 1, "again")
        restored = Request(5, tuple(log.consistency_proof(5, 6)), log.checkpoint(LOG))
        answer = witness.add_checkpoint(restored.to_bytes(), NOW)
        assert (answer.status, answer.body) == (409, b"8\n")
        grow(log, 2, "again")
        fork = log.checkpoint(LOG)
        assert witness.add_checkpoint(Request(8, (), fork).to_bytes(), NOW).status == 409
        grow(log, 1, "again")
        longer = Request(8, tuple(log.consistency_proof(8, 9)), log.checkpoint(LOG))
        assert witness.add_checkpoint(longer.to_bytes(), NOW).status == 422
    (seen,) = witness.seen()
    assert (seen.head.size, seen.forks, seen.unproved) == (8, 1, 1)


def test_nothing_was_seen_of_a_log_that_never_came(witness):
    (seen,) = witness.seen()
    assert (seen.origin, seen.head.size, seen.at, seen.forks) == (ORIGIN, 0, None, 0)
    assert datetime(2026, 1, 1, tzinfo=UTC) < NOW
