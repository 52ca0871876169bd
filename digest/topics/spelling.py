"""One spelling for words that have two: British and American, and plurals that no rule makes. Tables and patterns only.

Which of the two is kept does not matter, as topics and papers are read alike. Every list is short on purpose: a rule
that reaches further than its words brings false hits.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# Plurals of the trade, by their singular; not those that mean something else too (media, quanta, bases, lives).
_PLURALS = """
matrix: matrices. index: indices indexes. vertex: vertices. vortex: vortices. cortex: cortices. codex: codices.
simplex: simplices. appendix: appendices. helix: helices. analysis: analyses. hypothesis: hypotheses.
synthesis: syntheses. axis: axes. crisis: crises. thesis: theses. diagnosis: diagnoses. prognosis: prognoses.
parenthesis: parentheses. criterion: criteria. phenomenon: phenomena. automaton: automata. polyhedron: polyhedra.
corpus: corpora corpuses. genus: genera. spectrum: spectra spectrums. maximum: maxima. minimum: minima.
optimum: optima. extremum: extrema. momentum: momenta. equilibrium: equilibria. stratum: strata. bacterium: bacteria.
mitochondrion: mitochondria. schema: schemata. stimulus: stimuli. focus: foci focuses. locus: loci. nucleus: nuclei.
radius: radii. fungus: fungi. syllabus: syllabi. formula: formulae. antenna: antennae. nebula: nebulae. larva: larvae.
lens: lenses. gas: gases gasses. bus: buses busses. atlas: atlases. canvas: canvases. iris: irises. virus: viruses.
status: statuses. campus: campuses. census: censuses. consensus: consensuses. apparatus: apparatuses. chaos: chaos.
child: children. man: men. woman: women. mouse: mice. foot: feet. tooth: teeth. leaf: leaves. wolf: wolves.
half: halves. shelf: shelves. knife: knives. quiz: quizzes. learn: learnt. teach: taught. build: built. burn: burnt.
embeds: embed.
"""
IRREGULAR = {
    other: singular
    for singular, others in (entry.split(": ") for entry in " ".join(_PLURALS.split()).strip(". ").split(". "))
    for other in others.split()
}
# Singulars that end like plurals, and would lose their s.
KEPT = frozenset(
    re.findall(r"\w+", "lens gas bus atlas canvas iris chaos corpus campus census consensus apparatus status virus")
)

_OUR = """arm|behavi|cand|clam|col|demean|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|neighb|od|rig|rum|sav|savi|splend|
tum|val|vap|vig""".replace("\n", "")
_DOUBLED = """cancel|channel|counsel|fuel|initial|label|level|marshal|model|parcel|pencil|rival|signal|spiral|total|
travel|tunnel""".replace("\n", "")
_BEFORE = "anti|bi|counter|dis|mis|mono|multi|non|out|over|pre|re|self|sub|tri|un"
_BEFORE_METRE = "kilo|milli|centi|nano|micro|epi|amphi"
_RULES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    # -ize, -yze and what comes of them: optimization, tokenizer, analyze; "size" goes along, and changes nothing.
    (re.compile(r"(?<=[a-z]{2})([iy])z(?=e[ds]?$|ers?$|ings?$|ations?$|ational|able$)"), r"\1s"),
    (re.compile(rf"\A((?:{_BEFORE})?(?:{_OUR})o)ur(?=$|s|ed|ing|al|abl|ful|less|hood|ite|ist)"), r"\1r"),
    (re.compile(rf"\A((?:{_BEFORE_METRE})?(?:cent|fib|lit|met|theat|calib))re(?=s?$)"), r"\1er"),
    (re.compile(r"\A(cent|fib)red$"), r"\1ered"),
    (re.compile(r"\Amanoeuvre?(?=s?$)"), "maneuver"),
    (re.compile(r"\A(catal|dial|anal|epil|monol|homol|prol)ogue(?=[sd]?$)"), r"\1og"),
    (re.compile(r"\A(def|lic|off|pret)ence(?=[sd]?$)"), r"\1ense"),
    (re.compile(r"\Apractis(?=e[sd]?$|ing$)"), "practic"),
    (re.compile(rf"\A((?:{_BEFORE})?(?:{_DOUBLED}))l(?=ers?$|ed$|ings?$)"), r"\1"),
    (re.compile(r"\A(acknowledg|judg)e(?=ments?$)|\A(ag)e(?=ing$)"), r"\1\2"),
    (re.compile(r"aem(?=i|o|a)|aesth|paed|aetiolog|archaeo|gynaec"), lambda found: found[0].replace("ae", "e")),
    (re.compile(r"\Aoestr|\Aoedem|foet(?=us|al)"), lambda found: found[0].replace("oe", "e")),
    (re.compile(r"\Agrey"), "gray"),
    (re.compile(r"\Aprogramme(?=s?$)"), "program"),
    (re.compile(r"\Aartefact"), "artifact"),
    (re.compile(r"\Asceptic"), "skeptic"),
    (re.compile(r"\Asulph"), "sulf"),
    (re.compile(r"\Aaluminium\Z"), "aluminum"),
    (re.compile(r"\A(fulfi|ski|enro)l(?=$|ment|ful)"), r"\1ll"),
]  # fmt: skip
# Nearly all words are none of these: one look instead of one for each rule.
_ANY_RULE = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _RULES))


def common(folded: str) -> str:
    """Return the spelling that a folded word has in common with its other spellings."""
    if _ANY_RULE.search(folded):
        for pattern, spelled in _RULES:
            folded = pattern.sub(spelled, folded)
    return IRREGULAR.get(folded, folded)
