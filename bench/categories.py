"""A second judge of an order: the categories that authors gave their arXiv papers, where the first are keywords.

Keywords were drawn from abstracts, and say nothing for what stands in titles. A paper's category was chosen by somebody
who knows what it is about: of the papers with "jailbreak", those of cs.CR ought to come first. A coarse judge: it is
asked whether a change that helps by keywords is a change for the better, and decides nothing by itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

from bench import captures
from bench.measures import average_precision
from digest.domain import Order
from digest.match.index import Index, indexed
from digest.match.lookups import Lookups
from digest.match.rank import rank
from digest.match.work import Meter
from digest.topics import parse

MOST_PAPERS = 6_000
FEWEST = 5  # papers of the category among those found
MOSTLY = 0.9  # of those found: where nearly all are, no order is better than another

# What a category is about, in words that its own papers use and others do too.
TOPICS = {
    "cs.AR": "hardware|accelerator",
    "cs.CL": "translation|dialogue|mathematical reasoning",
    "cs.CR": "attack|security|jailbreak|privacy|malware|backdoor|watermarking",
    "cs.CV": "image|video|vision-language models|segmentation|object detection|3D",
    "cs.CY": "fairness|education|students|governance|policy|social media",
    "cs.DB": "SQL|database|text-to-SQL",
    "cs.DC": "distributed training|GPU|inference serving|latency",
    "cs.DL": "digital libraries|citation|peer review",
    "cs.GT": "game theory|mechanism design|auction",
    "cs.HC": "users|user study|human-AI collaboration|human-AI interaction",
    "cs.IR": "recommendation|information retrieval|retrieval|retrieval-augmented generation|RAG|search",
    "cs.LG": "reinforcement learning|neural network|federated learning|graph|time series",
    "cs.LO": "logic|theorem proving|Lean|formal verification",
    "cs.MA": "multi-agent systems|multi-agent|agents",
    "cs.NE": "evolutionary",
    "cs.NI": "network|wireless",
    "cs.PL": "programming languages|compiler",
    "cs.RO": "robot|robotics|manipulation|navigation|control",
    "cs.SD": "speech|audio|music|speech recognition|text-to-speech",
    "cs.SE": "software engineering|code generation|code|software|program repair",
    "eess.IV": "medical imaging",
    "eess.SP": "EEG",
    "math.OC": "optimization",
    "q-bio.NC": "brain|fMRI",
    "quant-ph": "quantum",
    "stat.ME": "Bayesian|causal",
}


class Categories:
    """The papers of the arXiv capture, indexed once, to be put in order again and again."""

    def __init__(self) -> None:
        self._index = indexed(captures.arxiv(MOST_PAPERS))
        self._lookups = Lookups(self._index)
        self._wanted = _by_category()

    def precision(self) -> Mapping[str, float]:
        """Give the average precision of the order by fit, by topic, of those that can tell orders apart."""
        asked = {topic: category for category, topics in TOPICS.items() for topic in topics.split("|")}
        found = {topic: (self._order(topic), self._wanted.get(category, set())) for topic, category in asked.items()}
        return {
            topic: average_precision(order, wanted.intersection(order))
            for topic, (order, wanted) in found.items()
            if FEWEST <= len(wanted.intersection(order)) <= MOSTLY * len(order)
        }

    def _order(self, topic: str) -> list[str]:
        index: Index = self._index
        [line] = parse([topic]).topics
        return [index.papers[number].id for number in rank(self._lookups, line, Order.BEST, Meter()).order]


def _by_category() -> dict[str, set[str]]:
    file = captures.FOLDER / "arxiv" / "papers.jsonl.gz"
    found: dict[str, set[str]] = {}
    if file.exists():
        with gzip.open(file, "rt") as lines:
            for one in map(json.loads, lines):
                for category in {one["primary_category"], *(one["categories"] or ())}:
                    found.setdefault(category, set()).add(one["id"])
    return found
