"""Workers of dask: the same parts, killed workers, what may be connected to, nothing in the clear."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from execution_steps import WORD, Toy, items, lines, partitions

from extract.execution.api import Piece
from extract.execution.driver import run
from extract.execution.errors import ExecutionError, WorkersError
from extract.execution.opening import Certificates, open_executor
from extract.execution.parts import MemoryParts, SealedParts
from extract.execution.serial import SerialExecutor
from govern.errors import UsageError

distributed = pytest.importorskip("distributed")

from extract.execution import dask as workers_of_dask  # noqa: E402

SECRET = b"sixteen or more bytes"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def cluster(scratch: Path) -> Iterator[workers_of_dask.DaskExecutor]:
    """Two worker processes; each test of them costs seconds, so all share them."""
    import dask

    with dask.config.set({"temporary-directory": str(scratch)}):
        executor = workers_of_dask.local(2)
        yield executor
        executor.close()


@pytest.fixture
def side(tmp_path: Path) -> Path:
    (tmp_path / "side").mkdir()
    return tmp_path / "side"


def _in_the_clear(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and _tells(path)]


def _tells(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        # A temporary file that a worker has renamed since: looked at under its new name.
        return False
    return any(word in data for word in (WORD.encode(), WORD.upper().encode(), SECRET))


def test_workers_of_dask_make_what_one_process_makes_byte_for_byte_and_nothing_lies_in_the_clear(
    cluster: workers_of_dask.DaskExecutor, scratch: Path, side: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = MemoryParts()
    parts = SealedParts(tmp_path / "parts", SECRET)
    step = Toy(side, raising=(items(95)[33],))
    expected = list(run(SerialExecutor(), step, partitions(95), alone))
    seen: list[Path] = []

    def look(_: int) -> None:
        seen.extend(_in_the_clear(scratch, tmp_path))

    pieces = list(run(cluster, step, partitions(95), parts, look))
    assert pieces == expected
    for piece in pieces:
        if piece.key:
            assert parts.read(piece.key, "body") == alone.read(piece.key, "body")
    assert len(step.pids()) > 1  # this process and at least one worker
    assert seen + _in_the_clear(scratch, tmp_path) == []
    logged = caplog.text + repr(cluster._client.get_worker_logs()) + repr(cluster._client.get_scheduler_logs())
    assert WORD not in logged
    assert SECRET.decode() not in logged


def test_what_the_step_says_of_the_run_comes_back(cluster: workers_of_dask.DaskExecutor, side: Path) -> None:
    step = Toy(side, stopping=(items(30)[12],))
    with pytest.raises(ExecutionError, match="there is no model"):
        list(run(cluster, step, partitions(30), SealedParts(side / "parts", SECRET)))
    # It is of use afterwards: nothing of the run before comes back in this one.
    pieces = list(run(cluster, Toy(side), partitions(30), SealedParts(side / "parts", SECRET)))
    assert [(p.partition, p.count) for p in pieces] == [(0, 10), (1, 10), (2, 10)]


def test_a_killed_worker_costs_no_row_and_an_item_that_kills_them_all_is_left_out(
    scratch: Path, side: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    monkeypatch.setattr(workers_of_dask, "_PATIENCE", 20.0)
    parts = SealedParts(tmp_path / "parts", SECRET)
    deadly = items(30)[29]
    step = Toy(side, once=(items(30)[3],), deadly=(deadly,))
    coming = [*partitions(28), items(30)[28:]]

    def drive() -> list[Piece] | None:
        with dask.config.set({"temporary-directory": str(scratch)}):
            executor = workers_of_dask.local(2)
            try:
                return list(run(executor, step, coming, parts))
            except WorkersError:
                return None
            finally:
                executor.close()

    # dask does not replace each worker that dies, above all on a busy machine: then the same command goes on.
    pieces = drive() or drive() or drive() or drive()
    assert pieces is not None
    assert [p for p in pieces if not p.key] == [Piece(3, 1, 1, "")]
    assert list(lines(pieces, parts)) == [item.upper() for item in items(29)]
    assert len(step.made()) == 4
    # What a dead worker leaves is a temporary file, never half a part.
    parts.close()
    assert {p.suffix for p in (tmp_path / "parts").iterdir()} == {".body", ".meta", ".-"}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://192.0.2.7:8786", "in the clear"),
        ("192.0.2.7:8786", "in the clear"),
        ("tcp://scheduler.example:8786", "in the clear"),
        ("tcp://127.0.0.1.example:8786", "in the clear"),
        ("tls://scheduler.example:8786", "needs certificates"),
        ("ws://127.0.0.1:8786", "no address"),
        ("inproc://127.0.0.1:1", "no address"),
        ("tcp://127.0.0.1", "no address"),
        ("tcp://[::1", "no address"),
        ("", "no address"),
    ],
)
def test_a_connection_that_would_not_be_safe_is_refused(address: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        open_executor(scheduler=address)
    assert raised.value.hint


def test_certificates_that_would_not_be_used_are_told(tmp_path: Path) -> None:
    files = Certificates(tmp_path / "ca", tmp_path / "cert", tmp_path / "key")
    with pytest.raises(UsageError, match="would not be used"):
        open_executor(scheduler="tcp://127.0.0.1:8786", tls=files)


def test_certificates_that_are_none_are_told(tmp_path: Path) -> None:
    files = Certificates(tmp_path / "ca", tmp_path / "cert", tmp_path / "key")
    for path in files:
        path.write_text("no certificate")
    with pytest.raises(WorkersError, match="certificates cannot be used"):
        open_executor(scheduler="tls://127.0.0.1:8786", tls=files)


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_of_dask, "_ANSWER", 0.3)
    with pytest.raises(WorkersError, match="does not answer"):
        # Port 1 has no listener on a machine that is not strange.
        open_executor(scheduler="tcp://127.0.0.1:1")


def test_the_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WorkersError) as raised:
        open_executor(scheduler="tcp://127.0.0.1:8786")
    assert raised.value.hint == "pip install 'govern-toolkit[scale]'"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority and one certificate of it, for all three roles."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    now = datetime.datetime.now(datetime.UTC)
    signer, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority.example")])

    def certificate(name: x509.Name, public: ec.EllipticCurvePublicKey, is_authority: bool) -> bytes:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(signer, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    files = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    files.authority.write_bytes(certificate(authority, signer.public_key(), True))
    node = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "node.example")])
    files.certificate.write_bytes(certificate(node, key.public_key(), False))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _with_tls(files: Certificates, workers: int = 1, settings: Mapping[str, object] = {}) -> Any:
    """A scheduler with TLS and its workers, in this process."""
    import dask

    authority, certificate, key = map(str, files)
    security = distributed.Security(
        tls_ca_file=authority,
        tls_scheduler_cert=certificate,
        tls_scheduler_key=key,
        tls_worker_cert=certificate,
        tls_worker_key=key,
        tls_client_cert=certificate,
        tls_client_key=key,
        require_encryption=True,
    )
    with dask.config.set({**workers_of_dask.SETTINGS, **settings}):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            protocol="tls://",
            host="127.0.0.1",
            security=security,
            dashboard_address="127.0.0.1:0",
        )


def test_a_scheduler_with_tls_and_certificates_does_the_work(
    certificates: Certificates, side: Path, tmp_path: Path
) -> None:
    cluster = _with_tls(certificates)
    try:
        executor = open_executor(scheduler=cluster.scheduler_address, tls=certificates)
        assert cluster.scheduler_address.startswith("tls://")
        parts = SealedParts(tmp_path / "parts", SECRET)
        pieces = list(run(executor, Toy(side), partitions(30), parts))
        assert list(lines(pieces, parts)) == [item.upper() for item in items(30)]
        executor.close()
    finally:
        cluster.close()


def test_workers_that_might_write_to_their_disk_get_no_item(
    certificates: Certificates, side: Path, tmp_path: Path
) -> None:
    cluster = _with_tls(certificates, settings={"distributed.worker.memory.spill": 0.7})
    try:
        executor = open_executor(scheduler=cluster.scheduler_address, tls=certificates)
        with pytest.raises(ExecutionError, match="in the clear"):
            list(run(executor, Toy(side), partitions(30), SealedParts(tmp_path / "parts", SECRET)))
        executor.close()
    finally:
        cluster.close()
    assert Toy(side).made() == []


# The connection that dask tries again while the scheduler goes away is left to the garbage collector, by dask.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_scheduler_without_workers_or_that_goes_away_ends_the_run(
    certificates: Certificates, side: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_of_dask, "_PATIENCE", 0.5)
    monkeypatch.setattr(workers_of_dask, "_LOOK", 0.1)
    cluster = _with_tls(certificates, workers=0)
    executor = open_executor(scheduler=cluster.scheduler_address, tls=certificates)
    parts = SealedParts(tmp_path / "parts", SECRET)
    try:
        with pytest.raises(WorkersError, match="no workers") as raised:
            list(run(executor, Toy(side), partitions(30), parts))
        assert "same command again" in (raised.value.hint or "")
    finally:
        cluster.close()
    with pytest.raises(WorkersError):
        list(run(executor, Toy(side), partitions(30), parts))
    executor.close()
