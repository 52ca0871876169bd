"""What servers say when they refuse a mail: the phrases of each reason, in lower case, on one line.

One pattern a line. A word in capitals stands for the many ways to say it. In languages other than English, only what
names the mailbox's or the sender's own trouble: a code beside it says the rest.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias
from unicodedata import normalize

from digest.bounces.local_words import LOCAL
from digest.bounces.our_words import OF_US, WORDS
from digest.bounces.vague_words import VAGUE

MANY = {
    "BOX": "mail ?box|inbox|account|users?|recipients?|(?<!ip )address(?:ee)?s?|e-?mail|member|customer|subscriber",
    "NOT": "do(?:es)? ?n[o']?t|is not|isn't|are not|has not|not|no longer|never",
    "REFUSED": "block|bann|list|reject|denied|prohibit|not (?:allowed|accepted|permitted)|poor|refus|suspicious"
    "|invalid|unknown",
    "NONE": "unknown|no such|invalid|illegal|bad|non-?existent|unrecogni[sz]ed|unroutea?ble|unallocated|unverified"
    "|forged",
    "ABSENT": "does ?n[o']?t exist|not exist|not found|could ?n[o']?t be found|cannot be found|un ?known|invalid"
    "|not (?:known|recogni[sz]ed|registered|listed|valid)|no longer (?:valid|exists?)|unallocated|undeliverable"
    "|n't have",
    "CLOSED": "disabled|suspend(?:ed)?|inactive|deactivated|locked|frozen|discontinued|closed|expired|dormant"
    "|terminated|not active|on hold",
    "FROM": "mail ?from|return[- ]path|envelope[- ](?:from|sender)|from:? ?(?:address|header|domain)|domain of sender",
    "OURS": "your|client|sending|source|this|originating|connecting",
}

# Said plainly enough to go before a code. The first that is found counts, so what is narrow comes first.
_PLAIN = {
    "disabled": r"""
        (?:blocked|closed|disabled) (?:due to|because of) inactivity
    """,
    "busy": r"""
        receiving (?:e-?mail|mail|messages?) (?:at a rate|too)|receiving (?:rate )?limit
        gr[ea]y-?list
    """,
    **OF_US,
    "mailbox-full": r"""
        over[- ]?quota
        (?:quota|storage|allocation).{0,30}(?:exceed|full|violation|reached)
        exceed\w{0,6}.{0,40}(?:quota|storage|allocation|disk space)
        BOX\b.{0,60}\b(?:is|was|are|too)? ?full\b
        mailbox (?:size limit|(?:has )?exceed|.{0,20}too large)|diskspace|overdrawn|number of messages in .{0,20}mailbox
        out of (?:storage|quota)
        (?:insufficient|not enough|no) .{0,20}(?:space|storage).{0,30}BOX
        BOX.{0,40}(?:insufficient|not enough|no) .{0,20}(?:space|storage)
        boite .{0,30}pleine|quota (?:depasse|superad|excedid)|一杯|いっぱい|容量.{0,6}超|超過
        已满|已滿|空间不足|가득|용량.{0,6}초과
        (?:voll|llen[oa]|pien[oa]|chei[oa]|pelna|plna|megtelt|dolu)\b|(?:postvak|mailbox|postbus) is vol\b
        (?:kontingent|speicher).{0,30}(?:uberschritten|erschopft)
        переполнен|превышен\w{0,3} .{0,30}(?:квот|объем|размер)
    """,
    "authentication": r"""
        \b(?:dmarc|dkim|spf|sender ?id|domain ?keys)\b
        unauthenticated
        not authenticated
        authentication (?:is )?(?:checks? fail|required|failed)
        pass .{0,30}authentication
        allow sending mails? from
        spoof(?:ed|ing)
    """,
    "reputation": r"""
        (?:block|black|deny|bad)[- ]?list
        blocked (?:using|by [\w-]{1,63}\.[\w.-]{1,120}|for (?:spam|abuse))
        \b(?:dnsbl|rbl|xbl|pbl|sbl|dbl|bl\d\d)\b
        spamhaus|spamcop|sorbs|barracuda|cloudmark|senderbase|senderscore
        reputation
        reverse[- ]?(?:dns|lookup|host|ip|name)|\bptr\b|\brdns\b
        (?:resolve|find|verify) your (?:host|ip|server|domain|address)
        OURS (?:smtp |mail )?(?:ip|host|server|network|mta)\b.{0,60}REFUSED
        banned sending
        messages from [\[\]\w.:-]{1,60} (?:weren|were|are|temporarily)
        (?:volume|user) complaints
        unusual rate of
        unsolicited|\bbulk (?:mail|e-?mail)
        too (?:much|many) (?:spam|unwanted)
        sent to too many
        sender (?:frequency|intelligence)
        spam sender
        ip.{0,20}bloqu
        (?:dynamic|residential) (?:ip|address)
        connections? (?:from .{0,40})?(?:not|will not be) (?:accepted|allowed)
        not accepting connections
        (?:ehlo|helo) .{0,60}(?:listed|reject|invalid|refus|failed|not exist|unknown|not found)
        ip address.{0,30}\b(?:in|on)\b.{0,30} list
        daily relay quota
        (?:dns|mx)\b.{0,20} resource record
        abuse\. go away
        your access .{0,60}(?:reject|denied|block|revok)|\blisted (?:at|by|in|on) [\w-]{1,63}\.[\w.-]{2,120}
        sperrliste|(?:liste|lista|lijst) (?:noire|nera|negra|de bloque[io]o?)|zwarte lijst|черн\w{2,3} спис
        黑名单|黑名單|ブラックリスト|차단 ?목록|블랙리스트
    """,
    "spam": r"""
        \b(?:(?:anti-?)?spam\w{0,12}|ube|uce|junk|phish\w{0,8}|virus(?:es)?|malware|infected|trojan|worm)\b
        suspicious due to the nature of the content
    """,
    "too-big": r"""
        \b(?:message|mail|size|line|length|header)s?(?![.\w]).{0,40}(?:too (?:big|large)|exceed|larger than)
        \b(?:line|header|subject)s? .{0,20}too long
        size limit
        exceed\w{0,6}.{0,40}(?:message|mail|line|fixed)[ -]?(?:size|length)
        line limit exceeded
        too large
        max(?:imum)? (?:message |mail )?size
    """,
    "relaying": r"""
        relay(?:ing)?(?: access| is)? (?:denied|prohibited|disallowed|not (?:permitted|allowed))
        (?:not|unable|denied|refuse|n't|no|cannot|open|as a) ?(?:permit(?:ted)? |allow(?:ed)? )?(?:to )?relay
        allowed rcpthosts
        not (?:a )?(?:local (?:domain|host)|gateway)
    """,
    "sender ": r"""
        sender(?:'s)? ?(?:e-?mail |mail )?(?:address|domain)?(?: is| was| has been)? ?(?:REFUSED|not|verif|unroutable)
        NONE (?:envelope )?(?:sender|from|return.?path)
        FROM.{0,60}(?:REFUSED|ABSENT|missing|not? )
        after mail from.{0,90}(?:NONE|ABSENT|denied|not accepted)
        blocked senders
        envelope blocked
        emetteur invalide
        LOCALSENDER.{0,40}LOCALNOT
        send(?:ing)? (?:mail )?as\b
    """,
    "system": r"""
        (?:system|server|service) (?:is )?(?:currently )?not accepting (?:network )?(?:mail|messages?)\
            |system not accepting
        insufficient (?:system )?(?:resources|storage)
    """,
    "takes-no-mail": r"""
        null ?mx
        (?:host|domain|it)\b.{0,60}NOT (?:accept|receive|take)s? (?:any )?(?:mail|messages?|e-?mail)\b(?! from)
        type=mx: malformed or unexpected name server reply
    """,
    "refused": r"""
        (?:recipient|user|content|personal|spam) ?(?:filter|preference|rule|setting)s?\b
        (?:rejected|blocked|refused|denied|filtered) by (?:the )?(?:recipient|addressee|user|filter|content\
            |firewall|gateway)
        (?:only|NOT) accepts? (?:mail|messages|e-?mail) (?:only )?from (?:you|un|stranger|known|authori|internal\
            |member|white|trusted)
        challenge[/ -]response|not (?:on|in) (?:the |my |our |an? )?(?:white|allow|safe|approved)[ -]?list|firewall
    """,
    "network": r"""
        mail loop|too many hops|(?:not found|unknown).{0,20}(?:try|retry) again
        (?:temporary|temporarily|transient) (?:name|dns|lookup|resolution|network|domain)|servfail|server failure
        (?:name ?server|dns|lookup|resolv\w{0,5})\b.{0,30}(?:time|try again|temporar|loop)|try again.{0,30}(?:dns\
            |lookup|name)
        connect(?:ion|ing)?\b.{0,40}(?:refused|timed out|reset|lost|dropped)|(?:network|host) (?:is )?unreachable\
            |no route
    """,
    "moved": r"""
        BOX.{0,40}ha(?:s|ve) moved
        moved to (?:another|a new)
        no forwarding
        BOX (?:is )?no longer (?:on|at|here|with|works|employed|available|in use)
        user has left|\bleft the (?:company|organi[sz]ation|firm|university|institut)
        nicht mehr (?:bei uns|im unternehmen|fur uns)|ne (?:travaille|fait) plus|a quitte (?:la|notre|l')
        address (?:has )?changed|has been replaced by
    """,
    "disabled ": r"""
        BOX.{0,60}\bCLOSED\b
        BOX.{0,30}NOT (?:accept|receive|tak)(?:s|e|es|ing)? (?:any )?(?:new )?(?:mail|messages?|e-?mails?)\b(?! from)
        (?:postfach|konto|compte|cuenta|conta|account|casella|почтов|ящик).{0,30}(?:deaktiviert|gesperrt|desactive|suspendu\
            |deshabilitad|desactivad|disattivat|sospes|заблокирован|отключен)
        \bCLOSED BOX
        rejected: inactive
    """,
    "busy ": r"""
        too (?:many(?! hops)|fast|quickly|frequent)\b
        rate[- ]?limit|throttl
        (?:excessive|unexpected) volume
        limit for the number of messages
        verification in progress
        max(?:imum)? (?:number of )?(?:message|connection)s?\b
        (?:try|come|send) (?:your message )?(?:again |back )?(?:later|in \d|after)
    """,
    "no-such-user": r"""
        NONE (?:or NONE )?(?:(?:local|remote|virtual|destination|final) )?(?:BOX|person|local[- ]part|alias|name)
        BOX\b[^;]{0,90}ABSENT
        NOT have an? .{0,30}(?:account|mailbox)
        \bno (?:valid |local )?(?:mail ?box|account|recipients?|user|person)\b(?: here| by| with| of| found| at| for)
        not (?:a |our |my )(?:known |valid )?BOX
        is no longer valid
        not in .{0,20}(?:recipient|user) (?:list|table)
        not a valid .{0,20}(?:address|recipient|mailbox|user)
        5\.5\.0 .{0,60}mailbox unavailable
        LOCALNONE
        recip(?:ient)?notfound|nosuchuser|misspelled
        (?:destinataire|adresse)\b.{0,40}(?:invalide|inconnu)
        check if address is correct
        \b[45]\.1\.0 .{0,12}address rejected
        (?:unable|failed) to (?:validate|verify) (?:the )?recipient|account (?:is )?not available
        recipient (?:address )?(?:verification fail|(?:cannot|can't|could not) be verified)
        5\.4\.1 .{0,120}rejected ?: ?access denied
    """,
    "no-such-domain": r"""
        (?:host|domain|system|mx)(?: name| or domain name)?(?: is| was)? ?(?:NONE|not found|lookup failed)
        (?:host|domain)\b.{0,60}(?:does ?n[o']?t exist|not found|could ?n[o']?t be found|cannot be resolved)
        has no (?:mx|mail)\b
        NONE (?:mail )?(?:host|domain|destination)
        find (?:any host|a mail exchanger)|mx records point to non-?existent|no data record of requested type
        \b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8} does not exist
        nxdomain|blank mailhost|domain is not reachable
        \bno (?:mx\b|mail exchanger)
    """,
    "expired": r"""
        (?:message|mail|delivery|retry)\b.{0,30}(?:expired|time ?out|timed out)
        retry (?:time|attempts)
        giving up
        deliver(?:ed)? .{0,40}(?:for|within|after|in) (?:the last )?\d
        undeliver\w{1,8} (?:for|within|after)
        in the queue too long|not going to try|delivery failed \d{1,6} attempts|queue\.expired
        time limit|delivery time
    """,
    "refused ": r"""
        recipient address(?:es)? rejected ?: ?access denied
    """,
    "policy": r"""
        \bpolic(?:y|ies)\b
    """,
    "network ": r"""
        connect(?:ion|ing)?(?: was| to \S{1,120})? ?(?:refused|timed out|reset|lost|dropped|closed|failed|aborted|died)
        (?:network|host|server) (?:is )?(?:unreachable|down|not responding)
        no route|network error
        un(?:able)? to (?:connect|establish)
        (?:could|can|did) ?n[o']?t (?:connect|establish|accept our)
        timed? ?out
        \bloop(?:s|ed|ing)?\b|too many hops|hop count|maximum allowed times
        dns (?:error|lookup|fail)|name ?server|lookup (?:failure|failed)
        lost connection|bad connection|no answer
    """,
}

ACCENT = re.compile("[\u0300-\u036f]")
# Each reason, and what shows it.
Phrases: TypeAlias = tuple[tuple[str, re.Pattern[str]], ...]
# Longer names first: each word is spelt out by itself.
NAMES = dict(sorted((MANY | WORDS | LOCAL).items(), key=lambda named: -len(named[0])))


@cache
def plain() -> Phrases:
    """The phrases that are plain, in order. Compiling them takes as long as importing ten modules: at first use."""
    return _compiled(_PLAIN)


@cache
def vague() -> Phrases:
    """The phrases that a code knows better than, in order."""
    return _compiled(VAGUE)


def _compiled(table: dict[str, str]) -> Phrases:
    # A long pattern goes on below its backslash.
    return tuple(
        (reason.strip(), _one_of(re.sub(r"\\\n\s*", "", lines).split("\n"))) for reason, lines in table.items()
    )


def _one_of(lines: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(_spelt_out(line.strip()) for line in lines if line.strip()))


def _spelt_out(line: str) -> str:
    # A word may be made of others.
    for _ in range(2):
        line = _named(line)
    return _without_accents(line)


def folded(text: str) -> str:
    """Lower case without accents: servers write them or not, and in encodings that lose them."""
    return _without_accents(text.lower())


def _without_accents(text: str) -> str:
    return text if text.isascii() else normalize("NFC", ACCENT.sub("", normalize("NFD", text)))


def _named(line: str) -> str:
    return re.sub("|".join(NAMES), lambda word: f"(?:{NAMES[word[0]]})", line)
