#!/usr/bin/env python3
"""Prints the visible words of an HTML file: what a text terminal needs to show one."""

import sys
from html.parser import HTMLParser
from pathlib import Path

UNSEEN = {"style", "script", "title"}


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.within = [], []

    def handle_starttag(self, tag, attrs):
        self.within += [tag] * (tag in UNSEEN)

    def handle_endtag(self, tag):
        if tag in UNSEEN:
            self.within.pop()

    def handle_data(self, data):
        self.words += [] if self.within else data.split()


def visible(html):
    words = Words()
    words.feed(html)
    return " ".join(words.words)


if __name__ == "__main__":
    sys.stdout.write(visible(Path(sys.argv[1]).read_text(encoding="utf-8")) + "\n")
