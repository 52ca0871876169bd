"""Words with which papers are written, whatever they are about. Lists only what is general, no subject."""

from __future__ import annotations

import re

from digest.topics.words import fold, is_function_word, stem

# Words that hold others together or measure them, beyond those that `words` knows.
_GLUE = frozenset(
    re.findall(
        r"\w+",
        """about above across additionally after again against all almost along already also although always
        among and any around away based because been before behind being below beside besides between beyond
        both could despite do does done down due during each either else enough especially even ever every few
        fewer first following further furthermore given hence here however including instead just last later
        least less like likely made make makes many might more moreover most much must near nearly need needs
        neither never nevertheless next none now often once one only onto other others otherwise over own per
        perhaps quite rather really same second several should simply since so some such than that then there
        therefore these third those though three through throughout thus together toward towards two under
        unlike until upon use used uses using various very via well were where whereas whether which while
        whose why with within without would yet""",
    )
)
# Words in -ly that can be part of a name: "anomaly detection" is no "detection", as "newly detected" is.
_NO_ADVERBS = frozenset(
    re.findall(
        r"\w+",
        """anomaly assembly butterfly disassembly dragonfly duopoly early family firefly homily melancholy monopoly
        oligopoly panoply reassembly reply subfamily superfamily supply tally""",
    )
)
# Words of every abstract: what was done with the subject, not the subject.
_SCHOLARLY = frozenset(
    stem(word)
    for word in re.findall(
        r"\w+",
        """achieve address advance advancement aim analysis approach available bottleneck challenge challenging
        code comparable comprehensive consistently contribution crucial current demonstrate enable enhance
        existing experiment extensive extensively facilitate finding gap github highlight however http https
        improvement improve innovation insight introduce investigate issue key leverage limitation limited
        method novel offer outperform paper performance potential present previous prior project promising
        propose prove provide publicly recent recently remain report result reveal rely scenario significant
        significantly sota strong study substantial superior surpass systematic teach technical tension
        uncover various work www""",
    )
)


def is_glue(word: str) -> bool:
    """Tell whether a word cannot be part of the name of something."""
    folded = fold(word)
    return is_function_word(word) or folded in _GLUE or _is_adverb(folded)


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4 and word not in _NO_ADVERBS


def is_scholarly(word: str) -> bool:
    """Tell whether a word says how a paper is written."""
    return stem(fold(word)) in _SCHOLARLY
