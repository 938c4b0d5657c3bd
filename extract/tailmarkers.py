"""The line patterns of what nobody typed as prose: signatures, footers, disclaimers, patches and logs."""

from __future__ import annotations

import re

from extract.page import words

# --- signatures and footers ---------------------------------------------------------------------------------------

SIGNATURE_MARKS = frozenset({"--", "---", "—", "__", "- --"})
SENT_WORDS = words(
    "sent from", "sent with", "sent via", "sent using", "sent by", "get outlook", "get [outlook", "gesendet",
    "envoyé", "enviado", "inviato", "verstuurd", "verzonden", "sendt ", "skickat", "lähetetty", "wysłan",
    "odesláno", "отправлено", "надіслано", "elküldve", "gönderildi", "trimis de", "发自", "從我的", "から送信",
    "보냄", "outlook für", "hanki outlook", "télécharg",
)  # fmt: skip
#: `Sent from my desk is quicker` is a sentence.
SENT_FROM = re.compile(
    r"(?!.*\b(?:is|are|was|were|does|has)\b)[ \t]*[\[(*_<]{0,2}(?:"
    r"sent (?:from|with|via|using) (?:my|the|a|an|mobile|outlook|mail|yahoo|proton|windows|samsung|android|ipad|"
    r"iphone|blackberry|nine|spark|airmail|mailspring|superhuman|aqua|gmail|thunderbird|aol)\b.{0,100}|"
    r"sent from .{0,40}(?:phone|device|tablet|mobile|ipad|blackberry|droid|galaxy|handheld|treo|palm)\b.{0,40}|"
    r"(?:get|download) \[?outlook for (?:ios|android).*|sent from mailbox|"
    r"<?sent by [\w ]{2,20}>?>?|sent from \[mail\].*|von meinem .{2,30} gesendet.*|gesendet (?:von|mit|über) .{2,60}|"
    r"diese nachricht wurde von .{2,60} gesendet.*|envoyé (?:de mon|de|depuis|à partir) .{2,60}|"
    r"enviado (?:desde|do|de|a partir) .{2,60}|inviato (?:da|dal|dall'|con) .{2,60}|"
    r"(?:verstuurd|verzonden) (?:vanaf|met|via|van) .{2,60}|sendt (?:fra|med|via) .{2,60}|"
    r"skickat (?:från|med|via) .{2,60}|lähetetty .{2,60}|wysłan[eoy] z .{2,60}|odesláno z .{2,60}|"
    r"отправлено (?:с|из|от) .{2,60}|надіслано з .{2,60}|elküldve .{2,60}|.{2,20}'?(?:den|dan|ımdan) gönderildi|"
    r"trimis de pe .{2,60}|发自我的.{1,30}|從我的.{1,20}傳送|.{1,20}から送信|나의 .{1,20}에서 보냄|hanki outlook .*|"
    r"télécharg.{1,4} outlook .*|outlook für (?:ios|android) .*|holen sie sich outlook .*"
    r")[\])*_]{0,2}[ \t]*$",
    re.I,
)
CLOSING = re.compile(
    r"[ \t]*(?:with |mit |kind |best |warm |warmest |many |sincere |très |bien |freundlichen? |"
    r"schönen? |vielen? |besten? |"
    r"lieben? |herzlichen? |med |vänliga |venlig |vennlig |met |saludos |un |atentos |cordiali |distinti |)*"
    r"(?:regards|wishes|sincerely(?: yours)?|yours(?: truly| sincerely| faithfully)?|cheers|cordially|respectfully|"
    r"take care|grüße|grüßen|gruß|grüsse|grüssen|gruss|mfg|lg|vg|cordialement|amicalement|bien à vous|salutations|"
    r"saludos|saludo|cordiales|atentamente|un abrazo|saluti|cordialità|groet|groeten|hälsningar|hälsning|hilsen|"
    r"hilsener|mvh|kh|vh|hej da|pozdrawiam|pozdrowienia|s pozdravem|с уважением|üdvözlettel|saygılarımla|terveisin|"
    r"atenciosamente|abraços|br|rgds|kr|thx|ttyl|xoxo|tot ziens|ciao|thanks|thank you|many thanks|thanks again|"
    r"thanks in advance|thanks and regards|thanks & regards|danke|merci|gracias|grazie|bedankt|tack|tak|takk|"
    r"best|love|later)(?: you| cordiales| cordiaux)?[\W_]{0,12}$",
    re.I,
)
CLOSING_WORDS = words(
    "regards", "wishes", "sincerely", "yours", "cheers", "cordially", "respectfully", "take care", "mfg", "lg",
    "vg", "gruss", "grüße", "grüßen", "gruß", "grüsse", "grüssen", "cordialement", "amicalement", "bien à vous",
    "salutations", "saludos", "saludo", "cordiales", "atentamente", "un abrazo", "saluti", "cordialità", "groet",
    "groeten", "hälsningar", "hälsning", "hilsen", "hilsener", "mvh", "kh", "vh", "hej da", "pozdrawiam",
    "pozdrowienia", "s pozdravem", "с уважением", "üdvözlettel", "saygılarımla", "terveisin", "atenciosamente",
    "abraços", "br", "rgds", "kr", "thx", "ttyl", "xoxo", "tot ziens", "ciao", "thanks", "thank you", "danke",
    "merci", "gracias", "grazie", "bedankt", "tack", "tak", "takk", "best", "love", "later",
)  # fmt: skip
#: Contact data, as in the lines under a name.
CONTACT = re.compile(
    r"https?://|www\.|[^\s@]+@[^\s@]+\.\w|\+?\(?\d{2,5}\)?[ \-./]{0,2}\d{2,5}[ \-./]\d{2,}|"
    r"\b(?:tel|fax|phone|mobile|cell|office|direct|voice|pager|skype|mob|fon|telefon|handy|gsm|icq|pgp|gpg|"
    r"fingerprint|ext)\b[ .:#)]|\(?[wofmpht]\)[ .:]?\+?\d",
    re.I,
)
#: What list servers and services write under a mail. How many of them stand in a paragraph decides.
FOOTER_WORDS = words(
    "mailing list", "mailinglist", "listinfo", "unsubscribe", "abmelden", "désinscri", "desinscrire",
    "desinscription", "désabonner", "you received this message", "you received this email",
    "you received this e-mail", "you received this mail", "you are receiving this", "google groups",
    "groups.google", "yahoo! groups", "yahoogroups", "to post to this", "for additional commands", "list archive",
    "list archives", "subscription", "list-manager", "majordomo", "reply to this email directly",
    "view it on github", "view this thread", "this sf.net email", "this sfnet email", "sponsored by",
    "your use of yahoo", "to subscribe", "manage your", "email preferences", "notification settings", "opt out",
    "opt-out", "optout", "forum.php", "showthread", "powered by", "virus", "viruses", "scanned by", "scanned for",
    "avast",
    "configure bugmail", "suscripción", "gmane.org/", "nntp.",
)  # fmt: skip
#: What companies have appended to mails. Several different ones make a disclaimer.
DISCLAIMER_WORDS = words(
    "intended only", "intended solely", "intended exclusively", "intended for", "intended recipient",
    "confidential", "privileged", "disclose", "disclosure", "received this in error",
    "received this e-mail in error", "received this email in error", "received this message in error",
    "received this communication in error", "received this transmission in error", "received it in error",
    "in error", "by mistake", "unauthorised", "unauthorized", "prohibited", "views expressed", "views or opinions",
    "opinions expressed", "not represent", "not necessarily represent", "disclaimer", "notify the sender",
    "notify us", "notify me", "delete it", "delete this", "registered in", "registered office", "registered number",
    "vertraulich", "unbefugt", "irrtümlich", "adressat", "confidentiel", "destinataire", "par erreur",
    "confidencial", "destinatario", "por error", "riservat", "per errore", "vertrouwelijk", "geadresseerde",
    "förtrolig", "fortrolig", "poufn", "důvěrn", "конфиденциальн", "consider the environment", "before printing",
)  # fmt: skip
#: What a mail gateway writes above a mail from outside.
BANNER_WORDS = words(
    "originated outside", "originated from outside", "external sender", "external email", "external e-mail"
)
BANNER = re.compile(
    r"[ 	]*[\[*(]*(?:caution|warning|external|attention|notice|achtung|attenzione)\b.{0,40}"
    r"(?:originated|external|outside)\b",
    re.I,
)
PGP_BEGIN = re.compile(r"-----BEGIN PGP (?:SIGNED MESSAGE|SIGNATURE|PUBLIC KEY BLOCK|MESSAGE)-----")
PGP_END = re.compile(r"-----END PGP ")
NOTE_WORDS = words(
    "attached file:", "<<", "[image", "[cid", "next part", "scrubbed", "name: ", "[non-text", "[text/html", ".doc",
    ".xls", ".ppt", ".pdf", ".vcf", ".gif", ".jpg", ".jpeg", ".png", ".exe", ".zip", ".htm", ".txt",
)  # fmt: skip
ATTACHMENT_NOTE = re.compile(
    r"[ \t]*(?:\(?see attached file: .{1,200}\)?|<<[ \t]*(?:file|ole object|message): .{1,200}>>|"
    r"\[(?:image|cid):? ?.{0,200}\]|-{2,} ?next part ?-{2,}|an html attachment was scrubbed.*|"
    r"a non-text attachment was scrubbed.*|name: .{1,100}\.\w{2,5}|"
    r"\[(?:non-text|text/html|image/\w+) .{0,200}\]|<[^>]{1,100}\.(?:docx?|xlsx?|pptx?|pdf|vcf|gif|jpe?g|png)>|"
    r" - .{1,80}\.(?:docx?|xlsx?|pptx?|pdf|vcf|gif|jpe?g|png|exe|zip|htm|txt))[ \t]*$",
    re.I,
)

