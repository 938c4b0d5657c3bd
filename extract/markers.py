"""The line patterns by which mail programs mark words as not the writer's own, in the languages of their users."""

from __future__ import annotations

import re

# --- quotation marks ---------------------------------------------------------------------------------------------

#: `> text`, `>> text`, initials as in `JD> text`, the full-width form, and a mark after a single space or two.
QUOTE_MARK = re.compile(r"[ \t]{0,3}(?:[>＞]|[A-Z][A-Za-z]{0,3}>(?=[\s>]|$))")
#: Older programs: a bar or a colon at the start of several lines in a row. A closing bar makes it a table.
BAR_MARK = re.compile(r"[ \t]?(?:\|(?!.*\|[ \t]*$)|:[ \t])")

# --- attributions ------------------------------------------------------------------------------------------------

#: Verbs of writing, as they end an attribution or stand inside it.
WROTE = (
    "wrote", "writes", "said", "schrieb", "schreibt", "a écrit", "écrit", "ecrit", "écrivait", "escribió", "escribio",
    "escribiste", "ha scritto", "scrisse", "geschreven", "schreef", "napisał", "napisała", "napisał(a)", "napisal",
    "napisal(a)", "napsal", "napsala", "napsal(a)", "napísal", "napísal(a)", "написал", "написала", "написал(а)",
    "пишет", "писал", "писал(а)", "написав", "пише", "написа", "skrev", "skreiv", "kirjoitti", "escreveu", "yazdı",
    "írta", "a scris", "έγραψε", "rašė", "je napisao", "je napisala", "je napisao/la", "כתב", "כתבה", "كتب", "viết",
    "写道", "寫道", "写到", "寫到", "さんは書きました", "が書き込みました", "님이 작성", "작성",
)  # fmt: skip
WROTE_INSIDE = re.compile(r"(?:^|[\s>,\"'])(?:" + "|".join(map(re.escape, WROTE)) + r")(?=[\s:：,]|$)", re.I)
#: The last line of an attribution that was wrapped inside its angle brackets is no quotation: `> wrote:`.
WRAPPED_VERB = re.compile(r"[>＞] ?(?:" + "|".join(map(re.escape, WROTE)) + r")[ \t]*[:：]?[ \t]*$", re.I)
#: A line that is an attribution by itself: `Maren Holt wrote:`.
NAME_WROTE = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,4},? (?:wrote|writes|said|schrieb)[ \t]*:$", re.U)
DATED_START = re.compile(r"[-*\s]{0,6}(?:On|Am|Le|El|Il|Op|Dnia|W dniu|Dne|Den|På|Em|In|At|Quoting) ")
#: Short forms that count only right above marked lines: `According to NAME:`, `From NAME:`.
SOURCE_START = re.compile(r"(?:According to|From|Quoting|Laut|Selon|Según|Secondo|Volgens|Enligt) .{2,60}[:：]$")
#: What trackers write above somebody's comment or change.
COMMENT_FROM = re.compile(r"[ \t]*-{2,} ?(?:Additional )?Comment(?: #?\d+)?(?: from| by|s from) .{2,160}$", re.I)
CHANGED = re.compile(
    r".{1,80}[ (<][^\s<>@]+@[^\s<>@]+[>)]?(?: \([^)]*\))? (?:changed|has changed|updated|commented):?[ \t]*$", re.I
)
UPDATED = re.compile(
    r".{1,80} (?:updated|commented on|resolved|closed|reopened|assigned|created|edited) .{1,80}:[ \t]*$", re.I
)
RESPOND_TO = re.compile(r"[ \t]*Please respond to\b", re.I)
#: How a dated attribution starts: a preposition, a weekday, a date, a quoted name or an address.
ATTRIBUTION_START = re.compile(
    r"[-*\s>]{0,6}(?:(?:On|Am|Le|El|Il|Op|Dnia|W dniu|Dne|Den|På|Em|Vào|Pada|V|Στις|În|Kl|At|Quoting|Zitat von|In|"
    r"Em qua|Tarih|Dana|Il giorno|Il dom|Begin|From|Le|\w{2,14}[,.]) |\d{1,4}[-./年 ]|\[?\d{1,2}[:.]|在|于|\"|<|\w+ )",
    re.I,
)
DATE_HINT = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-](?:\d{2}|\d{4})\b|\d年|\d월", re.I
)
ADDRESS_HINT = re.compile(r"[^\s<>@]+@[^\s<>@]+|<[^<>\s]*>|\bmailto:", re.I)
#: Forum and news forms: `alstein;254954 Wrote:`, `Quoting X <x@y>:`, `X <x@y> wrote:`.
QUOTING = re.compile(r"(?:Quoting|Zitat von|Citando|Citerar|Citeren) .{2,120}:$", re.I)

