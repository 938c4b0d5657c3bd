"""Kept jobs: what a workspace keeps of each extraction to be able to run it again without what was taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from attest import canonical
from attest.encoding import from_time, to_time
from attest.errors import FormatError
from attest.shape import Shape, exact
from govern.errors import InputError

if TYPE_CHECKING:
    from attest.log import EventLog
    from extract.authenticity import Checks
    from extract.circumstances import Duties
    from extract.distil.backend import Backend
    from extract.identity import Identities
    from extract.job import Job, SourcePaths
    from govern.workspace import Workspace
    from policies.model import Policy

SCHEMA = "govern-job/1"
SUFFIX = ".job.json"
_KINDS = frozenset({"mail", "repo", "chat", "docs"})
_TEXT = (str, type(None))
_SHAPE: Shape = {
    "schema": str, "extraction_id": str, "subject": str, "purpose": str, "policy": str, "paths": dict,
    "recipients": list, "name": str, "operator": str, "at": str, "model_file": _TEXT, "endpoint": _TEXT,
    "model_sha256": _TEXT, "dkim_sha256": _TEXT, "custodian": str, "people": _TEXT, "replaces": _TEXT,
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class KeptJob:
    """What was asked for when an extraction ran. It holds paths and no content, and is read by its owner only.

    Attributes:
        extraction_id: The extraction.
        subject: Pseudonymous id of the person.
        purpose: What for.
        policy: SHA-256 of the adopted policy.
        paths: Absolute source paths by kind: mail, repo, chat, docs.
        recipients: Who may use the skill.
        name: Name of the skill.
        operator: Role id or pseudonym of who ran it.
        at: The moment of the run.
        model_file: Model file that was named, or None for the default.
        endpoint: Model server that was named, or None.
        model_sha256: Digest of the server's model, as the operator gave it.
        dkim_sha256: Digest of the archived snapshot of DKIM keys, or None.
        custodian: Role id of who vouched for the export files, or "".
        people: Another people file than the workspace's, or None.
        replaces: The extraction that this one takes the place of, or None.
        paraphrase: Whether the model was asked for its own words, see `extract.distil.admission`.
    """

    extraction_id: str
    subject: str
    purpose: str
    policy: str
    paths: Mapping[str, tuple[str, ...]]
    recipients: tuple[str, ...]
    name: str
    operator: str
    at: datetime
    model_file: str | None = None
    endpoint: str | None = None
    model_sha256: str | None = None
    dkim_sha256: str | None = None
    custodian: str = ""
    people: str | None = None
    replaces: str | None = None
    paraphrase: bool = False

    def __repr__(self) -> str:
        """Return the extraction only: a path may hold a name."""
        return f"KeptJob({self.extraction_id})"

    def to_bytes(self) -> bytes:
        """Return the job as it is kept: canonical JSON."""
        return canonical.dumps(
            {
                "schema": SCHEMA,
                **{name: getattr(self, name) for name in _SHAPE if name not in ("schema", "paths", "recipients", "at")},
                "paths": {kind: list(paths) for kind, paths in self.paths.items()},
                "recipients": list(self.recipients),
                "at": to_time(self.at),
                # A job that does not ask for it has the bytes that it always had.
                **({"paraphrase": True} if self.paraphrase else {}),
            }
        )


def parse(data: bytes) -> KeptJob:
    """Read a kept job.

    Raises:
        FormatError: The bytes are not what `KeptJob.to_bytes` writes.
    """
    value: dict[str, Any] = exact(canonical.loads(data), "a kept job", _SHAPE, {"paraphrase": bool})
    if value.pop("schema") != SCHEMA:
        raise FormatError("a kept job is of a version that is not known")
    if not value.get("paraphrase", True):
        raise FormatError("a kept job says what is said by leaving it away")
    paths = value.pop("paths")
    lists = (value["recipients"], *paths.values())
    if set(paths) - _KINDS or not all(isinstance(a, list) and all(isinstance(p, str) for p in a) for a in lists):
        raise FormatError("the paths or recipients of a kept job are not lists of texts")
    return KeptJob(
        paths={kind: tuple(found) for kind, found in paths.items()},
        recipients=tuple(value.pop("recipients")),
        at=from_time(value.pop("at")),
        **value,
    )


def path(workspace: Workspace, extraction_id: str) -> Path:
    """Return where the job of an extraction is kept."""
    return workspace.root / "extractions" / f"{extraction_id}{SUFFIX}"


def staged_path(workspace: Workspace, extraction_id: str) -> Path:
    """Return where the draft of a re-derived skill waits for the person's review."""
    return workspace.root / "extractions" / f"{extraction_id}.draft.skill"


