import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.topics import And, Author, Fact, Not, Or, Phrase, Topic, Word, parse
from digest.topics.grammar import LONGEST_TOPIC, MOST_WORDS
from digest.topics.words import cut, fold, stem


def queries(text):
    profile = parse(text)
    assert not profile.errors
    return [topic.query for topic in profile.topics]


def only_query(text):
    (query,) = queries(text)
    return query


def only_error(text):
    (error,) = parse(text).errors
    return error


def words(text, **fields):
    first, *others = text.split()
    return Phrase((Word(first), *(Word(other, " ") for other in others)), **fields)


def test_topics_stand_one_a_line_or_between_commas():
    assert queries("speculative decoding, RAG\n\n  gaussian splatting ，扩") == [
        words("speculative decoding"),
        words("RAG"),
        words("gaussian splatting"),
        words("扩"),
    ]
    assert parse(["RAG", "speculative decoding"]) == parse("RAG, speculative decoding")


def test_a_comma_inside_quotes_is_part_of_the_topic():
    assert only_query('author:"LeCun, Yann"') == Author((Word("LeCun"), Word("Yann", " ")))


def test_phones_write_curly_quotes_and_long_minus_signs():
    assert queries("“as written” –video") == queries('"as written" -video')


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("a1 + b1", And((words("a1"), words("b1")))),
        ("a1 AND b1", And((words("a1"), words("b1")))),
        ("a1+b1", And((words("a1"), words("b1")))),
        ("a1 | b1 OR c1", Or((words("a1"), words("b1"), words("c1")))),
        ("a1 | b1 + c1", Or((words("a1"), And((words("b1"), words("c1")))))),
        ("(a1 | b1) + c1", And((Or((words("a1"), words("b1"))), words("c1")))),
        ("a1 -b1", And((words("a1"), Not(words("b1"))))),
        ("a1 NOT b1", And((words("a1"), Not(words("b1"))))),
        ("a1 AND NOT (b1 | c1)", And((words("a1"), Not(Or((words("b1"), words("c1"))))))),
        ("search and rescue or not", words("search and rescue or not")),
        ("AND-gate", Phrase((Word("and"), Word("gate", "-")))),
        ("Large Models (LMs)", And((words("Large Models"), words("LMs")))),
        ('"x y"', words("x y", exact=True)),
        ("diffus*", Phrase((Word("diffus", prefix=True),))),
        ("latent diffus* model", Phrase((Word("latent"), Word("diffus", " ", prefix=True), Word("model", " ")))),
        ("title:big model", words("big model", field="title")),
        ("Title: big", words("big", field="title")),
        ("abstract:(a1 | b1)", Or((words("a1", field="abstract"), words("b1", field="abstract")))),
        ('org:"Apple Inc"', words("apple inc", field="org", exact=True)),
        ("author:Y. LeCun", Author((Word("Y"), Word("LeCun", " ")))),
        ("cat:cs.CL", Fact("cat", "cs.CL")),
        ("source:arXiv", Fact("source", "arxiv")),
        ("upvotes:>=20", Fact("upvotes", "20", ">=")),
        ("upvotes: < 5", Fact("upvotes", "5", "<")),
        ("upvotes:20", Fact("upvotes", "20", ">=")),
        ("has:code", Fact("has", "code")),
        ("has:code diffusion", And((Fact("has", "code"), words("diffusion")))),
        ("C++ + C#", And((words("C++"), words("C#")))),
        (".NET", words(".NET")),
        ("GPT-4.1", Phrase((Word("GPT"), Word("4.1", "-")))),
        ("N:M sparsity", Phrase((Word("N"), Word("M", "-"), Word("sparsity", " ")))),
        ("naïve Łukasz", words("naive Lukasz")),
    ],
)
def test_the_language(text, query):
    assert only_query(text) == query


def test_a_weight_stands_at_the_end():
    (topic,) = parse("a1 + b1 ^2.5").topics
    assert (topic.query, topic.weight, topic.text) == (And((words("a1"), words("b1"))), 2.5, "a1 + b1 ^2.5")


def test_a_lone_minus_excludes_everywhere():
    profile = parse("diffusion\n-video generation\n-a1 -b1")
    assert [topic.query for topic in profile.topics] == [words("diffusion")]
    assert [topic.query for topic in profile.exclusions] == [words("video generation"), Or((words("a1"), words("b1")))]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ('ok\n"diffusion mod', 2, 1, 'topic 2: missing closing quote, at "diffusion mod'),
        ("ok, auther:LeCun", 1, 5, "topic 2: unknown field, did you mean author:?, at auther:LeCun"),
        ("foo (bar", 1, 5, "topic 1: missing closing parenthesis, at (bar"),
        ("foo )", 1, 5, "topic 1: closing parenthesis without an opening one, at )"),
        ("foo +", 1, 6, "topic 1: expected words, a field or a parenthesis, at the end"),
        ("foo | | bar", 1, 7, "topic 1: expected words, a field or a parenthesis, at | bar"),
        ("title:", 1, 7, "topic 1: expected words after title:, at the end"),
        ("title:(a1 author:b1)", 1, 11, "topic 1: a field inside title: is not possible, at author:b1)"),
        ("title:-b1", 1, 7, "topic 1: expected words after title:, at -b1"),
        ("title:(a1 -b1)", 1, 11, "topic 1: put the minus before the field: -title:, at -b1)"),
        ("foo - bar", 1, 5, "topic 1: a minus stands right before what it leaves out: -word, at - bar"),
        ("a* search", 1, 1, "topic 1: a prefix needs at least 2 letters before the *, at a* search"),
        ("foo ^99", 1, 5, "topic 1: expected a weight between 0.1 and 10 after ^, at ^99"),
        ("foo ^2 bar", 1, 8, "topic 1: the weight comes last, at bar"),
        ("-foo ^2", 1, 6, "topic 1: an exclusion has no weight, at ^2"),
        ("has:cod", 1, 5, "topic 1: unknown property, did you mean code?, at cod"),
        ("upvotes:many", 1, 9, "topic 1: expected a comparison such as >=20, at many"),
        ("cat:", 1, 5, "topic 1: expected a category such as cs.CL, at the end"),
        ("?!", 1, 1, "topic 1: expected a word with letters or digits, at ?!"),
    ],
)
def test_an_error_points_at_its_spot(text, line, column, message):
    error = only_error(text)
    assert (error.line, error.column, error.message) == (line, column, message)


