import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.match import Matcher
from digest.sources.huggingface.records import listings
from digest.topics import parse
from tests.support import reference
from tests.support.examples import some
from tests.support.factories import a_paper
from tests.support.realdata import huggingface_days


def picked(papers, *topics, limit=10, seen=()):
    profile = parse(topics)
    assert not profile.errors
    return Matcher(papers).select(profile, limit=limit, seen=seen)


def ids(selection):
    return [pick.paper.id for pick in selection.picks]


def fits(topic, paper):
    return bool(picked([paper], topic).picks)


TEXTS = [
    # words in order, whatever the hyphens and spaces
    ("speculative decoding", "We speed up speculative decoding.", True),
    ("speculative decoding", "Decoding is speculative.", False),
    ("speculative decoding", "speculative\ndecoding", True),
    ("speculative decoding", "It is speculative. Decoding is not.", False),
    ("speculative decoding", "speculative, decoding", False),
    ("speculative decoding", "Speculative-Decoding", True),
    ("speculative. decoding", "speculative. Decoding", True),
    ("speculative. decoding", "speculative fast decoding", False),
    ("fine-tuning", "finetuning", True),
    ("fine-tuning", "fine tuning", True),
    ("fine tuning", "We fine-tuned it", True),
    ("finetuning", "fine-tuning", True),
    ("finetuning", "fine tuned", True),
    ("finetuning", "the tuning is fine", False),
    ("multi-modal", "multimodal", True),
    ("multimodal", "multi-modal", True),
    ("multimodal", "multi modal models", True),
    ("co-training", "cotraining", True),
    ("pre-training", "pre-\ntraining", True),
    ("nonautoregressive", "non-auto-regressive decoding", True),
    ("non auto-regressive decoding", "nonautoregressive decoding", True),
    ("vision language pretraining", "vision-language pre-training", True),
    ("mixture of experts", "Mixture-of-Experts layers", True),
    ("retrieval-augmented generation", "Retrieval Augmented Generation (RAG)", True),
    ("often", "nine of ten", False),
    ("therapist", "the rapist", False),
    ("in context", "incontext", False),
    ("2024", "from 20 24-bit files", False),
    # inflections, not derivations
    ("diffusion model", "diffusion models", True),
    ("large language models", "a large language model", True),
    ("generate images", "generating an image", False),
    ("generate images", "generating images", True),
    ("agent", "agents", True),
    ("agent", "agentic", False),
    ("transformer", "we transform it", False),
    ("matrix", "matrices", True),
    ("model", "remodel", False),
    # exactly as written
    ('"diffusion model"', "diffusion models", False),
    ('"diffusion model"', "The Diffusion Model works", True),
    ('"fine-tuning"', "fine-tuning", True),
    ('"fine-tuning"', "finetuning", False),
    ('"art"', "state of the art.", True),
    ('"art"', "smart parts", False),
    ('"RAG"', "RAGs", False),
    # names
    ("RAG", "RAG is a technique", True),
    ("RAG", "two RAGs", True),
    ("RAG", "a rag doll", False),
    ("RAG", "fragments DRAG", False),
    ("RAG", "Graph-RAG", True),
    ("RAG", "RAG's limits", True),
    ("rag", "RAG", True),
    ("rag", "fragment", False),
    ("SAM", "Sam and same", False),
    ("ViT", "a ViT backbone", True),
    ("ViT", "vit VIT invite", False),
    ("LLMs", "an LLM", True),
    ("llm", "LLMs", True),
    ("AI", "artificial ai", False),
    ("GAN", "GANs", True),
    ("GPT-4", "GPT4", True),
    ("GPT4", "GPT-4", True),
    ("gpt 4", "GPT-4 is good", True),
    ("GPT-4", "GPT-4o", False),
    ("GPT-4", "GPT-3 and 4", False),
    ("ResNets", "a ResNet", True),
    ("LLM agents", "an LLM agent", True),
    ("LLM agents", "an llm agent", False),
    # digits and signs
    ("3D", "3D scenes", True),
    ("3d", "3D scenes", True),
    ("3D", "3DGS", False),
    ("4-bit", "4bit weights", True),
    ("4-bit", "a 4 bit model", True),
    ("C++", "written in C++.", True),
    ("C++", "vitamin C", False),
    ("C", "C++ code", False),
    (".NET", "for .NET", True),
    (".NET", "the NET", False),
    ("e.g.", "for example, e.g., this", True),
    ("Node.js", "with Node.js", True),
    # other scripts
    ("naive bayes", "Naïve Bayes", True),
    ("Poincaré", "Poincare embeddings", True),
    ("扩散", "一种扩散模型", True),
    ("扩散", "散扩", False),
    ("Schrödinger bridge", "Schrodinger's bridges", True),
    # prefixes
    ("diffus*", "diffusion", True),
    ("diffus*", "to diffuse", True),
    ("diffus*", "a diff", False),
    ("Diffus* model", "diffusion models", True),
    ("multimod*", "multi-modal", True),
    ("GPT*", "GPT4o", True),
    ("GPT*", "gpts", False),
    # operators
    ("image + video", "video and image", True),
    ("image + video", "image", False),
    ("image | video", "video", True),
    ("image OR video", "audio", False),
    ("image -video", "image", True),
    ("image -video", "image and video", False),
    ("image NOT video", "image of videos", False),
    ("(image | video) + agent", "video agents", True),
    ("image -(audio | video)", "image with audio", False),
    ("search and rescue", "search and rescue robots", True),
]  # fmt: skip


