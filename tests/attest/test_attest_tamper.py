"""No single byte of a skill can be changed without a check that fails, or the container being refused."""

from __future__ import annotations

import itertools

import pytest
from attest_world import NOW, POLICY, Story, tell

from attest import container
from attest.errors import ContainerError
from attest.verify import verify_skill


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    # VERIFY.md is covered by its digest like any other file; a short one keeps the exhaustive test short.
    story = Story(verify_text=b"How to check this skill.\n", extra_events=0)
    return tell(tmp_path_factory.mktemp("tamper") / "log.sqlite", story)


def flipped(data: bytes, place: int, mask: int) -> bytes:
    bad = bytearray(data)
    bad[place] ^= mask
    return bytes(bad)


def test_a_flipped_byte_in_any_file_fails_a_check(told):
    """Every byte of every file, those of `attestation/` included, with a bit that moves from place to place."""
    assert not told.notices(told.files)
    unnoticed = [
        (name, place)
        for name, data in told.files.items()
        for place in range(len(data))
        if not told.notices({**told.files, name: flipped(data, place, 1 << place % 8)})
    ]
    assert unnoticed == []


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_a_flipped_byte_survives_no_repacking(told, mask):
    """The same, all the way through a container that was packed again in due form."""
    offset = mask % 13
    for name, data in told.files.items():
        for place in range(offset % len(data), len(data), 97):
            bad = told.with_file(name, flipped(data, place, mask)).data()
            assert container.is_canonical(bad)
            report = verify_skill(bad, told.vkey, now=NOW, policy_sha256=POLICY)
            assert report.checks[0].status == "pass" or "statement" in name
            assert not report.ok, (name, place)


def test_a_flipped_byte_of_the_file_itself_is_refused_or_fails(told):
    data = told.data()
    assert verify_skill(data, told.vkey, now=NOW).ok
    refused = failed = 0
    for place in range(0, len(data), 3):
        try:
            report = verify_skill(flipped(data, place, 1 << place % 8), told.vkey, now=NOW)
        except ContainerError:
            refused += 1
            continue
        assert not report.ok, place
        failed += 1
    assert refused > 1000
    assert refused + failed == -(-len(data) // 3)


def test_a_byte_added_to_or_taken_from_any_file_fails_a_check(told):
    for name, data in told.files.items():
        for bad in (data + b"\n", data + b" ", b" " + data, data[:-1], data[1:], data + data, b""):
            assert not told.verify_files({**told.files, name: bad}).ok, name


def test_two_files_that_change_places_fail_a_check(told):
    names = sorted(told.files)
    for first, second in itertools.pairwise(names):
        swapped = {**told.files, first: told.files[second], second: told.files[first]}
        assert not told.verify_files(swapped).ok, (first, second)
