# SPDX-License-Identifier: GPL-2.0-or-later
"""What the gates share: the files of a tree, findings, C tokens, safe caching.

A gate is a script that prints `file:line: message` per finding and, last,
`gate: N findings`; its exit status is 0 when N is 0, 1 when not, and 2 when the
gate could not run (a tool or a kernel tree is missing): not running is never
reported as clean.
"""

import argparse
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = min(2, os.cpu_count() or 1)


class CannotRun(Exception):
    """The gate has no verdict: something it needs is missing."""


class Gate:
    """One run of one gate: the tree it looks at, and what it found there."""

    def __init__(self, name, doc):
        parser = argparse.ArgumentParser(description=doc)
        parser.add_argument("--root", default=os.path.dirname(os.path.dirname(HERE)),
                            help="the tree to check (default: this checkout)")
        parser.add_argument("only", nargs="*", metavar="FILE",
                            help="check only these files (paths below the root)")
        self.args = parser.parse_args()
        self.name = name
        self.root = os.path.abspath(self.args.root)
        self.only = set(self.args.only)
        self.findings = set()
        self.looked_at = 0

    def path(self, rel):
        return os.path.join(self.root, rel)

    def read(self, rel):
        with open(self.path(rel), encoding="utf-8", errors="surrogateescape") as f:
            return f.read()

    def files(self, *globs):
        """Files of the tree that match a glob (* crosses no /, ** does), sorted."""
        chosen = [f for f in tree_files(self.root) if any(glob_match(f, g) for g in globs)]
        if self.only:
            chosen = [f for f in chosen if f in self.only]
        self.looked_at += len(chosen)
        return chosen

    def find(self, rel, line, message):
        self.findings.add((rel, int(line), message))

    def finish(self):
        for rel, line, message in sorted(self.findings):
            print(f"{rel}:{line}: {message}")
        print(f"{self.name}: {len(self.findings)} findings")
        sys.exit(1 if self.findings else 0)


def run_gate(name, doc, check):
    """The main() of every gate: check(gate) fills in the findings."""
    gate = Gate(name, doc)
    try:
        check(gate)
    except CannotRun as e:
        print(f"{name}: cannot run: {e}")
        sys.exit(2)
    gate.finish()


def glob_match(path, pattern):
    """fnmatch where * stops at / and ** does not."""
    out = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return re.fullmatch(out, path) is not None


def tree_files(root):
    """What is, or is about to be, in git; every file where there is no git."""
    if os.path.exists(os.path.join(root, ".git")):
        out = subprocess.run(["git", "-C", root, "ls-files", "-coz", "--exclude-standard"],
                             check=True, capture_output=True, text=True).stdout
        names = {n for n in out.split("\0") if n}
    else:
        names = set()
        for top, dirs, files in os.walk(root):
            dirs[:] = [d for d in dirs if d != "__pycache__"]
            names |= {os.path.relpath(os.path.join(top, f), root) for f in files}
    return sorted(n for n in names if os.path.isfile(os.path.join(root, n)))


def read_table(path):
    """Rows of a list with # comments: (line number, text)."""
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            text = line.split("#", 1)[0].strip()
            if text:
                yield number, text


class Exceptions:
    """A list of `PATH-GLOB | TEXT | REASON` rows; an unused or unreasoned row is a finding."""

    def __init__(self, gate, name):
        self.gate = gate
        self.file = f"tests/lint/{name}"
        self.rows = []
        rows = read_table(gate.path(self.file)) if os.path.exists(gate.path(self.file)) else ()
        for number, text in rows:
            parts = [p.strip() for p in text.split("|", 2)]
            if len(parts) != 3 or not parts[2]:
                gate.find(self.file, number, "a row needs PATH | TEXT | REASON")
                continue
            self.rows.append([number, parts[0], parts[1], False])

    def covers(self, rel, message):
        """A row whose text is part of the message."""
        return self._use(rel, lambda text: text in message)

    def covers_name(self, rel, name):
        """A row whose text is that name, with * for any ending."""
        return self._use(rel, lambda text: glob_match(name, text))

    def _use(self, rel, match):
        for row in self.rows:
            if glob_match(rel, row[1]) and match(row[2]):
                row[3] = True
                return True
        return False

    def report_unused(self):
        if self.gate.only:
            return
        for number, glob, text, used in self.rows:
            if not used:
                self.gate.find(self.file, number, f"unused exception: {glob} | {text}")


def parallel(fn, items):
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(fn, items))


def call(cmd, **kw):
    kw.setdefault("timeout", 300)
    try:
        return subprocess.run(cmd, capture_output=True, text=True, errors="replace", check=False, **kw)
    except FileNotFoundError:
        raise CannotRun(f"{cmd[0]} is not installed (tests/setup.sh)") from None