@pytest.mark.parametrize(("topic", "text", "expected"), TEXTS)
def test_a_topic_matches_a_text(topic, text, expected):
    assert fits(topic, a_paper(title="-", abstract=text)) is expected
    assert fits(topic, a_paper(title=text, abstract="")) is expected


@pytest.mark.parametrize(
    ("topic", "fields", "expected"),
    [
        ("title:diffusion", {"title": "Diffusion"}, True),
        ("title:diffusion", {"abstract": "Diffusion"}, False),
        ("abstract:diffusion", {"abstract": "Diffusion"}, True),
        ("abstract:diffusion", {"title": "Diffusion"}, False),
        ("diffusion", {"keywords": ("diffusion models",)}, True),
        ("diffusion models", {"keywords": ("diffusion", "models")}, False),
        ("diffusion models", {"title": "On diffusion", "abstract": "Models"}, False),
        ("title:(image | video)", {"title": "Videos"}, True),
        ('author:"Yann LeCun"', {"authors": ("Yann LeCun",)}, True),
        ('author:"LeCun, Yann"', {"authors": ("Yann LeCun",)}, True),
        ("author:Yann LeCun", {"authors": ("LeCun, Yann",)}, True),
        ("author:Y. LeCun", {"authors": ("Yann LeCun",)}, True),
        ("author:Yann LeCun", {"authors": ("Y. LeCun",)}, True),
        ("author:Yann LeCun", {"authors": ("Yann A. LeCun",)}, True),
        ("author:lecun", {"authors": ("Yann LeCun",)}, True),
        ("author:Yann LeCun", {"authors": ("Yann Martin", "Bob LeCun")}, False),
        ("author:Z. LeCun", {"authors": ("Yann LeCun",)}, False),
        ("author:Chen", {"authors": ("Chenyang Li",)}, False),
        ("author:Lukasz Kaiser", {"authors": ("Łukasz Kaiser",)}, True),
        ("author:Jürgen Schmidhuber", {"authors": ("Jurgen Schmidhuber",)}, True),
        ("author:Kaiwei Chang", {"authors": ("Kai-Wei Chang",)}, True),
        ("author:J.-B. Alayrac", {"authors": ("Jean-Baptiste Alayrac",)}, True),
        ("author:O'Brien", {"authors": ("Conan O’Brien",)}, True),
        ("author:LeC*", {"authors": ("Yann LeCun",)}, True),
        ("author:LeC* Yan", {"authors": ("Yann LeCun",)}, False),
        ("author:Y", {"authors": ("Yann LeCun",)}, False),
        ("author:(Hinton | LeCun)", {"authors": ("Yann LeCun",)}, True),
        ("LeCun", {"authors": ("Yann LeCun",)}, False),
        ("org:apple", {"organization": "Apple"}, True),
        ("org:APPLE", {"organization": "Apple Machine Learning"}, True),
        ("org:apple", {"organization": "Pineapple"}, False),
        ("org:deepmind", {"organization": "Google", "organization_handle": "google-deepmind"}, True),
        ("apple", {"organization": "Apple"}, False),
        ("cat:cs.CL", {"categories": ("cs.LG", "cs.CL")}, True),
        ("cat:cs.cl", {"categories": ("cs.CL",)}, True),
        ("cat:cs", {"categories": ("cs.CL",)}, True),
        ("cat:cs.C", {"categories": ("cs.CL",)}, False),
        ("source:arxiv", {"sources": ("huggingface", "arxiv")}, True),
        ("source:arxiv", {"sources": ("huggingface",)}, False),
        ("upvotes:>=20", {"upvotes": 20}, True),
        ("upvotes:>20", {"upvotes": 20}, False),
        ("has:code", {"code_url": "https://github.com/a/b"}, True),
        ("has:code", {}, False),
    ],
)
def test_a_topic_matches_a_field(topic, fields, expected):
    assert fits(topic, a_paper(**{"title": "-", "abstract": "", "authors": ()} | fields)) is expected


