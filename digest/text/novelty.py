"""Which sentence of an abstract says what is new. Reads one abstract, and knows neither topics nor other papers.

The first that announces something ("we propose", "this paper introduces") says it: what follows explains it, or adds to
it. Where none does, a sentence with a finding or a result is the next best.
"""

from __future__ import annotations

import re

from digest.text import sentences

MOST_SENTENCES = 60  # the longest abstract seen has 21

# What stands between the two is short, and no end of a sentence: "in this work, we first formally introduce".
_ANNOUNCED = re.compile(
    r"\b(?:we|this (?:paper|work|report|study|survey|article))\b[^.!?]{0,60}?"
    r"\b(?:propos|introduc|present|develop|describ|unveil|contribut|formulat|devis|offer|propound)(?:e|e?s|ed)?\b",
    re.IGNORECASE,
)
_FOUND = re.compile(
    r"\bwe\b[^.!?]{0,40}?\b(?:show|find|demonstrate|prove|study|investigate|explore|identify|discover|argue|reveal|address"
    r"|tackle|train|perform|observe|conduct|build|design|create|construct|release|revisit|analy[sz]e)\b"
    r"|\b(?:is|are) (?:proposed|introduced|presented)\b",
    re.IGNORECASE,
)
_A_RESULT = re.compile(r"\d\s?(?:%|×|x\b|times\b|points\b)")
# The world before the paper, and where its code is.
_NOT_NEW = re.compile(
    r"^(?:however|despite|while|although|existing|current|recent|prior|previous|traditional)\b"
    r"|https?:|\b(?:code|data|models?|weights|demo|page)\b.{0,40}\b(?:available|released)\b",
    re.IGNORECASE,
)


def novelty(abstract: str) -> tuple[int, int]:
    """Find the sentence that says what is new, as a half-open stretch; the first one where none does."""
    stand = sentences(abstract)[:MOST_SENTENCES]
    # Of sentences that say it as clearly, the first.
    return max(stand, key=lambda span: _clarity(abstract[slice(*span)]))


def announced(abstract: str) -> tuple[int, int]:
    """The same, but an empty stretch where no sentence says it."""
    start, end = novelty(abstract)
    return (start, end) if _clarity(abstract[start:end]) > 0 else (0, 0)


def _clarity(sentence: str) -> int:
    if _NOT_NEW.search(sentence):
        return -1
    signs = (_ANNOUNCED, _FOUND, _A_RESULT)
    return next((worth for worth, sign in zip((3, 2, 1), signs, strict=True) if sign.search(sentence)), 0)
