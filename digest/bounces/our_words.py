"""What relays and servers say of us: of our rate, our quota, our account and our sender, and never of the reader.

They come before all other phrases, because they speak of quotas, addresses and accounts as those of readers do.
One pattern a line; the words in capitals are those of `words`.
"""

from __future__ import annotations

WORDS = {
    "PERIOD": "daily|hourly|monthly|per[- ](?:day|hour|minute|month)|today|24[- ]?hours?",
    "OUTGOING": "sending|outgoing|outbound|relay(?:ing)?|send|smtp|submission|transmission",
    "LIMIT": "quotas?|limits?|credits?|allowance|threshold",
    "SENDER": r"senders?(?:'s)?(?! policy| id| intelligence| frequency)|mail ?from\b|return[- ]path"
    r"|envelope[- ](?:from|sender)|(?:the |your )?from[: ]{1,3}(?:e-?mail )?(?:address|header|domain)"
    r"|your (?:sending |e-?mail |mail |from )?(?:domain|address)",
    # What stands between a sender and what is said of it, while nobody else is spoken of.
    "NEAR": r"(?:(?!recipient|rcpt|mailbox|user\b|account you|spf|dkim|dmarc|spam|block|list|reputation).){0,50}",
}

OF_US = {
    "quota": r"""
        (?:PERIOD|OUTGOING)\b.{0,40}\bLIMIT\b.{0,40}(?:exceed|reach|used|hit|over)
        (?:exceed|reach|hit|over)\w{0,6}\b.{0,40}(?:PERIOD|OUTGOING)\b.{0,30}\b(?:LIMIT|max)
        LIMIT\b.{0,20}(?:PERIOD).{0,30}(?:exceed|reach|used up|hit)
        (?:exceed|reach)\w{0,6}\b.{0,40}\b(?:e-?mails|messages|mails|recipients) per (?:hour|day|minute|month)
        (?:exceed|reach|hit)\w{0,6}\b.{0,30}\b(?:message|recipient|sending|e-?mail|mail) limit
        limit for (?:message )?recipients|recipient limit (?:exceed|reach)
        \bcredits?\b.{0,20}(?:exceed|exhaust|insufficient|used)|(?:insufficient|no|out of) credits?
        tenant has exceeded|trial tenant|max defers and failures
        request limit exceeded|daily relay quota
    """,
    "slow-down": r"""
        \btss\d\d\b|temporarily deferred|deferred (?:due to|because of)
        too (?:many|much) (?:concurrent |simultaneous )?(?:connection|session|thread|e-?mail|mail|message|request\
            |transaction|traffic)s?\b
        (?:concurrent|simultaneous) (?:smtp )?(?:connection|session)s?
        (?:connection|session|thread)s? (?:count |rate |frequency )?(?:limit|exceed)
        rate[- ]?limit|throttl|\brate (?:limit|is too|reached|exceeded)
        exceed\w{0,6} .{0,30}\b(?:rate|frequency)\b
        (?:ip|domain|sender|connection|smtp|message) frequency.{0,12}limit
        (?:sending|send|message|mail|delivery) rate .{0,20}(?:exceed|limit|high|fast)
        slow(?:ing)? down|reduce .{0,20}(?:rate|volume|frequency|connections)
        (?:sending|send|deliver\w{0,4}|connecting|connect) (?:\w{1,12} ){0,3}too (?:fast|quickly|often|frequently)
        (?:unusual|excessive|unexpected|abnormal)(?:ly high)? (?:\w{1,12} )?(?:traffic|volume|sending)
        4\.7\.5\d\d .{0,20}(?:busy|access denied)
    """,
    "account": r"""
        (?:e-?mail )?address(?:es)? (?:is|are|was) not (?:yet )?verified
        identit(?:y|ies) failed the check|unverified (?:sender|identity|domain)|not (?:a )?verified (?:sender\
            |domain|identity)
        sandbox
        (?:sending|outgoing mail|outbound mail|sending (?:is|has been|was)) (?:is |has been |was )?(?:suspended\
            |paused|disabled|blocked|restricted)
        (?:your|sending|sender's|customer|smtp) (?:[\w-]{1,12} ){0,3}(?:account|subscription|plan|trial|tenant\
            |organi[sz]ation|access)\b.{0,40}(?:CLOSED|block|restrict|paus|pending|under review\
            |not (?:yet )?(?:been )?(?:activ|approv|confirm)|not allowed|exceed)
        (?:activate|confirm|verify) your (?:[\w-]{1,12} ){0,2}(?:account|domain|identity)
        (?:client|tenant|customer|organi[sz]ation|you(?:'re| are| have been)?) (?:is |was |has been )?(?:blocked\
            |restricted|banned|not allowed) from sending
        unregistered domains?
        (?:bad|banned) (?:outbound )?sender|outbound spam
        not (?:allowed|authori[sz]ed|permitted|entitled) to send(?! (?:to|mail to|messages to))
        (?:turn on|enable|requires?|use) (?:smtp )?auth(?:entication)?\b
        unauthori[sz]ed ip|ip (?:address )?(?:is )?not (?:authori[sz]ed|whitelisted|in .{0,20}(?:whitelist|allowlist))
        (?:payment|invoice|billing)\b.{0,30}(?:due|fail|overdue|required)
    """,
    "sender": r"""
        (?:callback|call-?out|call-back) (?:verification|verify|setup|check)|(?:callback|call-?out) .{0,30}fail
        sender (?:verif\w{1,8}|callout|validation)
        SENDERNEAR\b(?:has no|have no|without|missing|no) (?:valid |any )?(?:mx|mail exchanger|a record|dns\
            |address records?)
        SENDERNEAR(?:does ?n[o']?t (?:exist|resolve|have)|not exist|not found|unresolv|non-?existent|no such domain\
            |cannot be resolved|could ?n[o']?t be (?:resolved|verified|found|validated)|can(?:not\
            |'t) be (?:verified|resolved))
        SENDERNEAR(?:not owned|not (?:a )?match|mismatch|must (?:match|be)|unverified|not verified|not permitted\
            |not allowed|not authori[sz]ed)
        NONE (?:envelope )?(?:sender|from|return.?path)
        sent as\b.{0,40}(?:denied|not allowed)|permissions? to send (?:as|on behalf)
    """,
}