# --- forwarded and original messages ------------------------------------------------------------------------------

_ORIGINAL = (
    r"original message|original appointment|ursprüngliche nachricht|ursprungliche nachricht|ursprünglicher termin|"
    r"originalnachricht|message d'origine|message original|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|oorspronkelijke bericht|originele bericht|opprinnelig melding|original meddelelse|"
    r"oprindelig meddelelse|ursprungligt meddelande|originalmeddelande|alkuperäinen viesti|wiadomość oryginalna|"
    r"oryginalna wiadomość|původní zpráva|исходное сообщение|пересылаемое сообщение|оригинальное сообщение|"
    r"özgün ileti|orijinal mesaj|eredeti üzenet|mesaj original|originalbesked|原始邮件|邮件原件|原始郵件|"
    r"元のメッセージ|"
    r"원본 메시지|reply message|reply separator|replied message"
)
_FORWARDED = (
    r"forwarded message|forwarded by|begin forwarded message|start of forwarded message|inline attachment follows|"
    r"weitergeleitete nachricht|weitergeleitet von|anfang der weitergeleiteten (?:nachricht|e-mail)|"
    r"message transféré|début du message (?:transféré|réexpédié)|transféré par|mensaje reenviado|reenviado por|"
    r"inicio del mensaje reenviado|mensagem encaminhada|mensagem reencaminhada|início da mensagem (?:encaminhada|"
    r"reencaminhada)|messaggio inoltrato|inoltrato da|inizio messaggio inoltrato|doorgestuurd bericht|"
    r"begin doorgestuurd bericht|videresendt meddelelse|videresendt melding|videresendt af|vidarebefordrat meddelande|"
    r"vidarebefordrat mail|vidarebefordrade brev|välitetty viesti|przekazana wiadomość|přeposlaná zpráva|"
    r"перенаправленное сообщение|пересланное сообщение|начало переадресованного сообщения|iletilmiş mesaj|"
    r"továbbított üzenet|mesaj redirecționat|转发的邮件|轉寄郵件|転送メッセージ|전달된 메시지|下面是被转发的邮件|"
    r"original message follows|forwarded mail"
)
ORIGINAL = re.compile(
    rf"[ \t]*[-_=*~]{{2,}}[ \t]*(?:{_ORIGINAL})\b.*$|[ \t]*(?:{_ORIGINAL})[ \t]*[:：]?[ \t]*[-_=*~]{{0,}}$", re.I
)
FORWARDED = re.compile(
    rf"[ \t]*[-_=*~<]{{2,}}[ \t]*(?:{_FORWARDED})\b.*$|[ \t]*(?:{_FORWARDED})[ \t]*[:：]?[ \t]*$", re.I
)
#: A rule that Outlook draws above the header block of the quoted mail.
RULE = re.compile(r"[ \t]*(?:_{5,}|-{5,}|={5,}|\*{5,}|~{5,}|[─━―—]{3,})[ \t]*$")

# --- header blocks inside a body ----------------------------------------------------------------------------------

