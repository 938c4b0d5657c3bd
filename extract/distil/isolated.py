"""Runs the model in a process of its own that has left the network, where the system allows it.

A GGUF file is a foreign file that a C library parses. In a process without a network it has nowhere to send what it
reads, and if it crashes, the run ends with an error rather than with the program. Linux lets a process leave its
network namespace (unshare(2)); elsewhere, or where that is forbidden, `info` says `network: shared` and all else is
the same. Files can still be read: this is no sandbox.

Both ends speak lines of JSON, because what comes back is not trusted: floats keep all their digits, and nothing in it
is ever run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from extract.distil import errors
from extract.distil.backend import Generation, Prompt, Score
from extract.distil.errors import BackendError
from govern.errors import GovernError, ModelMissingError

if TYPE_CHECKING:
    from extract.distil.backend import Backend

T = TypeVar("T")
#: Bytes of one answer at most.
_LONGEST = 4_000_000
#: sched.h of Linux.
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from extract.distil.isolated import serve; serve()"
_ERRORS: dict[str, type[GovernError]] = {
    error.__name__: error
    for error in (ModelMissingError, errors.LibraryError, errors.ModelFileError, errors.BackendError)
}


class IsolatedBackend:
    """A GGUF model in a process without network."""

    def __init__(self, path: Path) -> None:
        """Start the process and load the model there.

        Raises:
            ModelMissingError: If there is no such file, or no library to run it.
            ModelFileError: If it is not a GGUF model, or damaged.
            BackendError: If the process ends, as it does where the library crashes over a file.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps(sys.path), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What a crashing library prints may hold text.
            stderr=subprocess.DEVNULL,
            # Passphrases are nothing for it.
            env={name: value for name, value in os.environ.items() if not name.startswith("GOVERN_")},
        )
        try:
            self._info: dict[str, str | int] = self._answer(dict)
            self._capabilities = self._ask(frozenset, "capabilities")
        except BaseException:
            self.close()
            raise

    def info(self) -> dict[str, str | int]:
        """Return what the model tells of itself, and `network`: `none`, or `shared` where it could not be left."""
        return dict(self._info)

    def capabilities(self) -> frozenset[str]:
        """Return what the model in the process can do."""
        return self._capabilities

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        """Return the log-probability of each choice after the prompt."""
        return self._ask(lambda found: [float(value) for value in found], "options", *prefix, list(choices))

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        """Return the continuation of highest probability that the grammar allows."""
        return self._ask(
            lambda found: Generation(str(found[0]), tuple(map(float, found[1]))),
            *("generate", *prompt, grammar, max_tokens, stop),
        )

    def score(self, prefix: Prompt, text: str) -> Score:
        """Return how likely the model takes a text to be behind the prompt."""
        return self._ask(lambda found: Score(float(found[0]), int(found[1])), "score", *prefix, text)

    def tokens(self, text: str) -> int:
        """Return how many tokens a text has."""
        return self._ask(int, "tokens", text)

    def close(self) -> None:
        """End the process; it has nothing that could be lost. Calling it twice does no harm."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                _there(pipe).close()

    def _ask(self, read: Callable[[Any], T], *question: Any) -> T:
        try:
            _write(_there(self._process.stdin), question)
        except (OSError, ValueError):
            raise BackendError("the model's process has ended") from None
        return self._answer(read)

    def _answer(self, read: Callable[[Any], T]) -> T:
        line = _there(self._process.stdout).readline(_LONGEST)
        if not line:
            raise BackendError("the model's process has ended", "the model may be damaged, or memory too small")
        try:
            answer = json.loads(line)
            if "error" not in answer:
                return read(answer["value"])
            name, message, hint = answer["error"]
        except (ValueError, TypeError, LookupError, RecursionError):
            raise BackendError("the model's process gave an answer that is none") from None
        raise _ERRORS.get(name, BackendError)(message, hint)


def leave_network() -> str:
    """Leave the network for good, with all that this process will ever start.

    Returns:
        `none`, or `shared` if the system does not allow it. Works only while the process has one thread.
    """
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError, TypeError):
        return "shared"
    # As root the first is enough; for anybody else a namespace of users has to come with it.
    if all(unshare(flags) != 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET)):
        return "shared"
    # A new namespace has a loopback interface of its own, which is down.
    return "none" if [name for _, name in socket.if_nameindex()] == ["lo"] else "shared"


def serve() -> None:
    """Answer the questions that come on standard input, until it ends: the process's whole life."""
    # An interrupt at the terminal goes to both processes; the other one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Before anything is imported that starts threads.
    network = leave_network()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from extract.distil.llama_backend import LlamaBackend

    backend: Backend | None = None

    def load() -> dict[str, str | int]:
        nonlocal backend
        backend = LlamaBackend(Path(sys.argv[2]))
        return {**backend.info(), "network": network}

    _write(out, _tried(load))
    if backend is not None:
        for line in sys.stdin.buffer:
            name, *given = json.loads(line)
            _write(out, _tried(partial(_ask, backend, name, given)))


def _ask(backend: Backend, name: str, given: list[Any]) -> Any:
    """Put one question to the model and return the answer as JSON has it."""
    if name == "capabilities":
        return sorted(backend.capabilities())
    if name == "tokens":
        return backend.tokens(given[0])
    prompt, rest = Prompt(*given[:2]), given[2:]
    if name == "options":
        return backend.options(prompt, rest[0])
    if name == "score":
        scored = backend.score(prompt, rest[0])
        return [scored.logprob, scored.tokens]
    written = backend.generate(prompt, rest[0], max_tokens=rest[1], stop=rest[2])
    return [written.text, written.logprobs]


def _tried(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"value": call()}
    except GovernError as error:
        return {"error": [type(error).__name__, error.message, error.hint]}
    except Exception as error:
        # The message of a foreign exception may carry text of the data: only its type is told.
        return {"error": ["BackendError", f"the model failed with {type(error).__name__}", None]}


def _write(pipe: IO[bytes], value: Any) -> None:
    pipe.write(json.dumps(value).encode() + b"\n")
    pipe.flush()


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise BackendError("the model's process has no pipe")
    return pipe
