"""How well topics find papers: `python -m bench.quality`, beside three other ways to search, and words that trap.

A topic is a keyword that five or more papers carry, and the truth is the papers that carry it. Nobody is shown the
keywords: each way searches titles and abstracts alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import psycopg
import tantivy

from bench import captures, postgres, report
from digest.domain import Paper
from digest.match import Index, select
from digest.topics import parse

FEWEST_CARRIERS = 5
DEPTH = 200

Search: TypeAlias = Callable[[str], list[str]]  # a topic to the ids found, best first

# What sources.md counted: a word with its plural, names in their own case, and a phrase with hyphens or spaces.
WORDS = {name: rf"\b{name}s?\b" for name in ("RAG", "SAM", "AI", "GAN", "ViT", "LLM")} | {"agent": r"(?i)\bagents?\b"}
PHRASES = ("large language model", "vision-language model", "mixture of experts", "retrieval-augmented generation")


def truths(papers: Sequence[Paper]) -> dict[str, set[str]]:
    """Give each topic and the ids of the papers it ought to find."""
    carriers: defaultdict[str, set[str]] = defaultdict(set)
    for paper in papers:
        for keyword in paper.keywords:
            carriers[keyword].add(paper.id)
    return {keyword: ids for keyword, ids in carriers.items() if len(ids) >= FEWEST_CARRIERS}


def ours(papers: Sequence[Paper]) -> Search:
    index = Index(papers)
    return lambda topic: [pick.paper.id for pick in select(index, parse([topic]), limit=DEPTH).picks]


def by_substring(papers: Sequence[Paper]) -> Search:
    """Order by how often the topic stands in the text, in any case, as part of a word or not."""
    texts = {paper.id: f"{paper.title}\n{paper.abstract}".lower() for paper in papers}

    def search(topic: str) -> list[str]:
        counts = {id: text.count(topic.lower()) for id, text in texts.items()}
        return sorted((id for id in counts if counts[id]), key=lambda id: (-counts[id], id))[:DEPTH]

    return search


def by_postgres(papers: Sequence[Paper], connection: psycopg.Connection) -> Search:
    """Phrase search ordered by ts_rank_cd, the title above the abstract."""
    connection.execute("CREATE TABLE papers (id text, words tsvector)")
    weighted = "setweight(to_tsvector('english', %s), 'A') || setweight(to_tsvector('english', %s), 'D')"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO papers VALUES (%s, {weighted})", [(one.id, one.title, one.abstract) for one in papers]
        )
    question = """
        SELECT id FROM papers, phraseto_tsquery('english', %s) query WHERE words @@ query
        ORDER BY ts_rank_cd(words, query) DESC, id LIMIT %s
    """
    return lambda topic: [row[0] for row in connection.execute(question, (topic, DEPTH))]


def by_tantivy(papers: Sequence[Paper]) -> Search:
    """Phrase search ordered by BM25, stems alike, the title above the abstract as on our side."""
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw")
    schema.add_text_field("title", tokenizer_name="en_stem")
    schema.add_text_field("abstract", tokenizer_name="en_stem")
    index = tantivy.Index(schema.build())
    writer = index.writer()
    for paper in papers:
        writer.add_document(tantivy.Document(id=paper.id, title=paper.title, abstract=paper.abstract))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(topic: str) -> list[str]:
        phrase = '"{}"'.format(topic.replace('"', " "))
        query = index.parse_query(phrase, ["title", "abstract"], field_boosts={"title": 1.75})
        return [searcher.doc(place)["id"][0] for _, place in searcher.search(query, DEPTH).hits]

    return search


def average_precision(found: Sequence[str], wanted: set[str]) -> float:
    """The mean, over the papers wanted, of the share of wanted ones among all down to each."""
    hits = 0
    precision = 0.0
    for place, id in enumerate(found, 1):
        if id in wanted:
            hits += 1
            precision += hits / place
    return precision / len(wanted)


def judged(search: Search, wanted: Mapping[str, set[str]]) -> tuple[float, float]:
    """Give the mean average precision and the mean recall over all topics."""
    found = {topic: search(topic) for topic in wanted}
    precision = [average_precision(found[topic], wanted[topic]) for topic in wanted]
    recall = [len(wanted[topic].intersection(found[topic])) / len(wanted[topic]) for topic in wanted]
    return sum(precision) / len(wanted), sum(recall) / len(wanted)


def traps(papers: Sequence[Paper]) -> list[tuple[str, int, int, int]]:
    """For each word that traps a matcher: papers with it as a substring, as an expression finds them, and as we do."""
    index = Index(papers)
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    patterns = WORDS | {phrase: "(?i)" + re.sub(r"[ -]", r"[\\s-]+", phrase) for phrase in PHRASES}
    rows = []
    for topic, pattern in patterns.items():
        (query,) = (read.query for read in parse([f"title:({topic}) | abstract:({topic})"]).topics)
        substring = sum(topic.lower() in text.lower() for text in texts)
        expected = sum(bool(re.search(pattern, text)) for text in texts)
        rows.append((topic, substring, expected, index.matching(query).bit_count()))
    return rows


def main() -> None:
    papers = list({paper.id: paper for listed in captures.days().values() for paper in listed}.values())
    wanted = truths(papers)
    unseen = [replace(paper, keywords=(), summary="") for paper in papers]
    report.machine()
    report.heading(f"{len(wanted)} topics over {len(papers):,} papers, {DEPTH} deep")
    with postgres.served() as connection:
        ways = {
            "ours": ours(unseen),
            "PostgreSQL, phrases by ts_rank_cd": by_postgres(unseen, connection),
            "tantivy, phrases by BM25": by_tantivy(unseen),
            "substrings by count": by_substring(unseen),
        }
        results = {name: judged(search, wanted) for name, search in ways.items()}
    best = results["ours"][0]
    report.table(
        ("", "mean average precision", "recall", "ours is better by"),
        [
            (name, f"{precision:.3f}", f"{recall:.3f}", f"{best / precision - 1:.0%}" if name != "ours" else "")
            for name, (precision, recall) in results.items()
        ],
    )
    report.heading("Words that trap a matcher: papers with them in title or abstract")
    report.table(("topic", "as a substring", "as it is meant", "found by us"), traps(papers))


if __name__ == "__main__":
    main()
