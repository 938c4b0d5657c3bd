"""The receipt of a redaction: what was taken out and by what, in which languages, and what nothing looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redact.engine import Redacted, Redactor


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a redactor did to some texts, in numbers; it holds no value and no part of a text.

    Attributes:
        profile: Profile of the redactor.
        engine_sha256: Digest of the rules and word lists.
        models: Package and version of each model, by language code; `second` is the second model of the profile max.
        texts: Number of texts.
        by_entity: Number of replacements by entity.
        by_source: Number of replacements by detector, then by entity.
        languages: Number of texts by language code; "" is a text that does not say.
        uncovered: Layers that are not there for a language, by its code.
        rescan_hits: Places that a scan of the results still found; None where none was made.
    """

    profile: str
    engine_sha256: str
    models: Mapping[str, str]
    texts: int
    by_entity: Mapping[str, int]
    by_source: Mapping[str, Mapping[str, int]]
    languages: Mapping[str, int]
    uncovered: Mapping[str, tuple[str, ...]]
    rescan_hits: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as a JSON value: strings, whole numbers, lists, objects and null."""
        return {**asdict(self), "uncovered": {code: list(layers) for code, layers in self.uncovered.items()}}


def receipt_of(redactor: Redactor, results: Sequence[Redacted], rescan_hits: int | None = None) -> Receipt:
    """Return the receipt of texts that one redactor has redacted.

    Args:
        redactor: Who redacted them.
        results: What came out; empty texts count too.
        rescan_hits: Places that a scan of the results still found.
    """
    from redact.language import uncovered

    by_source: dict[str, Counter[str]] = {}
    for result in results:
        for span in result.spans:
            by_source.setdefault(span.source, Counter())[span.entity] += 1
    total: Counter[str] = sum(by_source.values(), Counter())
    languages = Counter(result.language for result in results if result.text.strip())
    missing = {code: tuple(uncovered(code, redactor.models)) for code in sorted(languages) if code}
    info = redactor.info()
    models = {name.removeprefix("model_"): str(info[name]) for name in sorted(info) if name.startswith("model_")}
    if "second_model" in info:
        models["second"] = str(info["second_model"])
    return Receipt(
        profile=str(info["profile"]),
        engine_sha256=str(info["engine_sha256"]),
        models=models,
        texts=len(results),
        by_entity=dict(sorted(total.items())),
        by_source={source: dict(sorted(counts.items())) for source, counts in sorted(by_source.items())},
        languages=dict(sorted(languages.items())),
        uncovered={code: layers for code, layers in missing.items() if layers},
        rescan_hits=rescan_hits,
    )


def shortfalls(receipt: Mapping[str, Any]) -> list[str]:
    """Return in sentences which layers of redaction were not there for the language of a text.

    Args:
        receipt: `Receipt.as_json()` as a log or a statement holds it; what was written before there were receipts says
            nothing.
    """
    said = []
    languages, missing = receipt.get("languages"), receipt.get("uncovered")
    if not isinstance(languages, Mapping) or not isinstance(missing, Mapping):
        return []
    for code, layers in sorted(missing.items()):
        if code in languages and isinstance(layers, list) and layers:
            count = f"{languages[code]:,} text{'' if languages[code] == 1 else 's'}"
            said.append(f"{count} in {LANGUAGE_NAMES.get(code, code)}: not covered are {_joined(layers)}")
    if languages.get(""):
        count = f"{languages['']:,} text{'' if languages[''] == 1 else 's'}"
        said.append(f"{count} in a language that the text does not tell: read as all the others")
    return said


#: Names of the languages that are met most, by code; others are shown by their code.
LANGUAGE_NAMES: Mapping[str, str] = {
    "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
