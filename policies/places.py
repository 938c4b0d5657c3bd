"""Words that mark a place as off limits: works council, union, medical, ombuds, whistleblowing, legal, private.

A trailing `*` matches any ending, for the languages that write compounds as one word. An entry in Han characters
matches anywhere, because Chinese puts no space between words. Entries are folded as `fold` folds the names of places,
so accents and case do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_SEPARATORS = re.compile(r"[\W_]+")
_HAN = re.compile("[\u3400-\u9fff]")

WORKS_COUNCIL = (
    "works council", "workscouncil", "employee representative*", "shop steward*", "betriebsrat*", "personalrat*",
    "mitarbeitervertretung*", "jav", "sbv", "schwerbehindertenvertretung*", "comite d entreprise", "cse", "cssct",
    "delegue* du personnel", "representant* du personnel", "comite de empresa", "delegado* de personal", "rsu",
    "consiglio di fabbrica", "ondernemingsraad*", "rada pracownikow", "comissao de trabalhadores", "tillidsmand*",
    "tillitsvalgt*", "luottamusmies*", "zavodni rada", "职工代表", "职代会",
)  # fmt: skip
UNION = (
    "union", "unions", "trade union*", "labor union*", "labour union*", "gewerkschaft*", "vertrauensleute*",
    "syndicat*", "syndical*", "sindicato*", "sindical*", "sindacato*", "sindacal*", "vakbond*", "fagforening*",
    "fackforbund*", "fackklubb*", "ammattiliitto*", "zwiazki zawodowe", "zwiazek zawodowy", "odbory", "strike",
    "streik*", "greve", "huelga", "sciopero", "工会", "罢工",
)  # fmt: skip
MEDICAL = (
    "medical", "company doctor", "occupational health", "health service", "sick leave", "betriebsarzt*",
    "betriebsarztin*", "arbeitsmedizin*", "krankmeldung*", "krankenstand", "bem", "medecin*", "medecine*",
    "sante au travail", "arret maladie", "medico", "salud laboral", "baja medica", "medicina del lavoro",
    "bedrijfsarts*", "ziekmelding*", "medycyna pracy", "foretagshalsovard*", "counselling", "suchtberatung*",
    "医务", "医疗", "病假", "职业健康", "心理咨询",
)  # fmt: skip
OMBUDS = (
    "ombuds", "ombudsman", "ombudsperson", "ombudsstelle*", "vertrauensperson*", "beschwerdestelle*", "grievance*",
    "gleichstellung*", "mediateur", "mediatrice", "defensor del empleado", "difensore civico", "vertrouwenspersoon*",
    "harassment", "equal opportunit*", "申诉", "投诉", "骚扰",
)  # fmt: skip
WHISTLEBLOWING = (
    "whistleblow*", "whistle blow*", "speak up", "speakup", "integrity line", "ethics line", "hinweisgeber*",
    "meldestelle*", "lanceur d alerte", "lanceurs d alerte", "denuncia*", "canal etico", "segnalazion*", "klokkenluid*",
    "sygnalist*", "visselblas*", "举报", "检举", "吹哨",
)  # fmt: skip
LEGAL = (
    "legal", "lawyer*", "attorney*", "counsel", "privileged", "litigation", "rechtsabteilung*", "rechtsanwalt*",
    "anwalt*", "juridique*", "avocat*", "contentieux", "asesoria juridica", "abogado*", "ufficio legale", "avvocato*",
    "juridisch*", "advocaat*", "prawny", "dzial prawny", "juridico", "advogado*", "advokat*",
    "法务", "律师", "法律", "诉讼",
)  # fmt: skip
PRIVATE = (
    "private", "privat", "privates", "personal", "personlich*", "prive", "privee", "personnel", "privado", "privata",
    "privato", "personale", "persoonlijk*", "prywatne", "particular", "familie", "family",
    "私人", "私密", "私事", "家庭",
)  # fmt: skip

WORDS: tuple[str, ...] = tuple(sorted({*WORKS_COUNCIL, *UNION, *MEDICAL, *OMBUDS, *WHISTLEBLOWING, *LEGAL, *PRIVATE}))
"""All of them. A policy can add words to this list and can drop none."""


def fold(text: str) -> str:
    """Return `text` as lower-case words without accents, one space between them.

    `#Betriebsrat_intern` and `BETRIEBSRAT-Intern` both become `betriebsrat intern`.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return _SEPARATORS.sub(" ", plain).strip()


def matcher(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that searches a folded name for any of `words`: whole words, or anywhere for Han characters."""
    bounded: list[str] = []
    anywhere: list[str] = []
    for word in words:
        # A star may stand at the end of any word of an entry: `delegue* du personnel`.
        form = " ".join(re.escape(fold(part)) + (r"\w*" if part.endswith("*") else "") for part in word.split())
        (anywhere if _HAN.search(word) else bounded).append(form)
    forms = [r"(?<!\w)(?:" + "|".join(sorted(bounded)) + r")(?!\w)"] if bounded else []
    return re.compile("|".join([*forms, *sorted(anywhere)]))
