"""The real captures beside the project. They are not part of it: without them, their tests are skipped."""

import gzip
import json
import os
from datetime import date
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("PAPER_DIGEST_REALDATA") or Path(__file__).parents[3] / "shared" / "data")


def capture(name):
    """The path of a capture; skips the test where it is missing."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is missing: set PAPER_DIGEST_REALDATA to the folder of captures")
    return path


def huggingface_days():
    """What the API answered, by day."""
    files = sorted(capture("huggingface/api").glob("*.json"))
    return {date.fromisoformat(file.stem): json.loads(file.read_bytes()) for file in files}


def arxiv_papers():
    with gzip.open(capture("arxiv/papers.jsonl.gz"), "rt") as lines:
        return [json.loads(line) for line in lines]