def released_path(workspace: Workspace, extraction_id: str) -> Path:
    """Return where a skill is kept that was released on a page, for the person and for whoever may use it."""
    return workspace.root / "extractions" / f"{extraction_id}.skill"


def keep(workspace: Workspace, job: KeptJob) -> None:
    """Keep a job, readable by the workspace's owner only."""
    workspace.keep(path(workspace, job.extraction_id), job.to_bytes())


@contextmanager
def kept_if_sealed(workspace: Workspace, log: EventLog, job: KeptJob) -> Iterator[None]:
    """Keep a job from before its run on; forget it where the run ends without a seal."""
    keep(workspace, job)
    try:
        yield
    except BaseException:
        mark, name = b'"type":"extraction.sealed"', job.extraction_id.encode()
        if not any(mark in data and name in data for _, data in log.entries()):
            path(workspace, job.extraction_id).unlink(missing_ok=True)
        raise


def load(workspace: Workspace, extraction_id: str) -> KeptJob | None:
    """Return the job of an extraction, or None where none is kept.

    Raises:
        InputError: The file is damaged, or is that of another extraction.
    """
    try:
        job = parse(path(workspace, extraction_id).read_bytes())
    except FileNotFoundError:
        return None
    except (FormatError, OSError):
        job = None
    if job is None or job.extraction_id != extraction_id:
        raise InputError(
            f"the kept job of extraction {extraction_id} is damaged",
            "restore it from a backup, or delete it: then the skill is ended rather than made again",
        )
    return job


def each(workspace: Workspace) -> Iterator[KeptJob]:
    """Yield every kept job, oldest extraction first.

    Raises:
        InputError: A file is damaged.
    """
    folder = workspace.root / "extractions"
    for found in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []:
        # The name of a file that is being written, or whose writer was killed, starts with a dot.
        if not found.name.startswith("."):
            job = load(workspace, found.name.removesuffix(SUFFIX))
            if job is not None:
                yield job


def again(job: KeptJob, extraction_id: str, paths: SourcePaths, at: datetime) -> KeptJob:
    """Return the job of the extraction that takes another's place."""
    kept: dict[str, tuple[str, ...]] = {kind: tuple(map(str, group)) for kind, group in paths.items()}
    return replace(job, extraction_id=extraction_id, paths=kept, at=at, replaces=job.extraction_id)


def checks(workspace: Workspace, job: KeptJob) -> Checks:
    """Return what authenticity is checked with: the keys that were archived then, not those of today."""
    from extract.authenticity import Checks, load_snapshot

    archived = workspace.root / "dkim" / f"{job.dkim_sha256}.json"
    return Checks(load_snapshot(archived) if job.dkim_sha256 is not None else None, job.custodian)


def asked(
    job: KeptJob,
    policy: Policy,
    people: Identities,
    checks: Checks,
    backend: Backend,
    duties: Callable[[], Duties],
    *,
    now: datetime,
    without: frozenset[str] = frozenset(),
) -> Job:
    """Return what the pipeline is asked for.

    Args:
        job: The kept job.
        policy: Its policy.
        people: The people file.
        checks: What authenticity is checked with.
        backend: The open model.
        duties: Returns what the organisation owes.
        now: The moment of the run.
        without: Raw digests of records that the run must not see.
    """
    from consent.request import RunRequest
    from extract.job import ASKED, Job

    info = backend.info()
    request = RunRequest(
        subject=job.subject,
        purpose=job.purpose,
        sources=tuple(sorted(ASKED[kind] for kind in job.paths)),
        recipients=job.recipients,
        policy=policy.sha256,
        model_kind=cast(Any, info.get("model_kind", "in_process")),
        model_sha256=str(info["model_sha256"] or "") or job.model_sha256,
        model_address=str(info["model_address"] or "") or None,
        now=now,
    )
    paths = cast(Any, {kind: [Path(path) for path in group] for kind, group in job.paths.items()})
    return Job(
        request,
        policy,
        people,
        paths,
        checks,
        operator=job.operator,
        duties=duties,
        without=without,
        extraction_id=job.extraction_id,
        paraphrase=job.paraphrase,
    )
