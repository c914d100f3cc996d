# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the sections of an RFC and its sentences that say MUST, in the markdown it was made from.

Reads the kramdown sources in shared/rfc; knows nothing of our list or our code.
"""

import glob
import hashlib
import os
import re

KEYWORD = re.compile(r"\b(MUST|REQUIRED|SHALL)\b")
# Ends of sentences; the text has "e.g.," and "i.e.," with a comma, so no exceptions are needed.
END = re.compile(r"(?<=[.?!])[)\"]?\s+(?=[A-Z{(\"`]|[a-z]+_)")
BOILERPLATE = "BCP 14"


def path_of(folder, rfc):
    """The file of @rfc in @folder, or None."""
    return next(iter(sorted(glob.glob(os.path.join(folder, f"rfc{rfc}*.md")))), None)


def body_lines(text):
    """(line, is in an appendix) without front matter, figures and attribute lists."""
    fenced = back = False
    for line in text.split("--- middle", 1)[1].splitlines():
        back = back or line.startswith("--- back")
        if line.startswith(("~~~", "```")):
            fenced = not fenced
            line = ""
        if not fenced:
            yield ("" if line.startswith("{:") else line), back


def heading(line, back, counts):
    """The (number, title) of a heading line, or None; @counts is kept from call to call."""
    match = re.match(r"(#+) +(.*?) *(\{[#:].*)?$", line)
    if not match or 'numbered="false"' in line:
        return None
    depth = len(match[1])
    if back and not counts[0]:
        counts[:] = [1]
    if back != counts[0]:
        counts[:] = [back]
    counts[1:] = (counts[1:] + [0] * depth)[:depth]
    counts[depth] += 1
    parts = [str(n) for n in counts[1:]]
    if back:
        parts[0] = chr(ord("A") + counts[1] - 1)
    return ".".join(parts), match[2]


def paragraphs(text):
    """(section, title, paragraph) in the order of the text; a heading gives an empty one."""
    section, title, counts, words = "0", "", [False], []
    for line, back in body_lines(text):
        head = heading(line, back, counts)
        if head or not line.strip() or re.match(r"\s*([*+-]|\d+\.|:) ", line):
            if words:
                yield section, title, " ".join(words)
            words = []
        if head:
            section, title = head
            yield section, title, ""
        elif line.strip() and not line.startswith("#"):
            words += re.sub(r"^\s*([*+-]|\d+\.|:) ", "", line).split()
    if words:
        yield section, title, " ".join(words)


def digest(sentence):
    """Short hash of a sentence, blind to punctuation and markup."""
    plain = re.sub(r"[^a-z0-9]+", " ", sentence.lower()).strip()
    return hashlib.sha256(plain.encode()).hexdigest()[:8]


def read(path):
    """{section: (title, [sentence with a keyword])}, in the order of the text."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    sections = {}
    for section, title, paragraph in paragraphs(text):
        found = sections.setdefault(section, (title, []))[1]
        if BOILERPLATE not in paragraph:
            found += [s for s in END.split(paragraph) if KEYWORD.search(s)]
    return sections


def lost_keywords(text):
    """How many keywords of the whole text, boilerplate aside, are not in a sentence found."""
    plain = re.sub(r"The key words .*?BCP 14", "", text, flags=re.S)
    kept = (p for _, _, p in paragraphs(text) if BOILERPLATE not in p)
    return len(KEYWORD.findall(plain)) - sum(len(KEYWORD.findall(p)) for p in kept)
