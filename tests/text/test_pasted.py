"""Papers that somebody pasted: every form that programs export, and what nobody exports on purpose."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text.pasted import MOST_REFERENCES, MOST_TEXT, Reference, references
from tests.support.examples import some

BIB = """
@misc{lovelace2025draft,
  title = {{Draft}, Then {V}erify:
           Two Models},
  author = {Lovelace, Ada and Grace Example and others},
  eprint = {2512.00001v2},
  archivePrefix = {arXiv},
  abstract = {We follow 2401.99999 and find more.}
}
@article{x, title="Marsh Birds of the North", doi={10.1000/Birds.2025}, year = 2025}
"""
RIS = """TY  - JOUR
TI  - Draft, Then Verify
AU  - Lovelace, Ada
UR  - https://arxiv.org/abs/2512.00001
AB  - We follow 2401.99999.
ER  -
TY  - UNPB
T1  - Marsh Birds of the North
ER  -
"""
CSL = json.dumps(
    [
        {
            "title": "Draft, Then Verify",
            "author": [{"given": "Ada", "family": "Lovelace"}],
            "number": "arXiv:2512.00001",
        },
        {"title": "Marsh Birds of the North", "DOI": "10.1000/birds", "author": "odd", "issued": {"x": 1}},
        "nonsense",
    ]
)


NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:z="http://www.zotero.org/namespaces/export#" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:bib="http://purl.org/net/biblio#" '
    'xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
PERSON = "<foaf:Person><foaf:surname>{}</foaf:surname><foaf:givenName>{}</foaf:givenName></foaf:Person>"
RDF = f"""<rdf:RDF {NAMESPACES}>
  <rdf:Description rdf:about="http://arxiv.org/abs/2512.00001">
    <z:itemType>preprint</z:itemType>
    <dc:publisher><foaf:Organization><foaf:name>arXiv</foaf:name></foaf:Organization></dc:publisher>
    <bib:authors><rdf:Seq><rdf:li>{PERSON.format("Lovelace", "Ada")}</rdf:li></rdf:Seq></bib:authors>
    <dc:title>Draft, Then Verify</dc:title>
    <dcterms:abstract>We follow 2401.99999 &amp; find more.</dcterms:abstract>
    <link:link xmlns:link="http://purl.org/rss/1.0/modules/link/" rdf:resource="#item_1"/>
  </rdf:Description>
  <z:Attachment rdf:about="#item_1"><dc:title>arXiv Fulltext PDF</dc:title></z:Attachment>
  <bib:Memo rdf:about="#item_2"><rdf:value>A note on 2501.00001</rdf:value></bib:Memo>
  <bib:Article rdf:about="#item_3">
    <dcterms:isPartOf><bib:Journal><dc:title>Journal of Marshes</dc:title>
      <dc:identifier>DOI 10.1000/birds</dc:identifier></bib:Journal></dcterms:isPartOf>
    <bib:editors><rdf:Seq><rdf:li>{PERSON.format("Editor", "An")}</rdf:li></rdf:Seq></bib:editors>
    <dc:title>Marsh Birds of the North</dc:title>
  </bib:Article>
