"""The signed statement of a skill: in-toto Statement v1 and the predicate that this project defines.

Written directly as JSON: the protobuf package for in-toto turns integers into floats, which canonical JSON refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attest import canonical
from attest.disposition import AUTHENTICITY, check_counts
from attest.encoding import from_time, is_digest
from attest.errors import FormatError
from attest.shape import COUNT, DIGEST, counts, exact

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://govern-toolkit.example/skill/v1"
RELEASE_TYPE = "application/vnd.govern.release+json"
RELEASE_SCHEMA = "govern-release/1"
RESPONSES = frozenset({"confirm", "contest", "correct"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed statement.

    Attributes:
        subjects: SHA-256 in hexadecimal by file name, relative to the skill's folder.
        predicate: What is said about them; its shape is checked.
    """

    subjects: Mapping[str, str]
    predicate: Mapping[str, Any]


def statement(subjects: Mapping[str, bytes], predicate: Mapping[str, Any]) -> bytes:
    """Write a statement about files.

    Args:
        subjects: Content by file name.
        predicate: See `docs/attestation.md`.

    Raises:
        FormatError: The predicate is not in shape.
    """
    value = dict(predicate)
    _check_predicate(value)
    return canonical.dumps(
        {
            "_type": STATEMENT_TYPE,
            "predicateType": PREDICATE_TYPE,
            "predicate": value,
            "subject": [
                {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
                for name, data in sorted(subjects.items())
            ],
        }
    )


def parse(data: bytes) -> Statement:
    """Read a statement.

    Raises:
        FormatError: The bytes are not what `statement` writes.
    """
    shape = {"_type": str, "predicateType": str, "predicate": dict, "subject": list}
    value = exact(canonical.loads(data), "a statement", shape)
    if value["_type"] != STATEMENT_TYPE or value["predicateType"] != PREDICATE_TYPE:
        raise FormatError("a statement is of another type")
    subjects: dict[str, str] = {}
    for item in value["subject"]:
        exact(item, "a subject of the statement", {"name": str, "digest": dict})
        subjects[item["name"]] = exact(item["digest"], "a digest of the statement", {"sha256": DIGEST})["sha256"]
    names = [item["name"] for item in value["subject"]]
    if not names or names != sorted(set(names)):
        raise FormatError("the subjects of a statement are not sorted, each once")
    _check_predicate(value["predicate"])
    return Statement(subjects, value["predicate"])


def _check_predicate(value: dict[str, Any]) -> None:
    exact(
        value,
        "the predicate",
        {
            "extraction_id": str,
            "subject": str,
            "purpose": str,
            "policy": dict,
            "model": dict,
            "redactor": dict,
            "manifest": dict,
            "seal": dict,
            "dispositions": dict,
            "consents": list,
            "subject_key": dict,
            "release": dict,
            "expires": str,
            "log_origin": str,
            "authenticity": dict,
            "responses": list,
            "packed_with": dict,
        },
    )
    exact(value["policy"], "the policy", {"id": str, "version": (int, str), "sha256": DIGEST})
    exact(value["packed_with"], "packed_with", {"zlib": str})
    exact(value["manifest"], "the manifest", {"index": COUNT, "root": DIGEST, "size": COUNT})
    exact(value["seal"], "the seal", {"index": COUNT})
    exact(value["dispositions"], "the dispositions", {"root": DIGEST, "size": COUNT, "counts": dict})
    check_counts(value["dispositions"]["counts"], "the counts")
    for item in value["consents"]:
        exact(item, "a consent", {"index": COUNT, "record_sha256": DIGEST})
    indexes = [item["index"] for item in value["consents"]]
    if not indexes or indexes != sorted(set(indexes)):
        raise FormatError("there is no consent, or the consents are not sorted by index")
    exact(value["subject_key"], "the subject's key", {"key_id": str, "index": COUNT})
    exact(value["release"], "the release", {"sha256": DIGEST})
    from_time(value["expires"])
    if not counts(value["authenticity"], "the authenticity levels").keys() <= set(AUTHENTICITY):
        raise FormatError("an authenticity level is not known")
    for item in value["responses"]:
        if exact(item, "a response", {"index": COUNT, "response": str})["response"] not in RESPONSES:
            raise FormatError("a response is not known")


def release(
    *,
    extraction_id: str,
    skill: str,
    files: Mapping[str, bytes],
    review: Mapping[str, int],
    at: str,
    expires: str,
) -> bytes:
    """Write what the subject signs to release a skill: the digest of every file outside `attestation/`.

    Args:
        extraction_id: Which extraction it comes from.
        skill: Name of the skill.
        files: Content by file name.
        review: Number of claims `accepted`, `corrected` and `struck`.
        at: Time of the review.
        expires: When the skill stops working.

    Raises:
        FormatError: A part is not in shape.
    """
    data = canonical.dumps(
        {
            "schema": RELEASE_SCHEMA,
            "extraction_id": extraction_id,
            "skill": skill,
            "files": [
                {"name": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in sorted(files.items())
            ],
            "review": dict(review),
            "at": at,
            "expires": expires,
        }
    )
    parse_release(data)
    return data


def parse_release(data: bytes) -> dict[str, Any]:
    """Read what the subject signed.

    Raises:
        FormatError: The bytes are not what `release` writes.
    """
    shape = {
        "schema": str,
        "extraction_id": str,
        "skill": str,
        "files": list,
        "review": dict,
        "at": str,
        "expires": str,
    }
    value = exact(canonical.loads(data), "the release", shape)
    if value["schema"] != RELEASE_SCHEMA:
        raise FormatError("the release is of a version that is not known")
    exact(value["review"], "the review", dict.fromkeys(("accepted", "corrected", "struck"), COUNT))
    names = []
    for item in value["files"]:
        exact(item, "a file of the release", {"name": str, "sha256": str})
        if not is_digest(item["sha256"]):
            raise FormatError("a file of the release has no digest")
        names.append(item["name"])
    if not names or names != sorted(set(names)):
        raise FormatError("the files of the release are not sorted, each once")
    from_time(value["at"])
    from_time(value["expires"])
    return value
