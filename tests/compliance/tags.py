# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds tags in code and tests, and what each of them stands at.

A tag is [9000-13.2.1#3] in a comment: the third rule of that section; [9000-13.2.1#3,4]
is two.  Without #: the section's rule where it has one only; where it has none or
several, a reference that claims nothing.

A tag at the end of a line of code, or on a line of its own above one, inside a
function, stands at that statement: mutate can switch it off.  Anywhere else it
stands at the function, table or type that it is in or above.
"""

import bisect
import collections
import os
import re

TAG = re.compile(r"\[([89]\d{3})-([\w.]+)(?:#([\d,]+))?\]")
FOLDERS = ("net/quic", "include", "libquic", "tests")
SUFFIXES = (".c", ".h", ".cc", ".sh", ".py")
SKIP = ("tests/compliance/", "tests/lint/")
TESTS = ("tests/", "libquic/tests/", "net/quic/tests/")

# @name: what it stands at; @offset: of the tag in @path.
Site = collections.namedtuple("Site", "rule path name offset is_test")


def blank(text, comments_only=False):
    """@text with comments and strings turned into spaces, every offset kept."""
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"

    def hide(match):
        if comments_only and match[0][0] != "/":
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(pattern, hide, text, flags=re.S)


def items(code):
    """(start, body, end, head) of what stands at file scope in blanked C or C++.

    @body is where its braces open, or None; preprocessor lines belong to what follows.
    """
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), code,
                  flags=re.M)
    code = re.sub(r"^(?:inline )?namespace[^;{]*\{|^extern +\{", lambda m: " " * len(m[0]), code,
                  flags=re.M)
    start, body, depth = 0, None, 0
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match[0] == "{":
            body = at if depth == 0 and body is None else body
            depth += 1
        elif match[0] == "}":
            depth = max(0, depth - 1)
        is_function = body is not None and "=" not in code[start:body] and ")" in code[start:body]
        if depth == 0 and (match[0] == ";" or match[0] == "}" and is_function):
            yield start, body, at + 1, code[start:body or at]
            start, body = at + 1, None


def name_of(head):
    """The name that an item's head declares, "" if it shows none."""
    if match := re.search(r"\bTEST\w*\(\s*(\w+)\s*,\s*(\w+)", head):
        return f"{match[1]}.{match[2]}"
    head = re.sub(r"__\w+\([^()]*\)", "", head)
    if match := re.search(r"([\w:~]+)\s*\(", head):
        return match[1] + "()"
    if match := re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*=", head):
        return match[1]
    words = re.findall(r"\w+", head)
    return " ".join(words[-2:] if words[-2:-1] in (["enum"], ["struct"]) else words[-1:])


class Source:
    """One file, its items and its tags."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.is_test = path.startswith(TESTS)
        self.is_c = path.endswith((".c", ".h", ".cc"))
        self._items = None

    def items(self):
        if self._items is None:
            self._items = list(items(blank(self.text))) if self.is_c else []
        return self._items

    def item_at(self, offset):
        """The item that @offset is in or above, or None."""
        index = bisect.bisect([start for start, *_ in self.items()], offset) - 1
        return self.items()[index] if 0 <= index and offset < self.items()[index][2] else None

    def macro_at(self, offset):
        """The macro that @offset is on the line of or, in a comment, above."""
        line = self.text.rfind("\n", 0, offset) + 1
        below = self.text.find("*/", offset) + 2
        for at in (line, below + len(self.text[below:]) - len(self.text[below:].lstrip())):
            if match := re.compile(r"#\s*define\s+(\w+)").match(self.text, at):
                return match[1]
        return None

    def name_at(self, offset):
        if macro := self.macro_at(offset):
            return macro
        item = self.item_at(offset)
        if not item:
            return ""
        name = name_of(item[3])
        if self.is_test and "=" in item[3] and item[1] and offset > item[1]:
            line = self.text.rfind("\n", 0, offset) + 1
            row = re.compile(r'"([^"\n]+)"').search(blank(self.text, True), line, item[2])
            return f'{name} "{row[1]}"' if row else name
        return name

    def tags(self):
        """(rfc, section, [numbers], offset)"""
        for match in TAG.finditer(self.text):
            yield match[1], match[2], [n for n in (match[3] or "").split(",") if n], match.start()

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1


def sources(root):
    for folder in FOLDERS:
        for at, below, names in os.walk(os.path.join(root, folder)):
            below.sort()
            for name in sorted(names):
                path = os.path.relpath(os.path.join(at, name), root)
                if name.endswith(SUFFIXES) and not path.startswith(SKIP):
                    yield Source(root, path)


def resolve(listed, rfc, section, numbers):
    """(the rules that a tag claims, what is wrong with it or None)"""
    name = f"{rfc}-{section}"
    if rfc in listed.others:
        return [], None
    if name not in listed.sections:
        return [], f"[{name}]: no such section"
    rules = listed.of(name)
    if not numbers:
        bind = [r for r in rules if listed.rules[r].who != "none"]
        return bind if len(bind) == 1 else [], None
    if bad := [n for n in numbers if f"{name}#{n}" not in rules]:
        return [], f"[{name}#{','.join(bad)}]: the section has {len(rules)} rules"
    return [f"{name}#{n}" for n in numbers], None


def scan(root, listed):
    """([Site], [error])"""
    sites, errors = [], []
    for source in sources(root):
        for rfc, section, numbers, offset in source.tags():
            rules, error = resolve(listed, rfc, section, numbers)
            if error:
                errors.append(f"{source.path}:{source.line(offset)}: {error}")
            sites += [Site(r, source.path, source.name_at(offset), offset, source.is_test)
                      for r in rules]
    return sites, errors
