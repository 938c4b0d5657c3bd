"""The event log: what was acknowledged is there, what was signed stays true, and fsck names what is not."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
import threading
from datetime import timedelta

import psycopg
import pytest
from attest_world import LOG_KEY, NOW, ORIGIN, fixed_key, fixed_random
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from attest import checkpoint as checkpoints
from attest import events
from attest.errors import (
    FormatError,
    FsckError,
    IdempotencyError,
    LogFullError,
    RollbackError,
    SignatureError,
    StoreError,
)
from attest.events import Event
from attest.log import EventLog
from attest.merkle import EMPTY_ROOT, Tree, leaf_hash, verify_consistency
from attest.note import NoteSigner, open_note

SIGNER = NoteSigner(ORIGIN, LOG_KEY)


def some(n: int, word: str = "x") -> list[Event]:
    random = fixed_random(word)
    return [Event.new("skill.used", "operator", {"n": i, "word": word}, NOW, random) for i in range(n)]


def head_of(note: bytes) -> checkpoints.Checkpoint:
    return checkpoints.parse(open_note(note, [SIGNER.verifier]).text)


@pytest.fixture
def file_log(tmp_path):
    """A log in a file, for what only files have."""
    with EventLog.create(tmp_path / "log.sqlite", ORIGIN) as made:
        yield made


def test_an_empty_log_has_the_empty_root(log):
    assert (log.size, log.root(), list(log.entries())) == (0, EMPTY_ROOT, [])
    assert log.latest_checkpoint() is None
    log.fsck()


def test_entries_are_the_exact_bytes_of_the_events(log):
    made = some(3)
    assert log.append(made) == [0, 1, 2]
    assert log.append(some(1, "y")) == [3]
    assert [log.entry(i) for i in range(3)] == [event.to_bytes() for event in made]
    assert [i for i, _ in log.entries(1, 3)] == [1, 2]
    assert log.root() == Tree(leaf_hash(data) for _, data in log.entries()).root()
    with pytest.raises(ValueError, match="no entry 4"):
        log.entry(4)


def test_a_log_is_the_same_after_it_was_closed(place, log):
    log.append(some(5))
    root, note = log.root(), log.checkpoint(SIGNER)
    log.close()
    with place.open() as again:
        assert (again.origin, again.size, again.root(), again.latest_checkpoint()) == (ORIGIN, 5, root, note)
        again.fsck(SIGNER.verifier)


def test_the_files_are_for_their_owner_only(tmp_path, file_log):
    file_log.append(some(1))
    file_log.checkpoint(SIGNER)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_an_append_with_a_known_key_adds_nothing_and_answers_the_same(log):
    made = some(3)
    assert log.append(made, key="run-1") == [0, 1, 2]
    log.append(some(2, "between"))
    assert log.append(made, key="run-1") == [0, 1, 2]
    assert log.size == 5


def test_a_known_key_with_other_events_is_refused(log):
    log.append(some(3), key="run-1")
    for other in (some(2), some(3, "y"), []):
        with pytest.raises(IdempotencyError):
            log.append(other, key="run-1")
    assert log.size == 3


def test_a_batch_with_one_bad_event_adds_nothing(log):
    bad = Event.new("skill.used", "operator", {"x": 1.5}, NOW)
    with pytest.raises(FormatError):
        log.append([*some(2), bad])
    assert log.size == 0


def test_every_proof_verifies(log):
    log.append(some(9))
    note = log.checkpoint(SIGNER)
    for i, data in log.entries():
        assert log.proof(i, note).verify(data, SIGNER.verifier).size == 9


def test_a_proof_can_rest_on_an_earlier_checkpoint(log):
    log.append(some(3))
    early = log.checkpoint(SIGNER)
    log.append(some(3, "y"))
    log.proof(2, early).verify(log.entry(2), SIGNER.verifier)
    with pytest.raises(ValueError, match="no leaf 3"):
        log.proof(3, early)


def test_a_proof_does_not_rest_on_the_checkpoint_of_another_log(new_place, log):
    log.append(some(3))
    with new_place().create() as other:
        other.append(some(3, "other"))
        note = other.checkpoint(SIGNER)
    with pytest.raises(ValueError, match="not one of this log"):
        log.proof(0, note)


def test_successive_checkpoints_are_consistent(log):
    notes = []
    for portion in (1, 4, 0, 3):
        log.append(some(portion, str(portion)))
        notes.append(head_of(log.checkpoint(SIGNER)))
    for old, new in itertools.pairwise(notes):
        verify_consistency(old.size, new.size, log.consistency_proof(old.size, new.size), old.root, new.root)


def test_the_same_head_is_signed_once(log):
    log.append(some(2))
    assert log.checkpoint(SIGNER) == log.checkpoint(SIGNER)
    assert len(list(log.checkpoints())) == 1


def test_a_log_signs_under_its_own_name_only(log):
    with pytest.raises(ValueError, match="origin"):
        log.checkpoint(NoteSigner("example.com/other", LOG_KEY))


def test_the_tables_are_append_only(place, log):
    log.append(some(2))
    log.checkpoint(SIGNER)
    for statement in ("UPDATE entries SET data = x'00'", "DELETE FROM entries", "DELETE FROM checkpoints"):
        if place.kind == "sqlite":
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                log.store.connection.execute(statement)
        else:
            with (
                psycopg.connect(place.where, options="-c search_path=govern_log") as raw,
                pytest.raises(psycopg.errors.RaiseException, match="append-only"),
            ):
                raw.execute(statement.replace("x'00'", "'x'"))


def test_two_writers_get_one_sequence(place, log):
    def write(word):
        with place.open() as mine:
            for i in range(15):
                got.append((word, i, mine.append(some(2, f"{word}{i}"))))

    got: list = []
    threads = [threading.Thread(target=write, args=(word,)) for word in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(index for _, _, indexes in got for index in indexes) == list(range(60))
    for word, i, indexes in got:
        assert [log.entry(index) for index in indexes] == [event.to_bytes() for event in some(2, f"{word}{i}")]
    log.fsck()


def test_a_restored_backup_neither_signs_nor_grows(place, log):
    log.append(some(3))
    log.checkpoint(SIGNER)
    log.close()
    restore = place.save()
    with place.open() as newer:
        newer.append(some(2, "y"))
        newer.checkpoint(SIGNER)
    restore()
    with place.open() as restored:
        assert restored.size == 3
        with pytest.raises(RollbackError, match="3 entries, but a checkpoint over 5"):
            restored.checkpoint(SIGNER)
        with pytest.raises(RollbackError) as caught:
            restored.append(some(1, "z"))
        assert "older copy" in caught.value.hint
        with pytest.raises(FsckError, match="high-water"):
            restored.fsck()
        assert restored.size == 3


def test_a_log_that_shrinks_while_it_is_open_does_not_grow(place, log):
    log.append(some(3))
    place.behind("DELETE FROM entries WHERE i = 2")
    with pytest.raises(RollbackError, match="had 3 entries and has 2"):
        log.append(some(1, "y"))
    with pytest.raises(RollbackError, match="had 3 entries and has 2"):
        log.checkpoint(SIGNER)


def test_a_log_that_grew_differently_to_the_same_size_does_not_sign(new_place, log):
    log.append(some(3))
    log.checkpoint(SIGNER)
    with new_place().create() as fork:
        fork.append(some(4, "fork"))
        fork.high_water_path.write_bytes(log.high_water_path.read_bytes())
        with pytest.raises(RollbackError, match="contradicts"):
            fork.checkpoint(SIGNER)
        with pytest.raises(RollbackError, match="contradicts"):
            fork.append(some(1, "y"))


def test_a_changed_entry_stops_the_log_from_signing(place, log):
    log.append(some(3))
    log.checkpoint(SIGNER)
    log.high_water_path.unlink()
    other = some(1, "other")[0].to_bytes()
    place.behind("UPDATE entries SET data = ?, leaf = ? WHERE i = 1", other, leaf_hash(other))
    with place.open() as again, pytest.raises(RollbackError, match="contradicts"):
        again.checkpoint(SIGNER)


def test_a_missing_entry_is_noticed_when_the_tree_is_built(place, log):
    log.append(some(3))
    place.behind("DELETE FROM entries WHERE i = 1")
    with place.open() as again, pytest.raises(FsckError, match="missing between 0 and 2"):
        again.root()


def test_a_log_is_signed_with_one_key(log):
    log.append(some(1))
    note = log.checkpoint(SIGNER)
    log.append(some(1, "y"))
    with pytest.raises(SignatureError, match="not signed with this key") as caught:
        log.checkpoint(NoteSigner(ORIGIN, fixed_key("other")))
    assert caught.value.hint
    assert log.latest_checkpoint() == note
    assert head_of(log.checkpoint(SIGNER)).size == 2


def test_the_clock_does_not_decide_the_order(log):
    events_ = [Event.new("skill.used", "operator", {"n": n}, NOW - timedelta(days=n)) for n in range(4)]
    for event in events_:
        log.append([event])
    assert [data for _, data in log.entries()] == [event.to_bytes() for event in events_]
    log.checkpoint(SIGNER)
    log.fsck(SIGNER.verifier)


@pytest.mark.parametrize("content", [b"", b"x", b"a\n1\nb\n\n\xe2\x80\x94 a AAAAAAAA\n"])
def test_a_damaged_high_water_file_stops_the_log(log, content):
    log.append(some(1))
    log.checkpoint(SIGNER)
    log.high_water_path.write_bytes(content)
    with pytest.raises(RollbackError):
        log.checkpoint(SIGNER)


def test_a_lost_high_water_file_is_made_again(log):
    log.append(some(1))
    note = log.checkpoint(SIGNER)
    log.high_water_path.unlink()
    assert log.checkpoint(SIGNER) == note == log.high_water_path.read_bytes()


EVENT = some(1, "forged")[0].to_bytes()


@pytest.mark.parametrize(
    ("statement", "values", "message"),
    [
        ("UPDATE entries SET data = ? WHERE i = 2", (EVENT,), "entry 2 differs"),
        ("UPDATE entries SET data = ? WHERE i = 2", (b"{}",), "entry 2 is not an event"),
        ("UPDATE entries SET data = ?, leaf = ? WHERE i = 2", (EVENT, leaf_hash(EVENT)), "batch at entry 0"),
        ("UPDATE entries SET data = ?, leaf = ? WHERE i = 4", (EVENT, leaf_hash(EVENT)), "another root"),
        ("DELETE FROM entries WHERE i = 3", (), "entry 3 is missing"),
        ("DELETE FROM entries WHERE i = 4", (), "over 5 entries was signed, but there are 4"),
        ("UPDATE batches SET count = 4", (), "batch at entry 0"),
        ("UPDATE batches SET first = 1", (), "batch at entry 1"),
        ("UPDATE batches SET first = -1", (), "batch at entry -1"),
        ("UPDATE batches SET count = -1", (), "batch at entry 0"),
        ("INSERT INTO batches VALUES ('other', 7, 0, ?)", (b"",), "batch at entry 7"),
        ("INSERT INTO batches VALUES ('other', 2, 1, ?)", (b"",), "two batches claim entry 2"),
        ("UPDATE checkpoints SET note = ?", (b"x",), "not in form"),
        ("UPDATE checkpoints SET size = 4", (), "stored under another size"),
        ("UPDATE checkpoints SET root = ?", (bytes(32),), "stored under another size"),
        (
            "INSERT INTO cosignatures (size, name, hash, line) VALUES (5, 'w', ?, ?)",
            (b"h", b"x\n"),
            "cosignature over 5",
        ),
        (
            "INSERT INTO cosignatures (size, name, hash, line) VALUES (4, 'w', ?, ?)",
            (b"h", b"x\n"),
            "over 4 entries, but",
        ),
        ("DELETE FROM checkpoints", (), None),
    ],
)
def test_fsck_names_the_first_difference(place, log, statement, values, message):
    log.append(some(3), key="batch")
    log.append(some(2, "y"))
    log.checkpoint(SIGNER)
    log.fsck(SIGNER.verifier)
    place.behind(statement, *values)
    with place.open() as again:
        if message is None:
            again.fsck()  # the high-water file alone still agrees
        else:
            with pytest.raises(FsckError, match=message):
                again.fsck(SIGNER.verifier)


def test_fsck_notices_a_checkpoint_by_another_key(log):
    log.append(some(1))
    log.checkpoint(NoteSigner(ORIGIN, fixed_key("intruder")))
    log.fsck()
    with pytest.raises(FsckError, match="not signed by the log's key"):
        log.fsck(SIGNER.verifier)


def fill(log: EventLog, portion: int, signer: NoteSigner | None = None) -> None:
    for n in range(400):
        log.append(some(portion, f"filler{n}"), key=f"filler{n}")
        if signer is not None:
            log.checkpoint(signer)


def test_a_full_disk_adds_nothing_and_the_log_goes_on_when_there_is_room(place, log):
    log.append(some(3), key="first")
    make_room = place.full(log, room=2)
    with pytest.raises(LogFullError) as caught:
        fill(log, 5)
    assert caught.value.exit_code == 1
    assert "space" in caught.value.hint
    size = log.size
    assert size % 5 == 3
    log.fsck()
    with place.open() as other:
        assert other.size == size
    make_room()
    assert log.append(some(5, "later"), key="later")[0] == size
    log.fsck()


def test_a_full_disk_at_signing_signs_nothing(place, log):
    log.append(some(3))
    old = log.checkpoint(SIGNER)
    place.full(log)
    with pytest.raises(LogFullError):
        fill(log, 1, SIGNER)
    latest = log.latest_checkpoint()
    assert latest is not None
    assert head_of(latest).size <= log.size
    assert head_of(log.high_water_path.read_bytes()) == head_of(latest)
    assert head_of(old).size == 3
    log.fsck(SIGNER.verifier)


def test_a_high_water_file_that_cannot_be_written_withholds_the_note(log, monkeypatch):
    log.append(some(1))

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("attest.log.replace_file", full)
        with pytest.raises(LogFullError, match="highwater"):
            log.checkpoint(SIGNER)
    # The note was committed; the next attempt hands out the same one.
    committed = log.latest_checkpoint()
    assert log.checkpoint(SIGNER) == committed


def test_creating_over_a_log_is_refused(place, log):
    log.append(some(2))
    with pytest.raises(StoreError, match=r"exists|holds a log already") as caught:
        place.create()
    assert "never overwritten" in caught.value.hint
    assert log.size == 2


def test_a_log_with_an_impossible_origin_is_not_made(tmp_path):
    with pytest.raises(FormatError):
        EventLog.create(tmp_path / "new", "not a name")
    assert not (tmp_path / "new").exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        EventLog.open(tmp_path / "missing.sqlite")
    with pytest.raises(StoreError, match="cannot be written"):
        EventLog.create(tmp_path / "missing" / "log.sqlite", ORIGIN)


@pytest.mark.parametrize("content", [b"", b"text", b"SQLite format 3\x00", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_not_a_log_is_refused(tmp_path, content):
    path = tmp_path / "log.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        EventLog.open(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path):
    path = tmp_path / "log.sqlite"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE entries (x)")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match="not an event log"):
        EventLog.open(path)


def test_a_truncated_log_is_refused(file_log):
    log = file_log
    for n in range(20):
        log.append(some(20, str(n)))
    log.close()
    data = log.store.path.read_bytes()
    refused = 0
    for cut in (len(data) - 1, len(data) - 4096, len(data) // 2, 4096, 100, 17):
        log.store.path.write_bytes(data[:cut])
        with pytest.raises((StoreError, FsckError)), EventLog.open(log.store.path) as again:
            again.fsck()
        refused += 1
    assert refused == 6


def test_a_damaged_page_is_noticed_by_fsck(file_log):
    log = file_log
    for n in range(20):
        log.append(some(20, str(n)))
    log.checkpoint(SIGNER)
    log.close()
    data = log.store.path.read_bytes()
    noticed = 0
    for place in range(4096 + 50, len(data), 4096 * 3 + 97):
        bad = bytearray(data)
        bad[place] ^= 0x10
        log.store.path.write_bytes(bad)
        try:
            with EventLog.open(log.store.path) as again:
                again.fsck(SIGNER.verifier)
                # What fsck lets pass is in unused space: every entry is still the one that was appended.
                kept = hashlib.sha256(b"".join(entry for _, entry in again.entries())).digest()
        except (StoreError, FsckError):
            noticed += 1
        else:
            expected = b"".join(e.to_bytes() for n in range(20) for e in some(20, str(n)))
            assert kept == hashlib.sha256(expected).digest()
    assert noticed > 3


class LogMachine(RuleBasedStateMachine):
    """Appends, repeats, checkpoints, reopenings in any order: the log equals a list, and signed heads stay true."""

    def __init__(self, place):
        super().__init__()
        self.place = place

    @initialize()
    def start(self):
        self.log = self.place.create()
        self.model: list[bytes] = []
        self.batches: dict[str, tuple[list[Event], list[int]]] = {}
        self.heads: list[checkpoints.Checkpoint] = []

    @rule(n=st.integers(0, 5), word=st.sampled_from("abcdef"), keyed=st.booleans())
    def append(self, n, word, keyed):
        batch = some(n, word)
        if keyed and word in self.batches:
            known, indexes = self.batches[word]
            if known == batch:
                assert self.log.append(batch, key=word) == indexes
            else:
                with pytest.raises(IdempotencyError):
                    self.log.append(batch, key=word)
            return
        indexes = self.log.append(batch, key=word if keyed else None)
        assert indexes == list(range(len(self.model), len(self.model) + n))
        self.model += [event.to_bytes() for event in batch]
        if keyed:
            self.batches[word] = (batch, indexes)

    @rule()
    def checkpoint(self):
        head = head_of(self.log.checkpoint(SIGNER))
        assert head.size == len(self.model)
        self.heads.append(head)

    @rule()
    def reopen(self):
        self.log.close()
        self.log = self.place.open()

    @invariant()
    def equals_the_model(self):
        if not hasattr(self, "log"):
            return
        assert [data for _, data in self.log.entries()] == self.model
        tree = Tree(map(leaf_hash, self.model))
        assert self.log.root() == tree.root()
        assert all(tree.root(head.size) == head.root for head in self.heads)

    def teardown(self):
        if hasattr(self, "log"):
            self.log.fsck(SIGNER.verifier)
            self.log.close()


def test_any_sequence_of_calls_leaves_a_log_that_equals_the_model(new_place):
    run_state_machine_as_test(
        lambda: LogMachine(new_place()), settings=settings(max_examples=12, stateful_step_count=12, deadline=None)
    )


def test_all_entries_are_events(log):
    log.append(some(4))
    assert [events.parse(data).body["n"] for _, data in log.entries()] == [0, 1, 2, 3]