# --- patches and logs ---------------------------------------------------------------------------------------------

PATCH_WORDS = words("diff -", "index: ", "---", "@@ -", "***", "======", "rcs file: ")
PATCH_START = re.compile(
    r"(?:diff --git |diff -[a-zA-Z]|Index: \S|--- [\w./]\S*(?:\s|$)|@@ -\d+|\*\*\* \S+\s+\w{3} |={60,}$|RCS file: )"
)
PATCH_BODY = re.compile(
    r"(?:[ +\-\\!\t@]|diff |index |Index: |={10,}|\*\*\*|new file|deleted file|old mode|new mode|similarity |rename |"
    r"copy |Binary |GIT binary|literal \d|delta \d|RCS file|retrieving |Property changes|Added: |Modified: |Only in |$)"
)
#: What `git format-patch` writes under its last `-- `.
GIT_VERSION = re.compile(r"\d{1,2}\.\d{1,3}(?:\.\d+)*(?: \(.{1,40}\)|[-.]\w+)*[ \t]*$")
DIFFSTAT_WORDS = words(" | ", " changed", " mode ")
DIFFSTAT = re.compile(
    r"[ \t]*(?:\S.{0,120}?[ \t]+\|[ \t]+(?:\d+[ \t]*[+\-]*|Bin\b.*)|\d+ files? changed\b.*|"
    r"(?:create|delete) mode \d+ .*)$"
)
#: A line of a log starts with one of these characters or words, or holds one of the marks of a compiler or a shell.
LOG_FIRST = frozenset("0123456789[(<#$%>")
LOG_STARTS = {
    start.lower(): start
    for start in (
        "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec ", "DEBUG", "INFO",
        "WARN", "WARNING", "ERROR", "FATAL", "TRACE", "NOTICE", "at ", "Caused by: ", "Traceback (", 'File "', "make: ",
        "make[", "gcc -", "cc -", "g++ -", "ld -", "ar -", "libtool", "checking ", "In [", "Out[",
    )
}  # fmt: skip
LOG_WORDS = words(*LOG_STARTS)
LOG_MARKS = words(": error", ": warning", ": note", ": fatal", ": undefined", "$ ", "# ")
LOG_LINE = re.compile(
    r"[ \t]*(?:"
    r"[\[(]?\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d:\d\d|"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d\d:\d\d:\d\d\b|"
    r"[\[<(]?\d\d:\d\d:\d\d(?:[.,]\d+)?[\]>)]?[ :]|"
    r"\[[ \d]{1,8}\.\d{3,6}\]|\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE|NOTICE)\]?[: ]|"
    r"at [\w.$<>]+\([\w.$: ]*\)|Caused by: |Traceback \(most recent|File \".{1,200}\", line \d+|"
    r"#\d{1,3} +(?:0x[0-9a-f]{4,}|[\w:~<>]+ ?\()|(?:0x)?[0-9a-f]{8,16}[ :][ 0-9a-f]{8,}|"
    r"\S{1,80}:\d+(?::\d+)?: (?:error|warning|note|fatal|undefined)\b|make(?:\[\d+\])?: |"
    r"(?:gcc|cc|g\+\+|ld|ar|libtool:?) -|[$#%] \S|[\w.-]+@[\w.-]+[:~ ].{0,60}[$#] |"
    r"checking (?:for|whether|how|if) .{1,120}\.\.\.|>>> |In \[\d+\]:|Out\[\d+\]:"
    r")"
)
BLOB_LINE = re.compile(r"[ \t]*[A-Za-z0-9+/=_%-]{50,}[ \t]*$")