_H_FROM = (
    r"from|von|de|da|van|od|от|от кого|від|från|fra|lähettäjä|feladó|kimden|gönderen|expéditeur|de la|"
    r"发件人|寄件者|差出人|보낸 사람"
)
_H_DATE = (
    r"sent|date|gesendet|datum|envoyé|enviado|enviado el|enviada em|data|fecha|inviato|verzonden|wysłano|odesláno|"
    r"дата|отправлено|skickat|sendt|dato|lähetetty|päivämäärä|elküldve|dátum|gönderme tarihi|tarih|发送时间|日期|"
    r"寄件日期|送信日時|日時|날짜|보낸 날짜|надіслано|received|sent at|när|sendt den|gesendet am|date d'envoi"
)
_H_TO = (
    r"to|cc|bcc|an|kopie|à|cc|a|para|per|aan|do|dw|dla|komu|кому|копия|till|kopia|til|kopi|vastaanottaja|címzett|"
    r"kime|bilgi|收件人|抄送|收件者|宛先|받는 사람|către|reply-to|antwort an|répondre à"
)
_H_SUBJECT = (
    r"subject|betreff|objet|asunto|assunto|oggetto|onderwerp|temat|předmět|тема|ämne|emne|aihe|tárgy|konu|主题|"
    r"主旨|件名|제목|subiect|re"
)
_H_OTHER = (
    r"importance|priority|attachments?|organization|reply-to|sender|message-id|in-reply-to|references|newsgroups|"
    r"mime-version|content-type|content-transfer-encoding|x-[\w-]+|received|return-path|user-agent|list-[\w-]+|"
    r"sensitivity|attachment|anlagen?|pièces jointes|wichtigkeit|prioriteit|resent-[\w-]+|delivered-to|"
    r"return-receipt-to|"
    r"reply to|followup-to|keywords|envelope-to|authentication-results|dkim-signature|thread-topic|thread-index"
)


def _header(words: str) -> re.Pattern[str]:
    return re.compile(rf"[ \t]*\*{{0,2}}(?:{words})[ \t]*\*{{0,2}}[ \t]*[:：]\*{{0,2}}(?!//)(?:[ \t ]|$|(?=\S))", re.I)


HEADER_FROM = _header(_H_FROM)
HEADER_DATE = _header(_H_DATE)
HEADER_TO = _header(_H_TO)
HEADER_SUBJECT = _header(_H_SUBJECT)
HEADER_OTHER = _header(_H_OTHER)
#: The date line of a Lotus Notes header block, which names no field: `02/17/2000 10:43 AM`.
NOTES_DATE = re.compile(
    r"[ \t>]*(?:.{0,60}[ \t])?\d{1,4}[./-]\d{1,2}[./-]\d{2,4}[ \t,]+\d{1,2}:\d{2}(?::\d{2})?(?:[ \t]*[AP]M)?"
    r"(?:[ \t]+[A-Z]{2,4})?[ \t]*$",
    re.I,
)

# --- signatures and footers ---------------------------------------------------------------------------------------