</rdf:RDF>"""


def test_what_zotero_exports_as_rdf_is_its_papers_and_neither_notes_nor_files():
    first, second = references(RDF)[0]
    assert first == Reference(
        ("http://arxiv.org/abs/2512.00001",),
        "Draft, Then Verify",
        "We follow 2401.99999 & find more.",
        ("Ada Lovelace",),
    )
    assert second == Reference(("10.1000/birds",), "Marsh Birds of the North")
    assert references(RDF[: RDF.index("</bib:editors>")])[0] == [first], "as much as was not cut off"
    assert references(f"<!DOCTYPE x [<!ENTITY a 'b'>]>{RDF}")[0][0] != first


@pytest.mark.parametrize("export", [BIB, RIS], ids=["BibTeX", "RIS"])
def test_lines_around_an_export_name_papers_of_their_own(export):
    alone, _ = references(export)
    among, _ = references(f"2501.00001\nWritten by a program that says so\n{export}\n2502.00002, 2503.00003\n")
    assert among == [
        Reference(("2501.00001",)),
        *alone,
        Reference(("2502.00002",)),
        Reference(("2503.00003",)),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2512.00001", ("2512.00001",)),
        ("arXiv:2512.00001v3 [cs.CL]", ("2512.00001",)),
        ("math.GT/0601001 and hep-th/9901001", ("math.GT/0601001", "hep-th/9901001")),
        ("see https://arxiv.org/abs/2512.00001.", ("https://arxiv.org/abs/2512.00001",)),
        ("https://huggingface.co/papers/2512.00001", ("https://huggingface.co/papers/2512.00001",)),
        ("10.48550/arXiv.2512.00001", ("10.48550/arXiv.2512.00001",)),
        ("2512.00001, 2512.00002; 2512.00001", ("2512.00001", "2512.00002")),
    ],
)
def test_a_line_names_papers_by_id_or_address(text, named):
    found, _ = references(text)
    assert tuple(name for one in found for name in one.named) == named


def test_a_line_that_names_none_is_a_title_and_a_short_one_is_nothing():
    assert references("Attention is all you need\nhm\n\n")[0] == [Reference(title="Attention is all you need")]


def test_bibtex_is_read_with_its_braces_names_and_abstract_and_what_that_cites_is_not_meant():
    first, second = references(BIB)[0]
    assert first.title == "Draft, Then Verify: Two Models"
    assert first.authors[:2] == ("Ada Lovelace", "Grace Example")
    assert first.named == ("2512.00001",)
    assert (second.title, second.named) == ("Marsh Birds of the North", ("10.1000/Birds.2025",))


@pytest.mark.parametrize("text", [RIS, RIS.replace("\n", "\r\n"), CSL], ids=["ris", "ris of windows", "csl"])
def test_other_exports_are_read_alike(text):
    first, second = references(text.replace("\r", ""))[0]
    assert (first.title, first.authors) == ("Draft, Then Verify", ("Ada Lovelace",))
    assert any("2512.00001" in name for name in first.named)
    assert second.title == "Marsh Birds of the North"


def test_so_many_are_read_and_the_others_counted():
    found, left_out = references("\n".join(f"2512.{number:05}" for number in range(150)))
    assert (len(found), left_out) == (MOST_REFERENCES, 50)
    assert references("2512.00001\n" + " " * MOST_TEXT)[1] == 1, "what was cut off is said, too"


@pytest.mark.parametrize("indent", [None, 1], ids=["one line", "many lines"])
def test_of_an_export_that_was_cut_the_items_that_are_whole_count(indent):
    items = [{"title": f"Marsh birds, part {n}", "abstract": "Herons wait. " * 110} for n in range(160)]
    found, left_out = references(json.dumps(items, indent=indent))
    assert [one.title for one in found] == [item["title"] for item in items[:MOST_REFERENCES]]
    assert left_out


@settings(max_examples=some(150))
@given(st.text(st.sampled_from('@article{}title="=author,\n TY-RAU[]:2512.0 /\\'), max_size=400))
def test_nothing_pasted_raises(text):
    for start in ("", "@misc{", "TY  - ", "[", '[{"title": ', "<rdf:RDF xmlns:rdf='r'><a>"):
        references(start + text)


HOSTILE = [
    "@misc{x, title={",
    "@misc{x, title={a} author={" + "b and ",
    "@a{" * 3,
    "title = { \n",
    " ",
    "{",
    "TY  - X\nAU  - a, b\n",
    "[",
    '{"a":',
    '[{"a":1},',
    "2512.00001v",
    "10.1000/a",
    "a b c\n",
    "https://",
    "@misc{x, author={a" + " " * 50,
    "<rdf:RDF xmlns:rdf='r'>" + "<a>" * 60,
    "<rdf:RDF xmlns:rdf='r'><a b='2512.00001'/>",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_as_much_takes_no_more_than_about_twice_as_long(unit):
    def seconds(length):
        text = (unit * (length // len(unit) + 1))[:length]
        began = time.process_time()
        references(text)
        return time.process_time() - began

    small, large = min(seconds(40_000) for _ in range(2)), min(seconds(160_000) for _ in range(2))
    assert large < max(12 * small, 0.2)
