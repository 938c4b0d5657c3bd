"""Loads llama.cpp's library in silence and holds it to what is used of it.

The low-level interface is that of a C library whose structures change from release to release. A field that stands in
another place than the binding says is no error in C, but another number: so versions, names and fields are checked
before a model is loaded, and what was set is read back through the library's own functions afterwards.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from extract.distil.errors import LibraryError

_HINT = "install llama-cpp-python 0.3, from 0.3.36 on: `make setup`"
_FIRST = 36
FUNCTIONS = (
    "llama_backend_init",
    "llama_batch_free",
    "llama_batch_get_one",
    "llama_batch_init",
    "llama_context_default_params",
    "llama_decode",
    "llama_free",
    "llama_get_logits_ith",
    "llama_get_memory",
    "llama_init_from_model",
    "llama_log_callback",
    "llama_log_set",
    "llama_memory_clear",
    "llama_memory_seq_rm",
    "llama_model_default_params",
    "llama_model_free",
    "llama_model_get_vocab",
    "llama_model_load_from_file",
    "llama_n_batch",
    "llama_n_ctx",
    "llama_n_threads",
    "llama_n_ubatch",
    "llama_sampler_accept",
    "llama_sampler_apply",
    "llama_sampler_free",
    "llama_sampler_init_grammar",
    "llama_token",
    "llama_token_to_piece",
    "llama_tokenize",
    "llama_vocab_is_eog",
    "llama_vocab_n_tokens",
)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "llama_batch": ("n_tokens", "token", "pos", "n_seq_id", "seq_id", "logits"),
    "llama_context_params": ("n_ctx", "n_batch", "n_ubatch", "n_threads", "n_threads_batch"),
    "llama_model_params": ("n_gpu_layers",),
    "llama_token_data": ("id", "logit", "p"),
    "llama_token_data_array": ("data", "size", "selected", "sorted"),
}

_quiet: Any = None


def load() -> Any:
    """Import llama.cpp with its log switched off and idle workers asleep.

    Raises:
        LibraryError: If it is not installed, cannot be loaded, or is not the one that this code was written for.
    """
    global _quiet
    # Read by OpenMP when the library is loaded; otherwise waiting workers spin and starve a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        installed = version("llama-cpp-python")
        from llama_cpp import llama_cpp as lib
    except PackageNotFoundError:
        raise LibraryError("the library that runs language models is not installed", _HINT) from None
    except (ImportError, OSError, RuntimeError, AttributeError):
        # The binding looks its functions up while it is imported: one that is not there is an AttributeError.
        raise LibraryError("the library that runs language models cannot be loaded", _HINT) from None
    check(lib, installed)
    if _quiet is None:

        @lib.llama_log_callback  # type: ignore[untyped-decorator]
        def drop(_level: int, _text: bytes, _data: object) -> None:
            return

        _quiet = drop
        lib.llama_log_set(_quiet, ctypes.c_void_p(0))
        lib.llama_backend_init()
    return lib


def check(lib: Any, installed: str) -> None:
    """Check the version, and that every function and field that is used is there.

    Args:
        lib: The module `llama_cpp.llama_cpp`.
        installed: Version of the package `llama-cpp-python`.

    Raises:
        LibraryError: If it is another version, or something is missing.
    """
    known = re.match(r"0\.3\.([0-9]+)", installed)
    if known is None or int(known[1]) < _FIRST:
        raise LibraryError("the library that runs language models has a version that was never tried", _HINT)
    missing = [name for name in FUNCTIONS if not callable(getattr(lib, name, None))]
    for name, fields in FIELDS.items():
        there = {field[0] for field in getattr(getattr(lib, name, None), "_fields_", ())}
        missing += [f"{name}.{field}" for field in fields if field not in there]
    if missing:
        raise LibraryError(f"the library that runs language models lacks {', '.join(missing[:3])}", _HINT)


def check_context(lib: Any, context: Any, *, n_ctx: int, n_batch: int, n_threads: int) -> None:
    """Check that a context has what it was asked for: fields that stand in other places give other numbers.

    Raises:
        LibraryError: If a number differs.
    """
    told = {
        "n_ctx": (lib.llama_n_ctx(context), n_ctx),
        "n_batch": (lib.llama_n_batch(context), n_batch),
        "n_ubatch": (lib.llama_n_ubatch(context), n_batch),
        "n_threads": (lib.llama_n_threads(context), n_threads),
    }
    for name, (is_, wanted) in told.items():
        if int(is_) != wanted:
            raise LibraryError(f"the library that runs language models took {name} for another setting", _HINT)
