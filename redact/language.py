"""Tells the language of a text by its function words, and which layers of the redaction are there for a language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

# The smallest words of a language tell it from its neighbours even in two lines, and no name is among them. A word of
# several languages counts for each of them by half.
_SMALL = {
    "en": "the and of to is was are were be been with for that this these those it you your we our they their he she i "
    "have has had will would can could should not from what which when where who how if but or so there here about "
    "thanks thank please hi hello dear regards me my do does did don't i'm it's just any some all out get let know "
    "need am as at by on in an a no yes see new use when than then into",
    "de": "der die das und ist nicht ich du er sie es wir ihr ein eine einen einem einer eines mit für von zu zum zur "
    "im am auf aus bei nach den dem des auch noch nur schon aber oder wenn dass weil wie was wer wo hier da dann sind "
    "war waren habe hat haben hatte wird werden wurde kann können muss soll sehr bitte danke hallo liebe lieber grüße "
    "gruß viele mein meine dein deine unser unsere kein keine mir mich dir dich uns euch ihnen über unter vor als bis "
    "um so an in ja nein heute morgen geehrte geehrter ab bin mal bist hast kannst könnte könnten würde wäre hätte "
    "moin zusammen diese dieser dieses jetzt doch sehr gerne vielen dank sowie beim vom ins durch damit sonst alle",
    "fr": "le la les de des du et est un une pour dans que qui pas ne je tu il elle nous vous ils elles ce cette ces "
    "sur avec au aux par plus mais ou où son sa ses mon ma mes votre vos notre nos bonjour merci être avoir suis sont "
    "ai as avez avons ont été fait très bien si comme tout tous salut cordialement en y on à",
    "es": "el la los las de del y es un una para en que no se lo le por con su sus como más pero o este esta estos si "
    "ya yo tú él ella nosotros usted ustedes hola gracias saludos muy bien hay ser está están fue han ha he al mi "
    "me nos todo cuando donde a sin sobre",
    "it": "il lo la i gli le di del della dei delle e è un una per in che non si con su come più ma o questo questa "
    "io tu lui lei noi voi loro ciao grazie saluti buongiorno sono siamo ha hanno ho abbiamo al alla dal nel nella "
    "mi ti ci vi anche se perché molto bene a da cosa",
    "pt": "o a os as de do da dos das e é um uma para em no na nos nas que não se por com seu sua como mais mas ou "
    "este esta eu tu ele ela nós você vocês olá obrigado obrigada muito bem há ser está são foi tem temos ao à pelo "
    "pela já só também me meu minha",
    "nl": "de het een en is van voor met op te aan in dat die niet ik je jij u hij zij we wij ze ons onze jullie maar "
    "of als dan ook nog wel naar bij om door over uit heb heeft hebben was waren ben zijn wordt worden kan kunnen "
    "moet zal hallo beste groet groeten bedankt dank alvast geen wat wie waar hoe dit deze er mijn",
    "da": "og det er en et at i på for med af til den de der ikke jeg du han hun vi som har var kan skal vil fra om "
    "men eller så hvis hvad hvor når hej tak hilsen venlig mvh mig dig os min din vores også her nu blev bliver være "
    "hvordan godt lyder",
    "nb": "og det er en et at i på for med av til den de der ikke jeg du han hun vi som har var kan skal vil fra om "
    "men eller så hvis hva hvor når hei takk hilsen vennlig mvh meg deg oss min din vår også her nå ble blir være "
    "hvordan bra etter bare",
    "sv": "och det är en ett att i på för med av till den de inte jag du han hon vi som har var kan ska vill från om "
    "men eller så hur vad när hej tack hälsningar vänliga mvh mig dig oss min din vår också här nu blev blir vara "
    "efter bara skulle under ditt mitt",
    "pl": "i w na z do się nie to jest że o co jak ale po za od czy ja ty on ona my wy oni są był była było mam masz "
    "ma być dla przez tak już tylko może dzień dobry dziękuję pozdrawiam cześć proszę ten ta te tego jako lub oraz",
    "fi": "ja on ei että se hän minä sinä me te he oli ovat olen olet mutta tai jos kun niin myös kuin mitä missä "
    "hei kiitos terveisin tämä nämä ne sen hyvää voi ole olla vain nyt sitten jo vielä",
    "cs": "a je se na v že s z do to jako ale by za pro jsem jsi jsme jste jsou byl byla bylo není tak co když nebo "
    "ahoj děkuji dobrý den pozdravem prosím i o k ve od po už jen také který která",
    "tr": "ve bir bu da de için ile çok ama ne var yok ben sen biz siz onlar olarak daha gibi kadar merhaba "
    "teşekkürler selamlar iyi değil mi olan sonra her",
}  # fmt: skip

#: A word in this share of what was read at least, or the text does not say: lists, code and logs stay undetermined.
_SHARE = 0.12
#: Votes of function words at least, and how many times more of them than in the next language.
_LEAST, _LEAD = 2.0, 1.3
_PREFIX = 2000
_WORDS = 250

_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_QUOTED = re.compile(r"(?m)^[ \t]*>.*\n?")
_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|<[^<>\n]{0,200}>|[\w/\\]+[_/\\.][\w/\\.-]+")
# Scripts that one language uses, or one language in most mails, by what stands in them.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def _votes() -> Mapping[str, tuple[tuple[str, float], ...]]:
    of_word: dict[str, list[str]] = {}
    for language, words in _SMALL.items():
        for word in set(words.split()):
            of_word.setdefault(word, []).append(language)
    # A word of three languages or more still says that the text is prose, but little about which.
    return {
        w: tuple((language, 1.0 if len(of) == 1 else 0.5 if len(of) == 2 else 0.25) for language in of)
        for w, of in of_word.items()
    }


_VOTES = _votes()

#: The function words by language.
SMALL_WORDS: Mapping[str, frozenset[str]] = MappingProxyType({k: frozenset(v.split()) for k, v in _SMALL.items()})


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of the language that a text is written in, or "" where the text does not say.

    The first few thousand characters decide. Quoted lines count only where nothing else is there, addresses and paths
    never. Short texts, lists, code and even mixtures give "".
    """
    prefix = text[:_PREFIX]
    return _language(_QUOTED.sub("", prefix)) or (_language(prefix) if ">" in prefix else "")


