"""An operator who signs nonsense with the right key gets failed checks, never a crash of the verifier."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from attest_world import LOG_KEY, Story, tell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attest import canonical, dsse, evidence, statement
from attest.keys import key_id
from govern.errors import GovernError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**53 - 1) | st.text(max_size=5) | st.just("0" * 64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abi"), inner, max_size=3),
    max_leaves=5,
)
SEAL = ["extraction_id", "subject", "purpose", "manifest_index", "root", "size", "counts", "steps", "consent_index",
        "policy"]  # fmt: skip
RECORD = ["event", "event_time", "validity", "subject", "choices", "policy"]
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            told = tell(Path(folder) / "log.sqlite", story)
        except GovernError:
            return  # refused while it was being made: no such entry gets into a log
        assert told.verify().checks[20].status == "info"


@SLOW
@given(st.dictionaries(st.sampled_from(SEAL), JSON, min_size=1, max_size=2))
def test_any_seal(body):
    outcome(Story(seal_body=body))


@SLOW
@given(st.dictionaries(st.sampled_from(RECORD), JSON, min_size=1, max_size=2))
def test_any_consent_record(record):
    outcome(Story(record=record))


@SLOW
@given(st.dictionaries(st.sampled_from(["pid", "record_sha256", "envelope", "more"]), JSON, min_size=1, max_size=2))
def test_any_consent_entry(body):
    outcome(Story(consent_body=body))


@SLOW
@given(st.dictionaries(st.sampled_from(["skill", "files", "review", "at", "expires", "schema"]), JSON, min_size=1))
def test_any_release_by_the_subject(says):
    outcome(Story(release_says=says))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return tell(tmp_path_factory.mktemp("fuzz") / "log.sqlite")


def payload(told) -> dict:
    public = {key_id(LOG_KEY): LOG_KEY.public_key().public_bytes_raw()}
    return canonical.loads(dsse.open_envelope(told.files[evidence.STATEMENT], public, statement.PAYLOAD_TYPE).payload)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_statement_signed_by_the_log(told, data):
    value = payload(told)
    where = value
    # Go down at random and put anything there.
    while True:
        key = data.draw(st.sampled_from(sorted(where)) if isinstance(where, dict) else st.integers(0, len(where) - 1))
        below = where[key]
        if not isinstance(below, dict | list) or not below or data.draw(st.booleans()):
            break
        where = below
    new = data.draw(JSON)
    changed = new != where[key] or type(new) is not type(where[key])
    where[key] = new
    signed = dsse.sign(statement.PAYLOAD_TYPE, canonical.dumps(value), [(key_id(LOG_KEY), LOG_KEY)])
    report = told.with_file(evidence.STATEMENT, signed).verify()
    # Its digest is in the log: whatever was changed, the release does not name it.
    assert report.ok != changed


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_content_of_any_file(told, data):
    name = data.draw(st.sampled_from(sorted(told.files)))
    content = data.draw(st.binary(max_size=60) | JSON.map(canonical.dumps))
    report = told.with_file(name, content).verify()
    assert not report.ok
    assert report.checks[0].status in ("pass", "fail")
