"""The formats of secrets that are known by sight."""

from __future__ import annotations

from typing import NamedTuple


class Format(NamedTuple):
    """One format of secret.

    Attributes:
        name: Short name.
        keywords: Lower-case strings, one of which must occur in the text, so that most patterns never run.
        pattern: RE2 syntax; group 1, where there is one, is the secret.
    """

    name: str
    keywords: tuple[str, ...]
    pattern: str


# RE2 runs in linear time, so no text can stall a run. It has no look-around: \b and groups do that work.
FORMATS: tuple[Format, ...] = (
    Format(
        "private key block",
        ("-----begin",),
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|"
        r".*)",
    ),
    Format(
        "putty key",
        ("putty-user-key-file",),
        r"(?s)PuTTY-User-Key-File-\d.*?Private-MAC: [0-9a-f]+",
    ),
    Format(
        "age key",
        ("age-secret-key-",),
        r"(?i)AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}",
    ),
    Format(
        "aws key id",
        ("akia", "asia", "aroa", "aida"),
        r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b",
    ),
    Format(
        "github token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        r"\bgh[pousr]_[0-9A-Za-z]{20,}",
    ),
    Format(
        "github fine-grained",
        ("github_pat_",),
        r"\bgithub_pat_[0-9A-Za-z_]{20,}",
    ),
    Format(
        "gitlab token",
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"),
        r"\bgl(?:pat|dt|rt|cbt|ptt)-[0-9A-Za-z_-]{16,}",
    ),
    Format(
        "slack token",
        ("xox", "xapp-"),
        r"\bxox[a-z]-[0-9A-Za-z-]{8,}|\bxapp-\d-[0-9A-Za-z-]{10,}",
    ),
    Format(
        "slack webhook",
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([0-9A-Za-z/_-]{8,})",
    ),
    Format(
        "webhook",
        ("webhook",),
        r"(?:discord(?:app)?\.com/api/webhooks|webhook\.office\.com)/([0-9A-Za-z/@_-]{16,})",
    ),
    Format(
        "stripe key",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
        r"\b(?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z]{10,}",
    ),
    Format(
        "google api key",
        ("aiza",),
        r"\bAIza[0-9A-Za-z_-]{30,}",
    ),
    Format(
        "google oauth",
        ("ya29.", "gocspx-"),
        r"\bya29\.[0-9A-Za-z_-]{16,}|\bGOCSPX-[0-9A-Za-z_-]{16,}",
    ),
    Format(
        "openai key",
        ("sk-",),
        r"\bsk-(?:proj-|ant-|svcacct-|or-)?[0-9A-Za-z_-]{20,}",
    ),
    Format(
        "hugging face token",
        ("hf_",),
        r"\bhf_[0-9A-Za-z]{20,}",
    ),
    Format(
        "npm token",
        ("npm_",),
        r"\bnpm_[0-9A-Za-z]{30,}",
    ),
    Format(
        "pypi token",
        ("pypi-age",),
        r"\bpypi-AgE[0-9A-Za-z_-]{30,}",
    ),
    Format(
        "sendgrid key",
        ("sg.",),
        r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    ),
    Format(
        "mailgun key",
        ("key-",),
        r"\bkey-[0-9a-f]{32}\b",
    ),
    Format(
        "twilio key",
        ("sk", "ac"),
        r"\b(?:SK|AC)[0-9a-f]{32}\b",
    ),
    Format(
        "telegram token",
        (":aa",),
        r"\b\d{8,10}:AA[0-9A-Za-z_-]{32,33}",
    ),
    Format(
        "vault token",
        ("hvs.", "hvb."),
        r"\bhv[sb]\.[0-9A-Za-z_-]{20,}",
    ),
    Format(
        "cloud token",
        ("dop_v1_", "doo_v1_", "dapi", "shpat_", "lin_api_", "glsa_", "pul-"),
        r"\b(?:do[opr]_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|lin_api_[0-9A-Za-z]{30,}"
        r"|glsa_[0-9A-Za-z_]{32,}|pul-[0-9a-f]{40})",
    ),
    Format(
        "azure key",
        ("accountkey=", "sharedaccesskey=", "sig="),
        r"(?i)(?:AccountKey|SharedAccessKey|[?&;]sig)=([0-9A-Za-z+/%=]{20,})",
    ),
    Format(
        "json web token",
        ("eyj",),
        r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{6,}(?:\.[0-9A-Za-z_-]*)?",
    ),
    Format(
        "password hash",
        ("$2", "$6$", "$5$", "$1$", "$y$", "$argon2"),
        r"\$(?:2[abxy]?|1|5|6|y|argon2id?)\$[0-9A-Za-z./,=$+]{16,}",
    ),
    Format(
        "authorisation header",
        ("bearer", "basic", "token", "digest"),
        r"""(?i)\b(?:authorization|proxy-authorization|auth)\b[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token|apikey|digest)"""
        r"\s+([0-9A-Za-z._~+/=:-]{6,})",
    ),
    Format(
        "bearer token",
        ("bearer",),
        r"(?i)\bbearer\s+([0-9A-Za-z._~+/=-]{16,})",
    ),
    Format(
        "credentials in url",
        ("://",),
        r"""(?i)\b[a-z][a-z0-9+.-]*://([^\s/@:\"'<>]*:[^\s/@\"'<>]*[^\s/@\"'<>0-9][^\s@\"'<>]{0,200}|[^\s/@:\"'<>]*:[^\s/@\"'<>]+)@""",
    ),
    Format(
        "token user in url",
        ("://",),
        r"(?i)\bhttps?://([0-9A-Za-z_-]{16,})@",
    ),
    Format(
        "token in url",
        ("=",),
        r"(?i)[?&#;](?:[a-z0-9_.-]*(?:token|secret|signature|api_?key|apikey|passw(?:or)?d|pwd|credential|session_?id)"
        r"""|sig|key|auth|code|otp|jwt|sid|pass|invite|reset|confirm(?:ation)?|x-amz-[a-z-]+)=([^\s&#\"'<>)\]]{6,})""",
    ),
    Format(
        "netrc",
        ("machine", "login"),
        r"(?i)\blogin\s+\S+\s+password\s+(\S+)",
    ),
    Format(
        "command line",
        ("-p", "--pass", "--token", "--secret", "--api-key", "-u ", "--user"),
        r"(?i)(?:--(?:[a-z-]*password|passwd|pass|token|secret|api-key|access-token|auth-token)[= ]|\bsshpass\s+-p\s*)"
        r"""[\"']?([^\s\"'<>$-][^\s\"'<>]{3,})""",
    ),
    Format(
        "curl user",
        ("curl", "wget"),
        r"""(?i)\b(?:curl|wget)\b[^\n]*?\s(?:-u|--user)[ =]?[\"']?([^\s:\"']+:[^\s\"']+)""",
    ),
    Format(
        "database client",
        ("mysql", "psql", "mongo", "redis-cli"),
        r"""\b(?:mysql|mysqldump|mongo|redis-cli)\b[^\n]*?\s(?:-p|-a )([^\s\"'-][^\s\"']{3,})""",
    ),
    Format(
        "login on a command line",
        (" login", "ldap", "zip ", "7z ", "smbclient", "htpasswd", "passin", "passout"),
        r"(?i)\b(?:login\b[^\n]*?\s(?:-p|--password)[ =]?|ldap\w+\b[^\n]*?\s-w[ ]?|(?:zip|unzip|7za?)\b[^\n]*?\s-p[ ]?|"
        r"""smbclient\b[^\n]*?-U\s*[^\s%]+%|htpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+|-pass(?:in|out)\s+pass:)[\"']?([^\s\"'-][^\s\"']{3,})""",
    ),
    Format(
        "configured secret",
        ("config",),
        r"(?i)\bconfig(?:ure)?\s+set\s+[\w.-]*(?:secret|token|key|passw(?:or)?d)[\w.-]*\s+[\"']?([^\s\"']{6,})",
    ),
    Format(
        "sql password",
        ("identified by", "password '"),
        r"(?i)\b(?:identified\s+by|password)\s+'([^'\n]{4,})'",
    ),
    Format(
        "cookie",
        ("cookie:",),
        r"(?i)\b(?:set-)?cookie:\s*[\w.-]+=([^\s;\"']{12,})",
    ),
    Format(
        "user and password",
        ("auth", "credential", "creds", "zugangsdaten", "login"),
        r"(?i)\b(?:(?:basic)?auth\s*=?\s*\(\s*[\"'][^\"'\n]{1,64}[\"']\s*,\s*[\"']|(?:credentials?|creds|zugangsdaten|logins?)"
        r"""(?:\s+(?:are|is|sind|lauten))?\s*:?\s+[\"'`]?[\w.@-]{2,64}\s?[/:|]\s?[\"'`]?)([^\s\"'`/,;]*[0-9][^\s\"'`,;]{2,})""",
    ),
    Format(
        "service token",
        ("atatt3", "atctt3", "sl.", "pplx-", "pk.eyj", "sk.eyj", "dt0", "pat-"),
        r"\bAT[AC]TT3[0-9A-Za-z_=-]{20,}|\bsl\.(?:u\.)?[0-9A-Za-z_-]{20,}|\bpplx-[0-9A-Za-z]{20,}"
        r"|\b[ps]k\.eyJ[0-9A-Za-z_.-]{20,}|\bdt0[a-z]\d{2}\.[A-Z0-9]{20,}(?:\.[A-Z0-9]{20,})?"
        r"|\bpat-[a-z]{2}\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    ),
    Format(
        "key in a call",
        ("client", "auth", "connect", "login"),
        r"""(?i)\b[\w.]*(?:client|auth|connect|login)[\w.]*(?:\(|["']\s*,)\s*(?:["'][\w.@-]{1,40}["']\s*,\s*)?"""
        r"""["']([0-9A-Za-z_.=-]{4,}[0-9][0-9A-Za-z_.=-]{14,})["']""",
    ),
    Format(
        "key in a sentence",
        ("key", "token"),
        r"""(?i)\b(?:my|our|your|the|new|mein|unser|der)\s+(?:[\w-]{1,20}\s+)?(?:key|token)\s+(?:is|ist|lautet)[\s:]{1,3}["'`]?"""
        r"([0-9A-Za-z_.=-]{4,}[0-9][0-9A-Za-z_.=-]{10,})",
    ),
)
