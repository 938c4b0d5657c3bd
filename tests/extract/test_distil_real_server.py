"""A real model server, that of llama-cpp-python on the loopback, beside the same model in process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from distil_fakes import FakeBackend

from extract.distil import deletion, kinds
from extract.distil.backend import default_model
from extract.distil.http_backend import HttpBackend
from extract.distil.llama_backend import LlamaBackend

SENTENCES = (
    "Never merge on a Friday afternoon unless the release manager is on call.",
    "Before you cut a release, please always run the smoke tests on the staging cluster.",
    "The current price list is in the folder Rates on the shared drive.",
)
_SECONDS = 120


@pytest.fixture(scope="module")
def served() -> Iterator[HttpBackend]:
    """The default model behind the server program that llama-cpp-python brings."""
    for package in ("uvicorn", "fastapi", "sse_starlette", "starlette_context", "pydantic_settings"):
        pytest.importorskip(package, reason="the server of llama-cpp-python needs it; `make setup` installs it")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"model": default_model(), "host": "127.0.0.1", "port": port, "logits_all": "true", "n_ctx": 2048,
               "n_threads": 1, "verbose": "false"}  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", *words],
        env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield _connected(process, port)
        finally:
            process.terminate()


def _connected(process: subprocess.Popen[bytes], port: int) -> HttpBackend:
    for _ in range(10 * _SECONDS):
        assert process.poll() is None, "the server ended before it answered"
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return HttpBackend(f"http://127.0.0.1:{port}")
        time.sleep(0.1)
    pytest.fail("the server does not answer")


@pytest.fixture(scope="module")
def here() -> Iterator[LlamaBackend]:
    """The same model in this process."""
    with closing(LlamaBackend(default_model())) as backend:
        yield backend


def test_what_it_is_told_and_what_it_cannot_prove(served: HttpBackend) -> None:
    info = served.info()
    assert str(info["model_address"]).startswith("127.0.0.1:")
    # A server cannot prove which model it runs, so no digest is taken from it.
    assert not info["model_sha256"]
    assert "score" not in served.capabilities()
    assert {"options", "generate"} <= served.capabilities()


def test_it_takes_the_same_words_out_as_the_model_in_process(served: HttpBackend, here: LlamaBackend) -> None:
    for sentence in SENTENCES[:2]:
        there, at_home = (deletion.rewrite(sentence, backend) for backend in (served, here))
        assert there.statement == at_home.statement
        assert there.mode == at_home.mode


def test_it_weighs_the_labels_as_the_model_in_process_does(served: HttpBackend, here: LlamaBackend) -> None:
    labels = [kinds.LABELS[kind] for kind in kinds.KINDS]
    asked = FakeBackend()
    kinds.distributions(SENTENCES, [dict.fromkeys(kinds.KINDS, 0.2)] * len(SENTENCES), asked)
    for prompt in asked.prompts[: len(SENTENCES)]:
        there, at_home = (backend.options(prompt, labels) for backend in (served, here))
        told = [(a, b) for a, b in zip(there, at_home, strict=True) if b > -6]
        assert len(told) >= 2
        # What is not among the alternatives that a server tells counts as less likely than the last of them.
        assert all(abs(a - b) < 0.3 for a, b in told)
