"""The line patterns by which mail programs mark words as not the writer's own, in the languages of their users."""

from __future__ import annotations

import re

from extract.page import words

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
WROTE_WORDS = words(*WROTE)
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
    r"(?:.{1,80}[ (<])?[^\s<>@]+@[^\s<>@]+[>)]?(?: \([^)]*\))? (?:changed|has changed|updated|commented):?[ \t]*$", re.I
)
UPDATED = re.compile(
    r".{1,80} (?:updated|commented on|resolved|closed|reopened|assigned|created|edited) .{1,80}:[ \t]*$", re.I
)
#: A list or a form that says on the first line whose message it passes on: `Message from: "NAME" <address>`.
PASSED_ON = re.compile(
    r"(?:\S+ ){0,3}(?:from|by|von|van|de|di|od|fra|från|от) ?: ?\"?[^\"<>@]{1,60}\"? <[^<>\s@]+@[^<>\s]+>$", re.I
)
#: The line that git-format-patch puts above a mailed patch.
FORMAT_PATCH = re.compile(r"From [0-9a-f]{40} \w{3} \w{3} +\d{1,2} [\d:]{8} \d{4}$")
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
QUOTING_WORDS = words("quoting", "zitat von", "citando", "citerar", "citeren")
QUOTING = re.compile(r"(?:Quoting|Zitat von|Citando|Citerar|Citeren) .{2,120}:$", re.I)

# --- forwarded and original messages ------------------------------------------------------------------------------

_ORIGINAL = (
    "original message", "original appointment", "ursprüngliche nachricht", "ursprungliche nachricht",
    "ursprünglicher termin", "originalnachricht", "message d'origine", "message original", "mensaje original",
    "mensagem original", "messaggio originale", "oorspronkelijk bericht", "oorspronkelijke bericht",
    "originele bericht", "opprinnelig melding", "original meddelelse", "oprindelig meddelelse",
    "oprindelig besked", "opprinnelig e-post", "original e-mail", "original email",
    "ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti", "wiadomość oryginalna",
    "oryginalna wiadomość", "původní zpráva", "исходное сообщение", "пересылаемое сообщение",
    "оригинальное сообщение", "özgün ileti", "orijinal mesaj", "eredeti üzenet", "mesaj original", "originalbesked",
    "原始邮件", "邮件原件", "原始郵件", "元のメッセージ", "원본 메시지",
    "reply message", "reply separator", "replied message",
)  # fmt: skip
_FORWARDED = (
    "forwarded message", "forwarded by", "begin forwarded message", "start of forwarded message",
    "inline attachment follows", "weitergeleitete nachricht", "weitergeleitet von",
    "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "message transféré",
    "début du message transféré", "début du message réexpédié", "transféré par", "mensaje reenviado", "reenviado por",
    "inicio del mensaje reenviado", "mensagem encaminhada", "mensagem reencaminhada",
    "início da mensagem encaminhada", "início da mensagem reencaminhada", "messaggio inoltrato", "inoltrato da",
    "inizio messaggio inoltrato", "doorgestuurd bericht", "begin doorgestuurd bericht", "videresendt meddelelse",
    "videresendt besked", "videresendt e-post",
    "videresendt melding", "videresendt af", "vidarebefordrat meddelande", "vidarebefordrat mail",
    "vidarebefordrade brev", "välitetty viesti", "przekazana wiadomość", "přeposlaná zpráva",
    "перенаправленное сообщение", "пересланное сообщение", "начало переадресованного сообщения", "iletilmiş mesaj",
    "továbbított üzenet", "mesaj redirecționat", "转发的邮件", "轉寄郵件", "転送メッセージ", "전달된 메시지",
    "下面是被转发的邮件", "original message follows", "forwarded mail",
)  # fmt: skip
_ORIGINALS, _FORWARDS = "|".join(map(re.escape, _ORIGINAL)), "|".join(map(re.escape, _FORWARDED))
ORIGINAL = re.compile(
    rf"[ \t]*[-_=*~]{{2,}}[ \t]*(?:{_ORIGINALS})\b.*$|[ \t]*(?:{_ORIGINALS})[ \t]*[:：]?[ \t]*[-_=*~]{{0,}}$", re.I
)
FORWARDED = re.compile(
    rf"[ \t]*[-_=*~<]{{2,}}[ \t]*(?:{_FORWARDS})\b.*$|[ \t]*(?:{_FORWARDS})[ \t]*[:：]?[ \t]*$", re.I
)
ORIGINAL_WORDS = words(*_ORIGINAL, *_FORWARDED)
#: Every line by which a tracker repeats somebody holds one of these.
NOTICE_WORDS = words("comment", "changed", "updated", "resolved", "closed", "reopened", "assigned", "created", "edited")
#: A rule that Outlook draws above the header block of the quoted mail.
RULE = re.compile(r"[ \t]*(?:_{5,}|-{5,}|={5,}|\*{5,}|~{5,}|[─━―—]{3,})[ \t]*$")

