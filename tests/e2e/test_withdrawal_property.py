"""Whatever is taken back, by whomever: what is made again equals what was made of data that never held it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from withdrawal_world import BASHIR, CUSTOMER, INES, MAILS, SUBJECT, Memory, World, content, fake_model

from attest.disposition import Dispositions, Leaf, commitment
from extract.identity import parse
from extract.records import Record
from extract.sources import open_source, read_all
from extract.vetoes import Vetoes
from extract.vetoes import commitment as vetoes_of
from govern.selection import still_there, without_threads

PEOPLE_ALL = (BASHIR, INES, CUSTOMER)
SWEEP = "2026-03-06T09:00:00Z"


@pytest.fixture(scope="module", autouse=True)
def model() -> Any:
    """A predictable model for all of it."""
    with fake_model() as backend:
        yield backend


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A workspace with a consent and nothing made yet."""
    root = tmp_path_factory.mktemp("begun")
    return World(Memory(root), root).begin()


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    others=st.lists(st.sampled_from(PEOPLE_ALL), min_size=len(MAILS), max_size=len(MAILS)),
    vetoed=st.frozensets(st.sampled_from(PEOPLE_ALL), max_size=2),
    erased=st.frozensets(st.sampled_from(PEOPLE_ALL), max_size=1),
    silent=st.frozensets(st.sampled_from(("--chat", "--repo"))),
)
@example([INES, BASHIR] * 6, frozenset({INES}), frozenset({BASHIR}), frozenset())
def test_made_again_equals_never_told(
    begun: World, others: list[str], vetoed: frozenset[str], erased: frozenset[str], silent: frozenset[str]
) -> None:
    assume(vetoed or erased or silent)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        world = begun.copy(root / "a")
        world.memory = Memory(root / "all", others=others)
        world.extract()
        for who in sorted(vetoed):
            world.veto(who)
        for who in sorted(erased):
            world.done("subject", "erase", "--subject", who, "--now", "2026-03-05T10:00:00Z")
        names = {"--chat": "chat.public_channel", "--repo": "vcs.commit"}
        if silent:
            named = [x for option in sorted(silent) for x in ("--source", names[option])]
            world.done("consent", "withdraw", "--subject", SUBJECT, *named, "--now", SWEEP)
        world.done("sweep", "--now", SWEEP)

        never = begun.copy(root / "b")
        left = [i for i, other in enumerate(others) if other not in vetoed | erased]
        # Whoever sits in the channel took part in all of it.
        gone = set(silent) | ({"--chat"} if BASHIR in vetoed | erased else set()) | (set() if left else {"--mail"})
        assume(gone < {"--chat", "--mail", "--repo"})
        never.memory = Memory(root / "never", left, others)
        never.extract(now=SWEEP, without=gone)
        staged = [d for d in world.staged() if not world_ended(world, d)]
        assert [content(d) for d in staged] == [content(never.skill)]


def world_ended(world: World, draft: Path) -> bool:
    """Say whether a draft that was made again was itself taken back since."""
    names = {e["body"]["extraction_id"] for e in world.events("skill.tombstoned")}
    return draft.name.removesuffix(".draft.skill") in names


def record(kind: str, digest: int, author: str = "") -> Record:
    """Return a record that matters by its kind, digest and author only."""
    return Record(
        source_kind=kind,  # type: ignore[arg-type]
        locator=f"{kind}#{digest}",
        raw_digest=f"{digest:064x}",
        container="",
        container_kind="mailbox",
        author_key=author,
        author_raw="",
        author_basis="header.from",
        recipients=(),
        names_seen=(),
        labels=(),
        sent_at=None,
        tz_offset_min=None,
        tz_basis="unknown",
        thread_id=f"{digest}",
        parent_id="",
        title="",
        text="",
        spans=(),
    )


def tree(records: list[Record], salts: list[bytes]) -> Dispositions:
    """Return the dispositions of a run that took all of these."""
    leaves = []
    for i, (each, salt) in enumerate(zip(records, salts, strict=True)):
        source = commitment(salt, "source", bytes.fromhex(each.raw_digest))
        leaves.append(Leaf(i, each.source_kind, "left_out", ("record.label",), "A0", {}, source, None))
    return Dispositions(leaves)


