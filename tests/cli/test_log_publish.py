"""`govern log publish` and `govern audit log`, as a user sees them."""

from __future__ import annotations

import pytest
from office import Office, govern
from workplace import Workplace


@pytest.fixture
def office(tmp_path):
    office = Office(Workplace(tmp_path / "sources").write(), tmp_path)
    assert office.init().code == 0
    return office


def test_a_log_is_published_and_checked_by_its_key_alone(office, tmp_path):
    folder = tmp_path / "www" / "log"
    first = office.run("log", "publish", folder, "--json")
    assert first.code == 0, first.err
    size = first.json["size"]
    assert size > 0
    assert (first.json["before"], first.json["written"]) == (None, 2)
    assert "files are new" in first.err
    # Again, with nothing new.
    again = office.run("log", "publish", folder)
    assert again.code == 0
    assert again.out.startswith(f"{folder} shows {size} entries, root {first.json['root']}\n0 files are new.")
    # The auditor has the folder and the key, and no workspace.
    kept = tmp_path / "kept.checkpoint"
    kept.write_bytes((folder / "checkpoint").read_bytes())
    assert office.enroll().code == 0
    assert office.run("log", "publish", folder).code == 0
    checked = govern("audit", "log", folder, "--log-key", office.log_key, "--kept", kept, "--json")
    assert checked.code == 0, checked.err
    assert checked.json == {
        "ok": True,
        "origin": first.json["origin"],
        "size": office.run("log", "show", "--json").json["size"],
        "root": office.run("log", "show", "--json").json["root"],
        "files": 4,
        "ahead": 0,
        "kept": [size],
    }
    said = govern("audit", "log", folder, "--log-key", office.log_key)
    assert said.code == 0
    assert "4 files are what the log's key signed." in said.out
    assert "this cannot say" in said.out


def test_a_changed_file_is_named_by_both(office, tmp_path):
    folder = tmp_path / "log"
    assert office.run("log", "publish", folder).code == 0
    place = next(path for path in (folder / "tile/entries").rglob("*") if path.is_file())
    data = bytearray(place.read_bytes())
    data[40] ^= 1
    place.write_bytes(data)
    for result in (
        govern("audit", "log", folder, "--log-key", office.log_key),
        office.run("log", "publish", folder),
    ):
        assert result.code == 4
        assert result.out == ""
        assert result.err.startswith(f"error: {folder}/tile/")
        assert "differs from what the log's entries give\nhint: a published tile never changes" in result.err


def test_what_is_not_a_published_log_is_told(office, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    result = govern("audit", "log", empty, "--log-key", office.log_key)
    assert (result.code, result.err.splitlines()[0]) == (6, f"error: {empty} holds no checkpoint")
    result = govern("audit", "log", tmp_path / "none", "--log-key", office.log_key)
    assert (result.code, result.err.splitlines()[0]) == (6, f"error: {tmp_path / 'none'} is not a folder")
    result = govern("audit", "log", empty, "--log-key", office.log_key, "--kept", tmp_path / "none")
    assert (result.code, result.err.splitlines()[0]) == (6, f"error: {tmp_path / 'none'} cannot be read")
    assert office.run("log", "publish", office.log_key).code == 2
    result = office.run("log", "publish", office.log_key / "below")
    assert result.code == 1
    assert f"{office.log_key / 'below'} cannot be written: " in result.err
