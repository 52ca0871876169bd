"""What servers say so generally that a code beside it knows better. One pattern a line, as in `words`."""

from __future__ import annotations

VAGUE = {
    "protocol": r"""
        syntax|bad sequence|not implemented|pipelin|8-?bit|smtputf8|\brfc\b|bare (?:lf|cr)
        (?:missing|invalid|duplicate).{0,20}header|header.{0,20}(?:missing|invalid|error|duplicate)|message-id
        starttls|\btls\b|command|protocol|does not advertise
    """,
    "content": r"""
        content|attachment|\bmime\b|media|charset|encoding|conversion|format(?:ting)? error|filtered|banned
    """,
    "system": r"""
        (?:disk|file ?system|partition).{0,20}(?:full|space)|no space|memory|resources|operating system
        system (?:error|failure)|internal|i/o error|local (?:error|configuration)|configur|mailer|\bpipe\b|procmail
        command died
        temporary (?:failure|domain)|server (?:error|busy)
        service (?:is )?(?:currently |temporarily )?(?:not |un)available
        (?:cannot|unable to) (?:open|create|write|append)
    """,
    "policy": r"""
        security|prohibit|administrat|not (?:allowed|authori[sz]ed|permitted)|denied|unauthori[sz]ed|\bblock(?:ed)?\b
    """,
    "refused": r"""
        reject|refus|unavailable|not accept|undeliver|not be delivered|aborted
    """,
}
