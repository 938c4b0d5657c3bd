"""A time-stamp over the log's head, asked for and brought back in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from office import Result
from office import govern as run
from timestamp_authority import Authority, authority

from attest import timestamp

pytestmark = pytest.mark.skipif(not timestamp.available(), reason="the extra timestamp is not installed")


def govern(place: Path, *arguments: object) -> Result:
    return run("--json", *arguments, workspace=place / "ws")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    assert govern(tmp_path, "init", "--organisation", "Example", "--domain", "example.com").code == 0
    return tmp_path


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa") / "one")


def ask(place: Path, tsa: Authority) -> Path:
    """Write a request and have it answered."""
    query, answer = place / "head.tsq", place / "head.tsr"
    assert govern(place, "log", "timestamp", "request", "-o", query).code == 0
    answer.write_bytes(tsa.answer(query.read_bytes()))
    return answer


def test_a_time_stamp_is_kept_by_the_size_of_its_checkpoint(place: Path, tsa: Authority) -> None:
    answer = ask(place, tsa)
    # The log goes on before the answer comes back.
    assert govern(place, "policy", "list").code == 0
    result = govern(place, "log", "timestamp", "add", answer, "--root", tsa.folder / "ca.pem")
    assert result.code == 0, result.err
    told = result.json
    kept = place / "ws" / "timestamps" / f"{told['size']}.tsr"
    assert kept.read_bytes() == answer.read_bytes()
    note = govern(place, "log", "checkpoint").json["checkpoint"].encode()
    assert timestamp.verify(kept.read_bytes(), note, [tsa.root]).isoformat().replace("+00:00", "Z") == told["at"]


def test_the_first_time_stamp_of_a_checkpoint_stays(place: Path, tsa: Authority) -> None:
    answer = ask(place, tsa)
    arguments = ("log", "timestamp", "add", answer, "--root", tsa.folder / "ca.pem")
    assert govern(place, *arguments).code == 0
    again = govern(place, *arguments)
    assert again.code == 2
    assert "has a time-stamp" in again.err


def test_a_time_stamp_over_something_else_is_refused(place: Path, tsa: Authority) -> None:
    answer = place / "other.tsr"
    answer.write_bytes(tsa.stamp(b"something else\n"))
    assert govern(place, "log", "timestamp", "add", answer, "--root", tsa.folder / "ca.pem").code == 6
    assert not (place / "ws" / "timestamps").exists()


def test_a_time_stamp_of_an_authority_that_is_not_trusted_is_refused(place: Path, tsa: Authority) -> None:
    answer = ask(place, tsa)
    other = authority(place / "other")
    assert govern(place, "log", "timestamp", "add", answer, "--root", other.folder / "ca.pem").code == 4
    assert not (place / "ws" / "timestamps").exists()


def test_without_the_package_it_says_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "PACKAGE", "rfc3161_client_that_is_not_there")
    result = govern(place, "log", "timestamp", "request", "-o", place / "head.tsq")
    assert result.code == 2
    assert "rfc3161-client" in result.err
    assert not (place / "head.tsq").exists()