held = st.lists(st.tuples(st.sampled_from(("chat", "mail")), st.integers(0, 30)), max_size=14)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(before=held, gone=st.sets(st.integers(0, 13)), lost=st.sets(st.integers(0, 13)), new=held)
def test_only_what_the_earlier_run_held_under_a_salt_that_is_there_stays(
    before: list[tuple[str, int]], gone: set[int], lost: set[int], new: list[tuple[str, int]]
) -> None:
    then = [record(kind, n) for kind, n in sorted(before, key=lambda p: p[0])]
    salts = [bytes([i + 1]) * 32 for i in range(len(then))]
    kept = [None if i in gone else salt for i, salt in enumerate(salts)]
    made = tree(then, salts)
    assert still_there(then, made, kept) == [r for i, r in enumerate(then) if i not in gone] or any(
        then[i].raw_digest == then[j].raw_digest for i in range(len(then)) for j in range(i)
    )
    now = [r for i, r in enumerate(then) if i not in lost] + [record(kind, n + 100) for kind, n in new]
    stay = still_there(now, made, kept)
    live = {(r.source_kind, r.raw_digest) for i, r in enumerate(then) if i not in gone}
    assert all((r.source_kind, r.raw_digest) in live for r in stay)
    if len({r.raw_digest for r in then}) == len(then):
        assert stay == [r for i, r in enumerate(then) if i not in lost | gone]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parents=st.lists(st.integers(0, 9), min_size=10, max_size=10),
    words=st.lists(st.sampled_from(("a", "b")), min_size=10, max_size=10),
    gone=st.frozensets(st.integers(0, 9), max_size=9),
)
def test_records_dropped_at_reading_leave_no_trace_in_the_others(
    tmp_path: Path, parents: list[int], words: list[str], gone: frozenset[int]
) -> None:
    long = {"a": "We always check the sum of the file before it is loaded.", "b": "Never load a file twice, please."}
    mails = []
    for i in range(10):
        head = f"From: a{i % 3}@works.example\nTo: b@works.example\nMessage-ID: <m{i}@works.example>\n"
        head += f"In-Reply-To: <m{parents[i]}@works.example>\n" if parents[i] < i else ""
        head += f"Date: Mon, 2 Mar 2026 10:{i:02d}:00 +0100\nSubject: File\n\n"
        mails.append(f"From a@works.example Mon Mar  2 10:15:00 2026\n{head}{long[words[i]]}\n\n".encode())
    box = tmp_path / "archive.mbox"
    box.write_bytes(b"".join(mails))
    digests = [r.raw_digest for r in read_all([open_source("mail", box)]).records]
    dropped = {digests[i] for i in gone}

    def keep(records: Any) -> list[Record]:
        return [r for r in records if r.raw_digest not in dropped]

    without = read_all([open_source("mail", box)], keep=keep).records
    box.write_bytes(b"".join(m for i, m in enumerate(mails) if i not in gone))
    never = read_all([open_source("mail", box)]).records

    def seen(records: list[Record]) -> list[Any]:
        place = {r.locator: i for i, r in enumerate(records)}
        return [
            (r.raw_digest, r.thread_id, r.parent_id, r.spans, r.text, r.names_seen, place.get(r.dup_of))
            for r in records
        ]

    assert seen(without) == seen(never)


def test_a_veto_takes_the_whole_thread_and_no_other() -> None:
    people = parse(b"version: 1\npeople: []\n")

    def mail(n: int, author: str, answers: int | None = None) -> Record:
        references = () if answers is None else (f"m{answers}",)
        return replace(record("mail", n, author), message_id=f"m{n}", references=references)

    one, two = "mailto:one@works.example", "mailto:two@works.example"
    records = [mail(1, one), mail(2, two, 1), mail(3, one, 2), mail(4, one), mail(5, one, 4)]
    vetoes = Vetoes(frozenset({two}), bytes(32))
    assert without_threads(records, vetoes, people) == records
    vetoes = Vetoes(frozenset({vetoes_of(bytes(32), two)}), bytes(32))
    assert [r.message_id for r in without_threads(records, vetoes, people)] == ["m4", "m5"]
