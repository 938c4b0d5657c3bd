"""The model in its own process: the same answers, no network, and nothing that comes back is trusted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from extract.distil import deletion, isolated
from extract.distil.backend import Prompt, default_model, open_backend
from extract.distil.errors import BackendError
from extract.distil.isolated import IsolatedBackend
from extract.distil.llama_backend import LlamaBackend

QUOTE = "When the guest from the big hotel on the hill calls late, we always offer the next slot for free."


@pytest.fixture
def model() -> Iterator[IsolatedBackend]:
    opened = IsolatedBackend(default_model())
    yield opened
    opened.close()


def test_the_answers_are_those_of_the_model_in_this_process_to_the_last_bit(model: IsolatedBackend) -> None:
    asked, quote = Prompt("The capital of", " France is"), Prompt(deletion._FIXED, f" {QUOTE}\nShort:")
    grammar = deletion.grammar(deletion.unit_words(QUOTE))
    with LlamaBackend(default_model()) as here:
        assert model.options(asked, [" Paris", " banana"]) == here.options(asked, [" Paris", " banana"])
        assert model.score(asked, " Paris.\n") == here.score(asked, " Paris.\n")
        assert model.tokens(QUOTE) == here.tokens(QUOTE)
        written = model.generate(quote, grammar, max_tokens=12)
        assert written == here.generate(quote, grammar, max_tokens=12)
        assert len(written.logprobs) > 5
        assert model.capabilities() == here.capabilities()
        assert {k: v for k, v in model.info().items() if k != "network"} == here.info()
    assert model.info()["network"] in ("none", "shared")


def test_a_file_is_opened_in_a_process_of_its_own() -> None:
    opened = open_backend(None, None)
    assert isinstance(opened, IsolatedBackend)
    opened.close()
    opened.close()
    with pytest.raises(BackendError, match="ended"):
        opened.tokens("a")


def test_who_has_left_the_network_reaches_not_even_this_machine() -> None:
    code = (
        "import socket, sys; from extract.distil.isolated import leave_network\n"
        "before = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); before.close()\n"
        "print(leave_network())\n"
        "try: socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5).close()\n"
        "except OSError: print('nowhere to go')\n"
        "else: print('reached')"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(
            [sys.executable, "-c", code, str(server.getsockname()[1])], capture_output=True, text=True, check=True
        )
    # Where the system forbids it, that is what is told.
    assert done.stdout.split("\n")[:2] in (["none", "nowhere to go"], ["shared", "reached"])


def test_an_error_keeps_its_class_and_hint_and_the_model_goes_on(model: IsolatedBackend) -> None:
    with pytest.raises(BackendError, match="grammar"):
        model.generate(Prompt("a", "b"), "root ::= (", max_tokens=2)
    with pytest.raises(BackendError, match="longer"):
        model.score(Prompt("a", "b"), " word" * 4000)
    assert model.tokens("one two") == 2


def test_what_a_foreign_exception_says_is_not_told() -> None:
    def fail() -> None:
        raise ValueError("Maren wrote this")

    (name, message, hint) = isolated._tried(fail)["error"]
    assert (name, message, hint) == ("BackendError", "the model failed with ValueError", None)


def test_an_interrupt_at_the_terminal_is_left_to_the_caller(model: IsolatedBackend) -> None:
    os.kill(model._process.pid, signal.SIGINT)
    assert model.tokens("one two") == 2


def test_the_process_ends_when_nobody_asks_any_more(model: IsolatedBackend) -> None:
    assert model._process.stdin is not None
    model._process.stdin.close()
    assert model._process.wait(timeout=20) == 0


def test_a_process_that_crashes_is_an_error(model: IsolatedBackend) -> None:
    model._process.kill()
    model._process.wait()
    with pytest.raises(BackendError, match="ended"):
        model.options(Prompt("a", "b"), [" c"])


@pytest.mark.parametrize(
    "answer",
    ["", "no json", "[]", "7", "{}", '{"value": 1}', '{"error": []}', '{"error": 5}', "[" * 100_000, '{"value": '],
)
def test_an_answer_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(isolated, "_START", f"import sys; sys.stdout.write({answer!r})")
    with pytest.raises(BackendError):
        IsolatedBackend(default_model())


def test_an_error_that_is_unknown_is_one_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_START", """print('{"error": ["SystemExit", "no", null]}')""")
    with pytest.raises(BackendError, match="no"):
        IsolatedBackend(default_model())


def test_the_process_gets_no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVERN_PASSPHRASE", "correct horse")
    monkeypatch.setattr(
        isolated,
        "_START",
        "import json, os; print(json.dumps({'value': {'env': sorted(os.environ)}}));"
        "print(json.dumps({'value': []}))\nimport sys; sys.stdout.flush(); sys.stdin.read()",
    )
    opened = IsolatedBackend(default_model())
    opened.close()
    assert "PATH" in opened.info()["env"]  # type: ignore[operator]
    assert "GOVERN_PASSPHRASE" not in opened.info()["env"]  # type: ignore[operator]
