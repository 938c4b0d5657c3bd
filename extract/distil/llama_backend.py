"""Runs a GGUF model in this process through llama.cpp: one thread, temperature 0, no output of its own.

The low-level interface is used because it does just what is needed: the chat template in the file is never looked
at, only those logits are computed that are asked for, and the cache is cut back to the same place before every record.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.distil import llama_library
from extract.distil.backend import Generation, Prompt, Score, model_sha256
from extract.distil.errors import BackendError, LibraryError, ModelFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONTEXT = 2048
_BATCH = 512
#: Tokens that are scored at a time: the scores of one token take 200 kB.
_SCORED = 64
#: The grammar is tried on this many best tokens first; the result is the same as trying it on all.
_SHORTLIST = 64
_MAGIC = b"GGUF"


def check_gguf(path: Path) -> None:
    """Check that a file starts as a GGUF file of a known version does.

    Raises:
        ModelFileError: If it does not.
    """
    with path.open("rb") as file:
        head = file.read(24)
    if len(head) < 24 or head[:4] != _MAGIC:
        raise ModelFileError(f"{path} is not a GGUF file", "name a GGUF model")
    if int.from_bytes(head[4:8], "little") not in (2, 3):
        raise ModelFileError(f"{path} is a GGUF file of an unknown version", "convert the model again")


class LlamaBackend:
    """A GGUF model in this process."""

    def __init__(self, path: Path) -> None:
        """Load a model file.

        Raises:
            ModelMissingError: If there is no such file.
            ModelFileError: If it is not a GGUF model, or damaged.
            LibraryError: If llama.cpp is not the one that this was written for.
        """
        self._model = self._context = None
        digest = model_sha256(path)
        check_gguf(path)
        lib = self._lib = llama_library.load()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = 0
        self._model = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            raise ModelFileError(f"{path} cannot be loaded as a model", "it may be cut short, or of an unknown kind")
        options = lib.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = _CONTEXT, _BATCH, _BATCH
        options.n_threads = options.n_threads_batch = 1
        self._context = lib.llama_init_from_model(self._model, options)
        if not self._context:
            self.close()
            raise ModelFileError(f"{path} cannot be run", "there may be too little memory")
        try:
            llama_library.check_context(lib, self._context, n_ctx=_CONTEXT, n_batch=_BATCH, n_threads=1)
        except LibraryError:
            self.close()
            raise
        self._vocab = lib.llama_model_get_vocab(self._model)
        self._memory = lib.llama_get_memory(self._context)
        self._words = int(lib.llama_vocab_n_tokens(self._vocab))
        self._fixed: str | None = None
        self._kept = 0
        self._used = 0
        self._tokens_read = self._tokens_written = 0
        self._info: dict[str, str | int] = {
            "backend": "llama.cpp",
            "backend_version": version("llama-cpp-python"),
            "model": path.name,
            "model_sha256": digest,
            "model_address": "in_process",
            "context": _CONTEXT,
            "threads": 1,
        }

    def info(self) -> dict[str, str | int]:
        """Return the model's file name and SHA-256 and the version of the library."""
        return dict(self._info)

    def capabilities(self) -> frozenset[str]:
        """Return all that a distiller asks for."""
        return frozenset({"options", "generate", "score", "tokens"})

    def tokens(self, text: str) -> int:
        """Return how many tokens a text has."""
        return len(self._tokenize(text, begin=False))

    def usage(self) -> tuple[int, int]:
        """Return the tokens read and written so far."""
        return self._tokens_read, self._tokens_written

    def options(self, prefix: Prompt, choices: Sequence[str]) -> list[float]:
        """Return the log-probability of each choice after the prompt.

        Choices of a single token cost nothing beyond reading the prompt; longer ones are read one after the other.
        """
        self._start(prefix)
        first = self._logprobs()
        place = self._used
        result = []
        for choice in choices:
            tokens = self._tokenize(choice, begin=False)
            total = float(first[tokens[0]])
            for i in range(1, len(tokens)):
                self._read(tokens[i - 1 : i])
                total += float(self._logprobs()[tokens[i]])
            self._rewind(place)
            result.append(total)
        return result

    def generate(self, prompt: Prompt, grammar: str, *, max_tokens: int, stop: str = "\n") -> Generation:
        """Return the continuation of highest probability, token by token, that the grammar allows."""
        lib = self._lib
        sampler = lib.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if not sampler:
            raise BackendError("the model's library refused a grammar")
        written = b""
        logprobs: list[float] = []
        try:
            self._start(prompt)
            while len(logprobs) < max_tokens and self._used < _CONTEXT - 1:
                scores = self._logprobs()
                token = self._choose(sampler, scores)
                if token is None or lib.llama_vocab_is_eog(self._vocab, token):
                    break
                logprobs.append(float(scores[token]))
                written += self._piece(token)
                if stop.encode() in written:
                    break
                lib.llama_sampler_accept(sampler, token)
                self._read([token])
                self._tokens_read -= 1
                self._tokens_written += 1
        finally:
            lib.llama_sampler_free(sampler)
        return Generation(written.decode("utf-8", "replace").split(stop)[0], tuple(logprobs))

    def score(self, prefix: Prompt, text: str) -> Score:
        """Return how likely the model takes a text to be behind the prompt; one reading of the text.

        Raises:
            BackendError: If prompt and text are longer than the model's context.
        """
        tokens = self._tokenize(text, begin=False)
        if not tokens:
            return Score(0.0, 0)
        self._start(prefix)
        if self._used + len(tokens) > _CONTEXT:
            raise BackendError("a text is longer than the model's context")
        total = float(self._logprobs()[tokens[0]])
        for at in range(0, len(tokens) - 1, _SCORED):
            part = tokens[at : at + _SCORED]
            # The last token of the text is foretold, never read.
            foretold = tokens[at + 1 : at + 1 + len(part)]
            self._read_all(part[: len(foretold)])
            total += sum(float(self._logprobs(i)[token]) for i, token in enumerate(foretold))
        return Score(total, len(tokens))

    def close(self) -> None:
        """Free the model; calling it twice does no harm."""
        if self._context:
            self._lib.llama_free(self._context)
        if self._model:
            self._lib.llama_model_free(self._model)
        self._context = self._model = None

    def __enter__(self) -> LlamaBackend:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Free the model."""
        self.close()

    def _start(self, prompt: Prompt) -> None:
        """Read a prompt; the fixed part only if another one was read before.

        The fixed part is always read into an empty cache and the item always from the end of it, in the same batches,
        so that what came before cannot change a result, not even by rounding.
        """
        if self._fixed != prompt.fixed:
            self._lib.llama_memory_clear(self._memory, True)
            self._used, self._fixed = 0, None
            self._read(self._tokenize(prompt.fixed, begin=True))
            self._fixed, self._kept = prompt.fixed, self._used
        self._rewind(self._kept)
        item = self._tokenize(prompt.item, begin=False)
        if not item:
            raise BackendError("an empty question was put to the model")
        self._read(item)

    def _rewind(self, place: int) -> None:
        if self._used > place:
            if not self._lib.llama_memory_seq_rm(self._memory, 0, place, -1):
                raise BackendError("this kind of model cannot be rewound", "use a plain transformer model")
            self._used = place

    def _read(self, tokens: Sequence[int]) -> None:
        if self._used + len(tokens) >= _CONTEXT:
            raise BackendError("a question is longer than the model's context")
        for i in range(0, len(tokens), _BATCH):
            part = tokens[i : i + _BATCH]
            array = (self._lib.llama_token * len(part))(*part)
            if self._lib.llama_decode(self._context, self._lib.llama_batch_get_one(array, len(part))) != 0:
                raise BackendError("the model failed while reading")
            self._used += len(part)
            self._tokens_read += len(part)

    def _read_all(self, tokens: Sequence[int]) -> None:
        """Read tokens so that `_logprobs` answers for each of them."""
        if self._used + len(tokens) >= _CONTEXT:
            raise BackendError("a question is longer than the model's context")
        batch = self._lib.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for i, token in enumerate(tokens):
                batch.token[i], batch.pos[i], batch.logits[i] = token, self._used + i, 1
                batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
            if self._lib.llama_decode(self._context, batch) != 0:
                raise BackendError("the model failed while reading")
        finally:
            self._lib.llama_batch_free(batch)
        self._used += len(tokens)
        self._tokens_read += len(tokens)

    def _logprobs(self, place: int = -1) -> NDArray[np.float64]:
        """Return the log-probability of each token behind the last one read, or behind one of `_read_all`."""
        import numpy as np

        pointer = self._lib.llama_get_logits_ith(self._context, place)
        if not pointer:
            raise BackendError("the model gave no scores")
        raw = np.ctypeslib.as_array(pointer, shape=(self._words,)).astype(np.float64)
        raw -= raw.max()
        return np.asarray(raw - np.log(np.exp(raw).sum()), dtype=np.float64)

    def _choose(self, sampler: Any, scores: NDArray[np.float64]) -> int | None:
        """Return the best token that the grammar allows, the lowest id where two are equal."""
        import numpy as np

        best = np.argpartition(-scores, _SHORTLIST)[:_SHORTLIST]
        for ids in (best, np.arange(self._words)):
            ordered = ids[np.lexsort((ids, -scores[ids]))]
            data = (self._lib.llama_token_data * len(ordered))()
            view = np.ctypeslib.as_array(data)
            view["id"], view["logit"], view["p"] = ordered, scores[ordered], 0.0
            array = self._lib.llama_token_data_array(data=data, size=len(ordered), selected=-1, sorted=False)
            self._lib.llama_sampler_apply(sampler, ctypes.byref(array))
            allowed = np.flatnonzero(np.isfinite(view["logit"]))
            if allowed.size:
                return int(view["id"][allowed[0]])
        return None

    def _tokenize(self, text: str, *, begin: bool) -> list[int]:
        raw = text.encode()
        room = len(raw) + 8
        buffer = (self._lib.llama_token * room)()
        count = self._lib.llama_tokenize(self._vocab, raw, len(raw), buffer, room, begin, False)
        if count < 0:
            raise BackendError("the model cannot read a text")
        return list(buffer[:count])

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        count = self._lib.llama_token_to_piece(self._vocab, token, buffer, 256, 0, False)
        return buffer.raw[: max(count, 0)]
