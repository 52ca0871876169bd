"""Paper Digest: every day's papers, picked for each reader, in one mail.

    sources ─▶ store ─▶ match ─▶ compose ─▶ transport ─▶ (inbox)
    [HTTP]     [SQL]   (pure)    (pure)      [SMTP]         │
                 ▲                 links (pure, signed)      │
                 ├──────────── web [HTTP in] ◀───────────────┤ links
                 └──────────── bounces (pure) ◀──────────────┘ transport [IMAP], stdin

Plain values (`domain`) flow through plain functions; only the doors in square brackets touch the outside.
`jobs` joins them (gather, decide, apply) for the command line and for the workers.
"""

__version__ = "0.1.0"