def test_only_leaving_out_is_no_alternative():
    assert "too much" in only_error("a1 | -b1").message


def test_the_good_lines_still_work():
    profile = parse('RAG\n"broken\nspeculative decoding, (b1')
    assert [topic.text for topic in profile.topics] == ["RAG", "speculative decoding"]
    assert [(error.line, error.column) for error in profile.errors] == [(2, 1), (3, 23)]


def test_the_limits_are_said_in_the_error():
    assert f"at most {LONGEST_TOPIC} characters" in only_error("x" * (LONGEST_TOPIC + 1)).message
    assert f"at most {MOST_WORDS}" in only_error("word " * (MOST_WORDS + 1)).message
    assert "at most 8 deep" in only_error("(" * 9 + "x" + ")" * 9).message
    assert "only 100 are read" in only_error("\n".join(f"topic {n}" for n in range(120))).message
    assert len(parse("\n".join(f"topic {n}" for n in range(120))).topics) == 100


def test_identical_topics_are_read_once():
    assert parse("speculative decoding").topics[0] is parse("RAG\nspeculative decoding").topics[1]


@given(st.text(max_size=400))
@example("\x00")
def test_the_parser_never_crashes(text):
    profile = parse(text)
    hash(profile)
    str(profile)


SIGNS = st.sampled_from(
    [*'()|+-^*:",. \n', "AND", "OR", "NOT", "title:", "author:", "upvotes:>=", "has:code", "cat:cs.CL", "^2"]
)
LETTERS = st.text(string.ascii_letters + string.digits + "éß扩ん½İ.'’#+*-_/&", min_size=1, max_size=6)


@given(st.lists(st.one_of(SIGNS, LETTERS, st.text(max_size=3)), max_size=12).map(" ".join))
@example("½ x")
def test_what_is_printed_reads_as_the_same(text):
    profile = parse(text)
    again = parse(str(profile))
    assert not again.errors
    assert again == profile
    assert str(again) == str(profile)


PHRASES = st.builds(
    Phrase,
    st.lists(st.sampled_from(["model", "decoding", "c++", "3d"]), min_size=1, max_size=3).map(
        lambda texts: tuple(Word(text, " " if at else "") for at, text in enumerate(texts))
    ),
    st.sampled_from(["", "title", "abstract", "org"]),
    st.booleans(),
)
LEAVES = st.one_of(PHRASES, st.sampled_from([Fact("has", "code"), Fact("upvotes", "3", "<"), Author((Word("Ng"),))]))


def trees(parts):
    several = st.lists(parts, min_size=2, max_size=3, unique=True).map(tuple)
    return st.one_of(
        several.map(And).filter(lambda query: not any(isinstance(part, And) for part in query.parts)),
        several.map(Or).filter(lambda query: not any(isinstance(part, Or) for part in query.parts)),
    )


@given(st.recursive(LEAVES, trees, max_leaves=6), st.sampled_from([0.5, 1.0, 3.0]))
def test_a_query_prints_as_the_language_reads(query, weight):
    topic = Topic("", query, weight)
    assert parse(str(topic)).topics == (topic,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++, C#/.NET", ["C++", "C#", ".NET"]),
        ("Qwen2.5-VL's 1,000 tokens", ["Qwen2.5", "VL", "1,000", "tokens"]),
        ("don’t naïve Schrödinger’s", ["dont", "naive", "Schrodinger"]),
        ("扩散模型 models", ["扩", "散", "模", "型", "models"]),
        ("e\u0301tude soft\u00adware", ["etude", "software"]),
    ],
)
def test_what_a_word_is(text, expected):
    assert [token.surface for token in cut(text)] == expected


@pytest.mark.parametrize(
    "family",
    [
        "model models modeling modelling modelled",
        "generate generates generated generating",
        "study studies studied studying",
        "tune tunes tuned tuning",
        "plan plans planned planning",
        "optimize optimizes optimized optimizing",
        "embed embeds embedded embedding embeddings",
        "matrix matrices",
        "hypothesis hypotheses",
        "policy policies",
        "bias biases biased",
        "llm llms",
    ],
)
def test_inflections_are_alike(family):
    assert len({stem(fold(word)) for word in family.split()}) == 1


@pytest.mark.parametrize(
    "pair", ["agent agentic", "transform transformer", "general generation", "policy police", "univers university"]
)
def test_derivations_are_not_alike(pair):
    one, other = pair.split()
    assert stem(one) != stem(other)
