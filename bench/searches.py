"""Ways to search the papers of a window for a topic, ours and its peers'. Nobody is shown the papers' keywords."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeAlias

import psycopg
import tantivy

from digest.domain import Order, Paper
from digest.match import Matcher
from digest.topics import parse

DEPTH = 200

Search: TypeAlias = Callable[[str], list[str]]  # a topic to the ids found, best first
Way: TypeAlias = Callable[[Sequence[Paper]], Search]

_tables = map("papers_{}".format, count())


def ours(papers: Sequence[Paper], order: Order = Order.MIXED) -> Search:
    matcher = Matcher(papers)
    return lambda topic: [pick.paper.id for pick in matcher.select(parse([topic]), limit=DEPTH, order=order).picks]


def ours_best_match(papers: Sequence[Paper]) -> Search:
    """By fit alone, as a reader may choose."""
    return ours(papers, Order.BEST)


def ours_with_related(papers: Sequence[Paper]) -> Search:
    """Let the papers near the matches follow them."""
    return _with_related(papers, Order.MIXED)


def ours_best_match_with_related(papers: Sequence[Paper]) -> Search:
    return _with_related(papers, Order.BEST)


def _with_related(papers: Sequence[Paper], order: Order) -> Search:
    matcher = Matcher(papers)

    def search(topic: str) -> list[str]:
        profile = parse([topic])
        near = matcher.neighbours(profile, DEPTH)
        return [pick.paper.id for pick in (*matcher.select(profile, limit=DEPTH, order=order).picks, *near)][:DEPTH]

    return search


def by_substring(papers: Sequence[Paper]) -> Search:
    """Order by how often the topic stands in the text, in any case, as part of a word or not."""
    counts = _counter(papers)
    return lambda topic: sorted((found := counts(topic)), key=lambda id: (-found[id], id))[:DEPTH]


def by_upvotes(papers: Sequence[Paper]) -> Search:
    """Order the papers in which the topic stands by their upvotes alone."""
    counts, upvotes = _counter(papers), {paper.id: paper.upvotes for paper in papers}
    return lambda topic: sorted(counts(topic), key=lambda id: (-upvotes[id], id))[:DEPTH]


def _counter(papers: Sequence[Paper]) -> Callable[[str], dict[str, int]]:
    texts = {paper.id: f"{paper.title}\n{paper.abstract}".lower() for paper in papers}
    return lambda topic: {id: times for id, text in texts.items() if (times := text.count(topic.lower()))}


def by_postgres(connection: psycopg.Connection) -> Way:
    """Phrase search ordered by ts_rank_cd, the title above the abstract."""

    def way(papers: Sequence[Paper]) -> Search:
        table = next(_tables)
        connection.execute(f"CREATE TABLE {table} (id text, words tsvector)")
        weighted = "setweight(to_tsvector('english', %s), 'A') || setweight(to_tsvector('english', %s), 'D')"
        rows = [(paper.id, paper.title, paper.abstract) for paper in papers]
        connection.cursor().executemany(f"INSERT INTO {table} VALUES (%s, {weighted})", rows)
        question = f"""
            SELECT id FROM {table}, phraseto_tsquery('english', %s) query WHERE words @@ query
            ORDER BY ts_rank_cd(words, query) DESC, id LIMIT {DEPTH}
        """
        return lambda topic: [row[0] for row in connection.execute(question, (topic,))]

    return way


def by_tantivy(papers: Sequence[Paper]) -> Search:
    """Phrase search ordered by BM25, stems alike, the title above the abstract as on our side."""
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw")
    schema.add_text_field("title", tokenizer_name="en_stem")
    schema.add_text_field("abstract", tokenizer_name="en_stem")
    index = tantivy.Index(schema.build())
    writer = index.writer(num_threads=1)
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
