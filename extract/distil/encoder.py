"""Turns sentences into vectors: the static embeddings that the package `wordllama` ships.

The package's own loader is not used: it looks for its tokenizer in a folder that its wheel does not have and would
then download it, and its import sets up logging for the whole process. The two files are read by path instead.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from govern.errors import ModelMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WEIGHTS = "weights/l2_supercat_256.safetensors"
#: Single bytes and control tokens come first; the weight grows with the logarithm of the rank after them.
_COMMON = 250
_FIRST_RANK = 10
_LOG_SCALE = 10.0
_LEAST_WEIGHT = 0.05
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


class Encoder(Protocol):
    """Makes one unit vector per text."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row of unit length per text."""
        ...

    def info(self) -> dict[str, str | int]:
        """Return the encoder's name, its digest and its size."""
        ...


class StaticEncoder:
    """Weighted mean of the tokens' vectors; no context, no network, no randomness.

    Frequent tokens weigh less, so that two sentences are near because of what they speak of, not because of their
    articles. The tokenizer is a byte-pair one, whose numbers grow as tokens get rarer: the number gives the weight.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Load weights and tokenizer from a folder, by default that of the installed package.

        Raises:
            ModelMissingError: If the package or one of its two files is not there.
        """
        import numpy as np
        from safetensors import safe_open
        from tokenizers import Tokenizer

        root = folder if folder is not None else _package_folder()
        weights, tokenizer = root / _WEIGHTS, root / _TOKENIZER
        if not weights.is_file() or not tokenizer.is_file():
            raise ModelMissingError("the encoder's files are missing", "install the package wordllama again")
        with safe_open(str(weights), framework="np") as file:
            self._table: NDArray[np.float32] = file.get_tensor("embedding.weight").astype("float32")
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        digest = hashlib.sha256(weights.read_bytes())
        digest.update(tokenizer.read_bytes())
        ranks = np.maximum(np.arange(len(self._table)) - _COMMON, _FIRST_RANK)
        self._weights = np.clip(np.log(ranks) / _LOG_SCALE, _LEAST_WEIGHT, 1.0)
        self._info: dict[str, str | int] = {
            "encoder": "wordllama/l2_supercat_256, weighted by rank",
            "encoder_sha256": digest.hexdigest(),
            "encoder_dimensions": int(self._table.shape[1]),
        }

    def info(self) -> dict[str, str | int]:
        """Return the encoder's name, the SHA-256 of weights and tokenizer, and the number of dimensions."""
        return dict(self._info)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text; a text without a known token gives zeros.

        Every row depends on its own text only: there is no padding and no batch.
        """
        import numpy as np

        out = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        for i, coded in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            if coded.ids:
                mean = self._weights[coded.ids] @ self._table[coded.ids]
                norm = float(np.linalg.norm(mean))
                if norm > 0:
                    out[i] = mean / norm
        return out


def _package_folder() -> Path:
    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise ModelMissingError("the package wordllama is not installed", "run `make setup`")
    return Path(spec.origin).parent
