"""Every reader keeps the contract of readers: each check runs on a sample of every format of the registry."""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import conformance as c
import pytest
from conformance_samples import CREDENTIAL, SAMPLES, WITHOUT, Sample

from extract.records import FLAG_BOT, FLAG_SYSTEM, Record
from extract.sources.api import Defect
from extract.sources.reading import open_source
from extract.sources.registry import FORMATS, Format

ROOT = Path(__file__).resolve().parents[2]
BY_NAME = {f.name: f for f in FORMATS}
NAMES = [f.name for f in FORMATS if f.name not in WITHOUT]
TEXT = [name for name in NAMES if SAMPLES[name].text]
CHATS = [f.name for f in FORMATS if f.kind == "chat"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The samples, built once; tests read them and change copies only."""
    folder = tmp_path_factory.mktemp("samples")
    out = {}
    for name in NAMES:
        (folder / name).mkdir()
        out[name] = SAMPLES[name].build(folder / name)
    return out


@pytest.fixture(scope="session")
def elsewhere(built: dict[str, Path]) -> list[dict[str, dict[str, str]]]:
    """What two other processes see, in which strings hash differently."""
    out = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/extract/conformance.py"), *(f"{n}={built[n]}" for n in NAMES)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        out.append(json.loads(done.stdout))
    return out


def test_every_format_has_a_sample() -> None:
    assert set(BY_NAME) <= {*SAMPLES, *WITHOUT}
    assert not {*SAMPLES} & {*WITHOUT}


@pytest.mark.parametrize("name", NAMES)
def test_all_units_are_accounted_for(built: dict[str, Path], name: str) -> None:
    c.check_units(*c.everything(c.opened(BY_NAME[name], built[name])))


@pytest.mark.parametrize("name", NAMES)
def test_records_are_filled_from_what_gates_know(built: dict[str, Path], name: str) -> None:
    _, results = c.everything(c.opened(BY_NAME[name], built[name]))
    records = [r for r in results if isinstance(r, Record)]
    for record in records:
        c.check_record(record, BY_NAME[name].kind)
    ids = [r.message_id for r in records if r.message_id]
    assert len(set(ids)) == len(ids), "two messages of one id"


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_holds_what_a_sample_must(built: dict[str, Path], name: str) -> None:
    sample: Sample = SAMPLES[name]
    _, results = c.everything(c.opened(BY_NAME[name], built[name]))
    records = [r for r in results if isinstance(r, Record)]
    assert {r.container_kind for r in records} >= set(sample.container_kinds)
    assert len({r.author_key for r in records if r.own_text()}) >= 2, "two authors"
    flagged = [r for r in records if {FLAG_SYSTEM, FLAG_BOT} & set(r.labels)]
    assert flagged or not sample.system, "a system message"
    assert all(r.own_text() == "" for r in flagged if FLAG_SYSTEM in r.labels)
    damaged = [r for r in results if isinstance(r, Defect) or r.parse_defects]
    assert damaged or not sample.damaged, "a damaged unit"
    known = {r.message_id for r in records if r.message_id}
    assert any(known & {r.parent_id, *r.references} for r in records) or not sample.thread, "a thread"


@pytest.mark.parametrize("name", NAMES)
def test_two_openings_see_the_same(built: dict[str, Path], name: str) -> None:
    assert c.fingerprint(BY_NAME[name], built[name]) == c.fingerprint(BY_NAME[name], built[name])


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_see_the_same(
    built: dict[str, Path], elsewhere: list[dict[str, dict[str, str]]], name: str
) -> None:
    assert elsewhere[0][name] == elsewhere[1][name] == c.fingerprint(BY_NAME[name], built[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_that_was_pickled_at_opening_reads_the_same_in_any_order(built: dict[str, Path], name: str) -> None:
    source = c.opened(BY_NAME[name], built[name])
    copy = pickle.loads(pickle.dumps(source))
    units, results = c.everything(source)
    travelled = pickle.loads(pickle.dumps(units))
    order = list(range(len(units)))
    random.Random(7).shuffle(order)
    read = {i: copy.read(travelled[i]) for i in order}
    assert [read[i] for i in range(len(units))] == results
    assert [source.read(unit) for unit in units] == results, "read a second time"


@pytest.mark.parametrize("name", NAMES)
def test_reading_changes_no_state(built: dict[str, Path], name: str) -> None:
    source = c.opened(BY_NAME[name], built[name])
    units = list(source.units())
    before = pickle.dumps(source)
    for unit in units:
        source.read(unit)
    assert pickle.dumps(source) == before


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written_where_the_source_lies(built: dict[str, Path], name: str) -> None:
    # pytest blocks every socket, so a reader that asked the network would fail here, too.
    before = c.tree(built[name])
    c.everything(c.opened(BY_NAME[name], built[name]))
    assert c.tree(built[name]) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_format_knows_its_own_and_no_other_of_its_kind(built: dict[str, Path], name: str) -> None:
    own: Format = BY_NAME[name]
    assert own.reader().detect(built[name]) is True
    for other in FORMATS:
        if other.kind == own.kind and other is not own:
            assert other.reader().detect(built[name]) is False, f"{other.name} takes a sample of {name}"


@pytest.mark.parametrize("name", NAMES)
def test_the_option_opens_it_with_its_reader(built: dict[str, Path], name: str) -> None:
    assert isinstance(open_source(BY_NAME[name].kind, built[name]), BY_NAME[name].reader())


@pytest.mark.parametrize("name", BY_NAME)
def test_detecting_never_raises(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "noise.zip").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 8)
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    (tmp_path / "zeros").write_bytes(bytes(5000))
    (tmp_path / "noise.pst").write_bytes(b"!BDN" + bytes(range(256)) * 8)
    for path in (*sorted(tmp_path.iterdir()), tmp_path / "missing"):
        assert isinstance(BY_NAME[name].reader().detect(path), bool)


@pytest.mark.parametrize("name", CHATS)
def test_a_credential_never_gets_into_a_record(built: dict[str, Path], name: str) -> None:
    assert any(CREDENTIAL.encode() in p.read_bytes() for p in _files(built[name])) or not SAMPLES[name].text
    _, results = c.everything(c.opened(BY_NAME[name], built[name]))
    for result in results:
        assert not any(CREDENTIAL in text for text in c.strings(result))
    assert any("[SECRET]" in text for result in results for text in c.strings(result)), "the message itself is lost"


@pytest.mark.parametrize("name", [n for n in CHATS if n in TEXT])
def test_a_digest_does_not_depend_on_a_credential(built: dict[str, Path], tmp_path: Path, name: str) -> None:
    copy = _copy(built[name], tmp_path)
    for file in _files(copy):
        file.write_bytes(file.read_bytes().replace(CREDENTIAL.encode(), OTHER.encode()))
    before = [u.raw_digest for u in c.opened(BY_NAME[name], built[name]).units()]
    assert [u.raw_digest for u in c.opened(BY_NAME[name], copy).units()] == before


_VALUE = re.compile(r'[:,\[]\s*("(?:[^"\\]|\\.)*"|-?[0-9.]+|true|false|null)(?=\s*[,}\]])')
OTHER = CREDENTIAL[:-6] + "zyxwvu"


@pytest.mark.parametrize("name", TEXT)
def test_a_file_that_is_cut_short_loses_no_unit_without_a_word(
    built: dict[str, Path], tmp_path: Path, name: str
) -> None:
    copy = _copy(built[name], tmp_path)
    files = _files(copy)
    for file in files:
        whole = file.read_bytes()
        for length in _strides(len(whole), 2 + 24 // len(files)):
            file.write_bytes(whole[:length])
            c.survive(BY_NAME[name], copy)
        file.write_bytes(whole)


@pytest.mark.parametrize("name", TEXT)
def test_flipped_bytes_raise_nothing(built: dict[str, Path], tmp_path: Path, name: str) -> None:
    copy = _copy(built[name], tmp_path)
    chance = random.Random(11)
    files = _files(copy)
    for file in files:
        whole = file.read_bytes()
        for place in _strides(len(whole), 4 + 48 // len(files)):
            changed = bytearray(whole)
            changed[place] = chance.choice((0, 10, 34, 92, 125, 0xFF, changed[place] ^ 1 << chance.randrange(8)))
            file.write_bytes(changed)
            c.survive(BY_NAME[name], copy)
        file.write_bytes(whole)


@pytest.mark.parametrize("name", [n for n in CHATS if n in TEXT and n not in ("whatsapp", "irc")])
def test_values_of_other_types_raise_nothing(built: dict[str, Path], tmp_path: Path, name: str) -> None:
    copy = _copy(built[name], tmp_path)
    wrong = (None, [], {}, 7, True, -1e99, "", "\ud800\x00", [None, {"a": [7]}], "2026-99-99T99:99:99Z", 10**30)
    files = [f for f in _files(copy) if f.suffix in (".json", ".jsonl")]
    assert files
    for file in files:
        whole = file.read_text("utf-8")
        # A value stands after a colon, a comma or a bracket; what it is replaced by is valid JSON again.
        spots = list(_VALUE.finditer(whole))
        for turn, i in enumerate(_strides(len(spots), 4 + 80 // len(files))):
            text = json.dumps(wrong[turn % len(wrong)])
            file.write_text(whole[: spots[i].start(1)] + text + whole[spots[i].end(1) :], "utf-8")
            c.survive(BY_NAME[name], copy)
        file.write_text(whole, "utf-8")


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _copy(path: Path, folder: Path) -> Path:
    target = folder / path.name
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copy(path, target)
    return target


def _strides(length: int, count: int) -> list[int]:
    return sorted({length * i // count for i in range(count)}) if length else []