def cache_dir(*parts):
    base = os.environ.get("QUIC_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "quic")
    path = os.path.join(base, "lint", *parts)
    os.makedirs(path, exist_ok=True)
    return path


class Memo:
    """What a slow tool said about one exact input.

    The key is a hash over everything the answer depends on (the tool, its
    options and configuration, the text), so an answer can not go stale.
    """

    def __init__(self, name):
        self.dir = cache_dir("memo", name)

    def ask(self, parts, tool):
        """The answer (lines) for the key @parts: kept, or from tool(); None is not kept."""
        h = hashlib.sha256()
        for p in parts:
            data = p if isinstance(p, bytes) else p.encode("utf-8", "surrogateescape")
            h.update(b"%d:" % len(data) + data)
        path = os.path.join(self.dir, h.hexdigest())
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                return f.read().splitlines()
        lines = tool()
        if lines is not None:
            with tempfile.NamedTemporaryFile("w", dir=self.dir, delete=False, encoding="utf-8") as f:
                f.write("".join(line + "\n" for line in lines))
            os.replace(f.name, path)
        return lines


# --- C and C++ text -------------------------------------------------------

_SKIP = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*
      | /\*.*?\*/
      | R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'
    """, re.S | re.X)


def blank_comments(text, strings=True):
    """The text with comments (and strings) replaced by blanks; lines keep their numbers."""
    def blank(m):
        t = m.group(0)
        if t[0] == "/":
            return re.sub(r"[^\n]", " ", t)
        if not strings:
            return t
        return '"' + re.sub(r"[^\n]", " ", t[1:-1]) + '"'
    return _SKIP.sub(blank, text)


def blank_directives(text):
    """Also blanks preprocessor directives, with their continuation lines."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.M)


def braces_balance(text):
    code = blank_directives(blank_comments(text))
    return code.count("{") == code.count("}")


_NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "do", "else"}
_LEAD = re.compile(r"\s*(?:(?:public|private|protected)\s*:\s*)*")


def functions(text):
    """(name, first line, last line, is static) of every function body, C or C++.

    Walks braces: a body is a { whose head (the text since the last ; { or } on
    the same level) ends in a parameter list, inside namespace or class scopes.
    """
    code = blank_directives(blank_comments(text))
    found, stack, start, i = [], [], 0, 0
    line_starts = [m.end() for m in re.finditer(r"\n", code)]

    def line_of(pos):
        lo, hi = 0, len(line_starts)
        while lo < hi:
            mid = (lo + hi) // 2
            if line_starts[mid] <= pos:
                lo = mid + 1
            else:
                hi = mid
        return lo + 1

    parens = 0
    while i < len(code):
        c = code[i]
        if c in "([":
            parens += 1
        elif c in ")]":
            parens -= 1
        elif c == ";" and parens <= 0:
            start = i + 1
        elif c == "{":
            head = code[start:i]
            kind, name = _classify(head, stack, parens)
            lead = _LEAD.match(head).end()
            stack.append((kind, name, start + lead, parens, head.startswith("static", lead)))
            if kind != "init":
                start, parens = i + 1, 0
        elif c == "}" and stack:
            kind, name, first, parens, static = stack.pop()
            if kind == "function":
                found.append((name, line_of(first), line_of(i), static))
            if kind != "init":
                start = i + 1
        i += 1
    return found


def _classify(head, stack, parens):
    """What a { opens: a scope, a function, an initialiser or a plain block."""
    if stack and stack[-1][0] in ("function", "block", "init"):
        return ("init", "") if stack[-1][0] == "init" else ("block", "")
    if parens > 0:
        return "init", ""
    text = head[_LEAD.match(head).end():].strip()
    text = re.sub(r"^template\s*<.*?>\s*(?=[a-zA-Z\[])", "", text, flags=re.S)
    if re.search(r"(?:^|[^=!<>])=\s*$", text) or (re.search(r"=", text) and not re.search(
            r"operator\s*\S*=|\)\s*[^=]*$", text)):
        return "init", ""
    m = re.search(r"(operator\s*(?:\(\)|\[\]|[^\s\w(]+|\w+)|~?[A-Za-z_]\w*)\s*(?:<[^<>()]*>)?\s*\(", text)
    if m and ")" in text and m.group(1) not in _NOT_FUNCTIONS:
        if re.match(r"(?:struct|class|union|enum|namespace)\b[^(]*\b(?:alignas|__attribute__)\s*\(", text):
            return "scope", ""
        # a member initialiser's {...}: head after `)` has ` : name` and no body yet
        tail = text[text.rfind(")") + 1:]
        ctor = re.search(r"\)\s*(?:noexcept\s*)?:\s*[^:]", text)
        if ctor and re.search(r"[,:]\s*[\w:<>]+\s*$", text):
            return "init", ""
        if re.search(r"^\s*(?:const|noexcept|override|final|mutable|&{1,2}|->.*|__\w+|try|requires.*|\s)*$",
                     tail, re.S) or ctor:
            names = [n for n in re.findall(r"(~?[A-Za-z_]\w*|operator\s*\S+?)\s*\(", text)
                     if n not in ("__attribute__", "alignas", "__aligned", "noexcept", "decltype",
                                  "__must_hold", "__acquires", "__releases", "requires")]
            return "function", (names[0] if names else "?")
        return "init", ""
    if re.search(r"^(?:inline\s+)?namespace\b|^extern\s*\"|\b(?:class|struct|union|enum)\b", text) or not text:
        return "scope", ""
    return "init", ""