def _language(prefix: str) -> str:
    if not prefix.isascii():
        script = _by_script(prefix)
        if script:
            return script
    words = _WORD.findall(_NOT_WORDS.sub(" ", prefix).lower().replace("’", "'"))[:_WORDS]
    counts = dict.fromkeys(_SMALL, 0.0)
    small = 0
    for word, times in Counter(words).items():
        votes = _VOTES.get(word)
        if votes:
            small += times
            for language, vote in votes:
                # Three times at most: the "a" of a list of options is no English.
                counts[language] += vote * min(times, 3)
    (best, most), (_, second) = sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:2]
    if most < _LEAST or small < _SHARE * len(words) or most < _LEAD * second:
        return ""
    return best


def _by_script(text: str) -> str:
    foreign = sum(c > "\u036f" and c.isalpha() for c in text)
    if foreign < 4 or foreign * 2 < sum(map(str.isalpha, text)):
        return ""
    counts = {language: len(pattern.findall(text)) for language, pattern in _SCRIPTS}
    if counts["ja"] * 10 > counts["zh"]:
        counts["zh"] = 0
    if counts["uk"]:
        counts["ru"] = 0
        counts["uk"] = len(_CYRILLIC.findall(text))
    return max(counts, key=lambda language: (counts[language], language))


#: Which layers, apart from the models of the policy, know a language. Numbers with check digits, secrets, addresses of
#: machines and mail, and listed names need no language.
COVERAGE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset({"greetings and sign-offs", "addresses", "phones", "ordinary words", "dates of birth"})
        for language in ("en", "de")
    }
)
_LAYERS = ("names by model", "greetings and sign-offs", "addresses", "phones", "ordinary words", "dates of birth")


def uncovered(language: str, models: Mapping[str, str]) -> tuple[str, ...]:
    """Return the layers of the redaction that are not there for a language.

    Args:
        language: ISO 639-1 code; "" (undetermined) is covered by what reads every text, so nothing is named.
        models: Model package by language code, as the policy has it.
    """
    if not language:
        return ()
    there = COVERAGE.get(language, frozenset())
    return tuple(
        layer for layer in _LAYERS if not (language in models if layer == "names by model" else layer in there)
    )
