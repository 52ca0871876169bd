"""Whatever comes over the wire, an answer ends: in time, in bytes, and in what is made of it."""

import gzip
import time
import tracemalloc
import zlib
from itertools import chain, islice, repeat
from threading import Event

import pytest

from digest.sources import FetchResult, Request, Source, fetch
from digest.sources.documents import MOST_MARKS, json_of, xml_of
from digest.sources.exchange import Unbelievable
from digest.sources.huggingface.page import cards, embedded
from tests.support.factories import NOW
from tests.support.page_server import PageServer

HEAD = b"HTTP/1.1 200 OK\r\n"
SECONDS = 0.4


@pytest.fixture
def server():
    with PageServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(fetch, "SECONDS_A_REQUEST", SECONDS)
    monkeypatch.setattr(fetch, "MOST_ANSWER_BYTES", 100_000)


def asked(server, paths=("/",)):
    answers = []

    def ask(day):
        for path in paths:
            answer = yield Request(path)
            answers.append(answer)
        return FetchResult()

    with fetch.client(base_url="") as client:
        fetch.collect(Source("test", "", ask), NOW.date(), base_url=server.url, client=client)
    return answers


def slowly(pieces):
    """Pieces with pauses between them, for longer than anybody should wait, but not for ever."""
    pause = Event()
    for piece in islice(pieces, 200):
        pause.wait(0.02)
        yield piece


def endless(*first, then, packed=None):
    """Pieces of an answer that never ends."""
    head = HEAD + (b"Content-Encoding: gzip\r\n" if packed else b"") + b"\r\n"
    return chain([head, *first], repeat(then))


EMPTY_BLOCKS = b"\x00\x00\x00\xff\xff" * 10_000
DRIPS = {
    "silence": lambda: slowly(repeat(b"")),
    "a status line that drips": lambda: slowly(b"HTTP/1.1 200 " + bytes([b]) for b in repeat(65)),
    "headers that drip": lambda: slowly(chain([HEAD], repeat(b"X-Y: z\r\n"))),
    "a header that drips": lambda: slowly(chain([HEAD + b"X-Y: "], repeat(b"z"))),
    "endless informational answers": lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "informational answers that drip": lambda: slowly(repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n")),
    "a body that drips": lambda: slowly(endless(then=b"x")),
    "empty chunks of one byte that drip": lambda: slowly(
        chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1\r\nx\r\n"))
    ),
    "a chunk size that drips": lambda: slowly(chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1;a="))),
    "gzip with a name that drips": lambda: slowly(endless(b"\x1f\x8b\x08\x08" + bytes(6), then=b"n", packed=True)),
}
FLOODS = {
    "an endless body": lambda: endless(then=b"x" * 10_000),
    "gzip with an endless name": lambda: endless(b"\x1f\x8b\x08\x08" + bytes(6), then=b"n" * 10_000, packed=True),
    "gzip with endless empty blocks": lambda: endless(gzip.compress(b"")[:10], then=EMPTY_BLOCKS, packed=True),
    "endless empty members": lambda: endless(then=gzip.compress(b"") * 1_000, packed=True),
    "a bomb": lambda: endless(gzip.compress(bytes(10**7)), then=b"", packed=True),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_is_left_when_its_time_is_over(server, pieces):
    server.sends("/", pieces)
    started = time.monotonic()
    (answer,) = asked(server)
    assert SECONDS <= time.monotonic() - started < SECONDS + 1
    assert answer.error == f"an answer that takes longer than {SECONDS:.0f} s"


@pytest.mark.parametrize("pieces", FLOODS.values(), ids=FLOODS)
def test_an_answer_without_end_is_left_when_it_is_too_large(server, pieces, monkeypatch):
    monkeypatch.setattr(fetch, "SECONDS_A_REQUEST", 20)
    server.sends("/", pieces)
    (answer,) = asked(server)
    assert answer.error == "an answer larger than 100,000 bytes"


@pytest.mark.parametrize("packing", ["gzip, gzip", "br", "deflate", "zstd", "x" * 1000])
def test_an_answer_packed_as_nobody_asked_for_is_not_unpacked(server, packing):
    server.answers("/", zlib.compress(b"[]"), {"Content-Encoding": packing})
    assert "which nobody asked for" in asked(server)[0].error


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_answer_is_unpacked_in_all_its_members(server, packing):
    server.answers("/", gzip.compress(b"[1,") + gzip.compress(b"2]") + bytes(9), {"Content-Encoding": packing})
    assert asked(server)[0].body == b"[1,2]"


def test_a_packed_answer_that_is_cut_off_is_not_whole(server):
    server.answers("/", gzip.compress(b"[1, 2, 3]" * 100)[:-9], {"Content-Encoding": "gzip"})
    assert "cut off" in asked(server)[0].error


def test_all_that_one_look_asks_has_one_time(server, monkeypatch):
    monkeypatch.setattr(fetch, "SECONDS_AN_EXCHANGE", 0.3)
    server.sends("/slow", lambda: slowly(repeat(b"")))
    server.answers("/", b"here")
    first, second = asked(server, ["/slow", "/next"])
    assert "takes longer" in first.error
    assert second.error == "no time left of 0 s"
    assert server.paths() == ["/slow"]


HUGE = {
    "a list of lists": (json_of, b"[" + b"[]," * 2_000_000 + b"[]]"),
    "nested lists": (json_of, b"[" * 4_000_000),
    "objects in objects": (json_of, b'{"a":' * 1_000_000),
    "numbers": (json_of, b"[" + b"1," * 3_000_000 + b"1]"),
    "a number without end": (json_of, b"9" * 8_000_000),
    "deep but few": (json_of, b"[" * 50_000 + b"]" * 50_000),
    "elements never closed": (xml_of, b"<a>" * 2_500_000),
    "attributes": (xml_of, b"<a " + b" ".join(b'a%d=""' % n for n in range(800_000)) + b"/>"),
    "deep but few elements": (xml_of, b"<a>" * 50_000),
    "in an encoding with its marks elsewhere": (xml_of, b'<?xml version="1.0" encoding="cp037"?>' + b"L" * 1_000_000),
    "div in div": (lambda html: cards(None, html), b"<div>" * 1_500_000),
    "div in div in an article": (lambda html: cards(None, html), b"<article>" + b"<div>" * 1_000_000),
    "articles": (lambda html: cards(None, html), b"<article>" * 800_000),
    "styles to repeat": (
        lambda html: cards(None, html),
        b"<article>" + b"".join(b"<b a=%d>" % n for n in range(2_000)) + b"<p>" * 1_000_000,
    ),
    "a quote never closed": (lambda html: embedded(None, html), b'<div data-target="DailyPapers" "' * 200_000),
}


@pytest.mark.parametrize(("read", "body"), HUGE.values(), ids=HUGE)
def test_a_huge_document_is_given_up_before_it_is_a_tree(read, body):
    started = time.process_time()
    tracemalloc.start()
    with pytest.raises(Unbelievable):
        read(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(body) + 10**6
    assert time.process_time() - started < 5


def test_what_real_lists_have_many_times_over_is_read():
    assert len(json_of(b"[" + b"[]," * (MOST_MARKS // 3) + b"[]]")) > 60_000
    assert len(xml_of(b"<a>" + b"<b/>" * (MOST_MARKS - 2) + b"</a>")) == MOST_MARKS - 2


def test_a_feed_may_be_written_in_latin_1():
    assert xml_of('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")).text == "é"