WORDS = "fine tuning finetuning tuned RAG RAGs rag of often ten GPT 4 GPT4 multi modal multimodal"
VOCABULARY = WORDS.split()
GAPS = st.sampled_from([" ", " ", " ", "-", ". ", ", ", "\n"])
PASSAGES = st.lists(st.tuples(st.sampled_from(VOCABULARY), GAPS), max_size=7).map(
    lambda parts: "".join(w + g for w, g in parts)
)
NAMES = st.sampled_from(
    ["Yann LeCun", "Y. LeCun", "Yann A. LeCun", "Kai-Wei Chang", "Kaiwei Chang", "LeCun Yang", "Y Y"]
)
PAPERS = st.lists(
    st.builds(
        lambda title, abstract, keywords, authors, upvotes: {
            "title": title,
            "abstract": abstract,
            "keywords": keywords,
            "authors": authors,
            "upvotes": upvotes,
        },
        PASSAGES,
        PASSAGES,
        st.lists(PASSAGES, max_size=2).map(tuple),
        st.lists(NAMES, max_size=2).map(tuple),
        st.integers(0, 3),
    ),
    max_size=5,
)
PHRASES = st.lists(
    st.tuples(st.sampled_from([*VOCABULARY, "multim*", "GP*"]), st.sampled_from([" ", "-", ". "])),
    min_size=1,
    max_size=4,
).map(lambda parts: "".join(word + gap for word, gap in parts).rstrip(" -."))
LEAVES = st.one_of(
    PHRASES,
    PHRASES,
    PHRASES.map('"{}"'.format),
    PHRASES.map("title:{}".format),
    NAMES.map('author:"{}"'.format),
    st.just("upvotes:>1"),
)


def combined(parts):
    return st.one_of(
        st.tuples(parts, parts).map("({0[0]} + {0[1]})".format),
        st.tuples(parts, parts).map("({0[0]} | {0[1]})".format),
        st.tuples(parts, parts).map("({0[0]} -{0[1]})".format),
    )


@settings(max_examples=some(300), deadline=None)
@given(st.recursive(LEAVES, combined, max_leaves=4), PAPERS)
def test_the_index_agrees_with_the_slow_and_obvious_matcher(topic, papers):
    papers = [a_paper(**fields) for fields in papers]
    profile = parse([topic])
    assert not profile.errors
    matcher = Matcher(papers)
    for topic in profile.topics:
        assert matcher.matching(profile) == {paper.id for paper in papers if reference.matches(topic.query, paper)}


TRAPS = {
    "RAG": r"\bRAGs?\b", "SAM": r"\bSAMs?\b", "AI": r"\bAIs?\b", "GAN": r"\bGANs?\b", "ViT": r"\bViTs?\b",
    "LLM": r"\bLLMs?\b", "agent": r"(?i)\bagents?\b",
    "large language model": r"(?i)large[\s-]+language[\s-]+model",
    "mixture of experts": r"(?i)mixture[\s-]+of[\s-]+experts",
    "retrieval-augmented generation": r"(?i)retrieval[\s-]+augmented[\s-]+generation",
    # An en dash joins words as a hyphen does.
    "vision-language model": r"(?i)vision[\s–-]+language[\s-]+model",
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize(("topic", "pattern"), TRAPS.items(), ids=TRAPS)
def test_words_that_trap_a_matcher_are_counted_right_on_real_days(real_papers, topic, pattern):
    found = Matcher(real_papers).matching(parse(f"title:({topic}) | abstract:({topic})"))
    assert found == {paper.id for paper in real_papers if re.search(pattern, f"{paper.title}\n{paper.abstract}")}


@pytest.fixture(scope="module")
def real_papers():
    listed = (listings(day, records)[0] for day, records in huggingface_days().items())
    return list({one.paper.id: one.paper for found in listed for one in found}.values())