SIGNATURE = re.compile(r"--[  \t]*$|—[ \t]*$|__[ \t]*$|-{2,3}[ \t]*$")
SENT_FROM = re.compile(
    r"[ \t]*[\[(*_]{0,2}(?:"
    r"sent (?:from|with|via|using) (?:my|the|a|an|mobile|outlook|mail|yahoo|proton|windows|samsung|android|ipad|"
    r"iphone|blackberry|nine|spark|airmail|mailspring|superhuman|aqua|gmail|thunderbird|aol)\b.{0,60}|"
    r"sent from .{0,40}(?:phone|device|tablet|mobile|ipad|blackberry|droid|galaxy|handheld|treo|palm)\b.{0,40}|"
    r"get outlook for (?:ios|android)\b.*|von meinem .{2,30} gesendet.*|gesendet (?:von|mit|über) .{2,60}|"
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
    r"hilsener|mvh|pozdrawiam|pozdrowienia|s pozdravem|с уважением|üdvözlettel|saygılarımla|terveisin|"
    r"atenciosamente|abraços|br|rgds|kr|thx|ttyl|xoxo|tot ziens|ciao|thanks|thank you|many thanks|thanks again|"
    r"thanks in advance|thanks and regards|thanks & regards|danke|merci|gracias|grazie|bedankt|tack|tak|takk|"
    r"best|love|later)(?: you| cordiales| cordiaux)?[ \t]*[,.!;~-]*[ \t]*$",
    re.I,
)
#: Contact data, as in the lines under a name.
CONTACT = re.compile(
    r"https?://|www\.|[^\s@]+@[^\s@]+\.\w|\+?\(?\d{2,5}\)?[ \-./]{0,2}\d{2,5}[ \-./]\d{2,}|"
    r"\b(?:tel|fax|phone|mobile|cell|office|direct|voice|pager|skype|mob|fon|telefon|handy|gsm|icq|pgp|gpg|"
    r"fingerprint|ext)\b[ .:#)]|\(?[wofmpht]\)[ .:]?\+?\d",
    re.I,
)
LIST_FOOTER = re.compile(
    r"\b(?:mailing list|mailinglist|listinfo|unsubscribe|abmelden|désinscri|desinscri|désabonner|"
    r"cancelar.{0,20}suscrip|"
    r"you (?:received|are receiving) this (?:message|e-?mail|mail)|google groups|groups\.google|yahoo! groups|"
    r"yahoogroups|to post to this|for additional commands|list archives?|subscription|list-manager|"
    r"majordomo|reply to this email directly|view it on github|view this thread|this sf\.?net email|sponsored by|"
    r"your use of yahoo|to subscribe|manage your|email preferences|notification settings|opt.?out|"
    r"forum\.php|showthread|powered by|virus|scanned (?:by|for)|avast|avg\b)",
    re.I,
)
DISCLAIMER = re.compile(
    r"\b(?:intended (?:only |solely |exclusively )?(?:for|recipient)|confidential|privileged|disclos(?:e|ure)|"
    r"received (?:this|it) (?:e-?mail |message |communication |transmission )?(?:in error|by mistake)|"
    r"unauthori[sz]ed|prohibited|views (?:expressed|or opinions)|not (?:necessarily )?represent|disclaimer|"
    r"notify (?:the sender|us|me)|delete (?:it|this|the|all)|registered (?:in|office|number)|"
    r"vertraulich|unbefugt|irrtümlich|adressat|confidentiel|destinataire|par erreur|confidencial|destinatario|"
    r"por error|riservat|per errore|vertrouwelijk|geadresseerde|förtrolig|fortrolig|poufn|důvěrn|конфиденциальн|"
    r"consider the environment|before printing|caution:|external (?:e-?mail|sender)|originated (?:from )?outside)",
    re.I,
)
PGP_BEGIN = re.compile(r"-----BEGIN PGP (?:SIGNED MESSAGE|SIGNATURE|PUBLIC KEY BLOCK|MESSAGE)-----")
PGP_END = re.compile(r"-----END PGP ")
ATTACHMENT_NOTE = re.compile(
    r"[ \t]*(?:\(?see attached file: .{1,200}\)?|<<[ \t]*(?:file|ole object|message): .{1,200}>>|"
    r"\[(?:image|cid):? ?.{0,200}\]|-{2,} ?next part ?-{2,}|an html attachment was scrubbed.*|"
    r"a non-text attachment was scrubbed.*|name: .{1,100}\.\w{2,5}|"
    r"\[(?:non-text|text/html|image/\w+) .{0,200}\]|<[^>]{1,100}\.(?:docx?|xlsx?|pptx?|pdf|vcf|gif|jpe?g|png)>|"
    r" - .{1,80}\.(?:docx?|xlsx?|pptx?|pdf|vcf|gif|jpe?g|png|exe|zip|htm|txt))[ \t]*$",
    re.I,
)

# --- patches and logs ---------------------------------------------------------------------------------------------

PATCH_START = re.compile(
    r"(?:diff --git |diff -[a-zA-Z]|Index: \S|--- [\w./]\S*(?:\s|$)|@@ -\d+|\*\*\* \S+\s+\w{3} |={60,}$|RCS file: )"
)
PATCH_BODY = re.compile(
    r"(?:[ +\-\\!\t@]|diff |index |Index: |={10,}|\*\*\*|new file|deleted file|old mode|new mode|similarity |rename |"
    r"copy |Binary |GIT binary|literal \d|delta \d|RCS file|retrieving |Property changes|Added: |Modified: |Only in |$)"
)
#: What `git format-patch` writes under its last `-- `.
GIT_VERSION = re.compile(r"\d{1,2}\.\d{1,3}(?:\.\d+)*(?: \(.{1,40}\)|[-.]\w+)*[ \t]*$")
FORMAT_PATCH = re.compile(r"From [0-9a-f]{40} \w{3} \w{3} +\d{1,2} [\d:]{8} \d{4}$")
DIFFSTAT = re.compile(
    r"[ \t]*(?:\S.{0,120}?[ \t]+\|[ \t]+(?:\d+[ \t]*[+\-]*|Bin\b.*)|\d+ files? changed\b.*|"
    r"(?:create|delete) mode \d+ .*)$"
)
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
