"""What providers tell over HTTP of mails they sent for us: one file a provider, each with the same two questions.

`is_signed(…)` says whether a request is the provider's own, and `parse(body)` what it tells, as readings of the same
kind as those of returned mails. Neither asks the network anything, and neither acts: as with mails, only a token that
we signed says whose mail it was. It travels in the envelope sender, in `List-Unsubscribe`, or under `TOKEN_FIELD`.
"""
