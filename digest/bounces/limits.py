"""What of a message is looked at. Cuts a stranger's bytes before any parser sees them; refuses nothing, judges nothing.

Whoever sends a mail to `bounce@` chooses every byte of it. Python's parser recurses into parts, makes an object of each
and reads parameters in quadratic time, so all of these are counted in the bare lines first.
"""

from __future__ import annotations

from collections.abc import Iterator

# A report with the longest mail of ours in it has some 200 kB; what follows after this says nothing new.
MOST_BYTES = 500_000
# Ten times as many lines as such a report has.
MOST_LINES = 20_000
# An attachment without line ends is cut; JSON on one line is not.
LONGEST_LINE = 50_000
# Each level of nesting needs a Content-Type of its own, or every second one does (multipart/digest): 60 at most.
MOST_CONTENT_TYPES = 30
# Each part begins with such a line, and each block of a delivery report with a blank one.
MOST_BOUNDARIES, MOST_BLANK_LINES, BLANK_LINES_IN_A_ROW = 500, 4_000, 2
# Fields that Python's parser takes apart by itself, whole and folded.
LONGEST_CONTENT_FIELD = 1_500


def within_limits(content: bytes) -> bytes:
    """Cut a message to what may be parsed; line ends become LF."""
    lines = content[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n").split(b"\n")
    return b"\n".join(_few(lines[:MOST_LINES]))


def _few(lines: list[bytes]) -> Iterator[bytes]:
    content_types = boundaries = blank = in_a_row = left_of_field = 0
    for line in lines:
        start = line[:13].lower()
        in_a_row = 0 if line.strip() else in_a_row + 1
        content_types += start == b"content-type:"
        boundaries += start.startswith(b"--")
        blank += bool(in_a_row)
        if content_types > MOST_CONTENT_TYPES or boundaries > MOST_BOUNDARIES or blank > MOST_BLANK_LINES:
            return
        if start.startswith(b"content-"):
            left_of_field = LONGEST_CONTENT_FIELD
        elif line[:1] not in (b" ", b"\t"):
            left_of_field = LONGEST_LINE
        if in_a_row <= BLANK_LINES_IN_A_ROW and left_of_field > 0:
            yield line[:left_of_field]
        left_of_field -= len(line)


def short_lines(text: str, longest: int, most: int) -> str:
    """Cut a decoded text to so many lines of such a length."""
    return "\n".join(line[:longest] for line in text.split("\n", most)[:most])