# --- header blocks inside a body ----------------------------------------------------------------------------------

_H_FROM = (
    r"from|von|de|da|van|od|от|от кого|від|från|fra|lähettäjä|feladó|kimden|gönderen|expéditeur|de la|"
    r"nadawca|odesílatel|odosielateľ|expeditor|από|发件人|寄件者|差出人|보낸 사람"
)
_H_DATE = (
    r"sent|date|gesendet|datum|envoyé|enviado|enviado el|enviada em|data|fecha|inviato|verzonden|wysłano|odesláno|"
    r"дата|отправлено|skickat|sendt|dato|lähetetty|päivämäärä|elküldve|dátum|gönderme tarihi|tarih|发送时间|日期|"
    r"寄件日期|送信日時|日時|날짜|보낸 날짜|надіслано|received|sent at|när|sendt den|gesendet am|"
    r"date d'envoi|envoyé le|message du|enviado em|wysłane|odoslané|trimis|ημερομηνία|傳送時間"
)
_H_TO = (
    r"to|an|à|a|para|per|aan|do|komu|кому|till|til|vastaanottaja|címzett|kime|bilgi|收件人|收件者|宛先|받는 사람|către|"
    r"reply-to|antwort an|répondre à|προς"
)
_H_CC = r"cc|bcc|kopie|copie|copie à|copia|dw|копия|копія|kopia|kopi|抄送|副本"
_H_SUBJECT = (
    r"subject|betreff|objet|asunto|assunto|oggetto|onderwerp|temat|předmět|тема|ämne|emne|aihe|tárgy|konu|主题|"
    r"主旨|件名|제목|subiect|sujet|predmet|θέμα|re"
)
_H_OTHER = (
    r"importance|priority|attachments|organization|sender|message-id|in-reply-to|references|newsgroups|"
    r"mime-version|content-type|content-transfer-encoding|received|return-path|user-agent|"
    r"sensitivity|attachment|anlage|anlagen|pièces jointes|wichtigkeit|prioriteit|delivered-to|"
    r"return-receipt-to|"
    r"reply to|followup-to|keywords|envelope-to|authentication-results|dkim-signature|thread-topic|thread-index"
)


def _names(alternatives: str, field: str) -> dict[str, str]:
    return dict.fromkeys(alternatives.split("|"), field)


#: Field of a header line by its name in small letters; the first meaning of a name counts.
HEADER_FIELDS = {
    **_names(_H_OTHER, "other"),
    **_names(_H_TO, "to"),
    **_names(_H_CC, "cc"),
    **_names(_H_DATE, "date"),
    **_names(_H_SUBJECT, "subject"),
    **_names(_H_FROM, "from"),
}
#: Names of fields that vary in their second half.
HEADER_PREFIXES = ("x-", "list-", "resent-")
#: The longest name of a field, with room for the stars of bold type.
HEADER_NAME_MAX = 40
#: The date line of a Lotus Notes header block, which names no field: `02/17/2000 10:43 AM`.
NOTES_DATE = re.compile(
    r"[ \t>]*(?:.{0,60}[ \t])?\d{1,4}[./-]\d{1,2}[./-]\d{2,4}[ \t,]+\d{1,2}:\d{2}(?::\d{2})?(?:[ \t]*[AP]M)?"
    r"(?:[ \t]+[A-Z]{2,4})?[ \t]*$",
    re.I,
)
