# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be switched off at a tag, and how: a tree in which QUIC_MUTANT=N does it.

A tag at a statement inside a function of the sources that user space builds gives
one mutant per rule:

    if (COND), while (COND)     the condition counts as false
    return COND; of a bool      gives the opposite
    return EXPR;                returns 0: no violation
    any other statement         is left out

All mutants are built into one tree at once; the environment chooses which is on.
"""

import collections
import os
import re
import shutil

import tags

# @start, @end: offsets of what @put replaces.
Mutant = collections.namedtuple("Mutant", "number rule path line name start end put")
FOLDERS = ("net/quic", "include", "tests/user", "tests/vectors")
SWITCH = """
/* Made by tests/compliance/mutate. */
static inline bool quic_mutant(int number)
{
	static int chosen = -1;

	if (chosen < 0)
		chosen = atoi(getenv("QUIC_MUTANT") ?: "0");
	return chosen == number;
}

#endif /* _QUIC_CORE_ENV_H */
"""
DECLARATION = re.compile(r"(?:const|static|struct|enum|unsigned|bool|int|u\d+|s\d+|size_t|quic_\w+)"
                         r"\s[\w\s*]*[\w*]\s*(?:=|;|,|\[)")
NO_PLACE = "Tagged at a function, table or type, not at one statement"
NO_USER = "In code that only the kernel or libquic builds"
NO_TEST = "The tests run in the kernel or in libquic only"
NO_TAG = "No code or no test, see above"


def user_sources(root):
    """Paths of the sources that user space builds, and of the headers with code."""
    with open(os.path.join(root, "net/quic/sources.mk"), encoding="utf-8") as file:
        sources = [f"net/quic/{name}" for name in re.findall(r"^\t(\S+\.c)", file.read(), re.M)]
    return set(sources) | {name[:-1] + "h" for name in sources}


def closing(code, at):
    """The offset behind the bracket that closes the one at @at."""
    depth = 0
    for match in re.compile(r"[()]").finditer(code, at):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return match.end()
    return len(code)


def statement_of(code, begin):
    """Where the statement begins that the line at @begin begins or goes on with."""
    start = max(code.rfind(c, 0, begin) for c in ";{}") + 1
    before = code[start:begin].strip()
    goes_on = before and (before.count("(") != before.count(")") or
                          not before.endswith((")", ":", "else", "do")))
    return start if goes_on else begin


def target(source, offset):
    """Where the statement begins that a tag at @offset stands at, or None."""
    code = tags.blank(source.text)
    item = source.item_at(offset)
    if not item or not item[1] or "=" in item[3] or not item[1] < offset < item[2]:
        return None
    begin = code.rfind("\n", 0, offset) + 1
    end = code.find("\n", offset)
    if code[begin:end].strip():
        begin = statement_of(code, begin)
    else:
        begin = source.text.find("*/", offset) + 2
    match = re.compile(r"[\s}]*(?:else\s+(?=if))?").match(code, begin)
    return match.end() if match.end() < item[2] - 1 else None


def change(source, at):
    """(start, end, text with %d) that switches off the statement at @at, or None."""
    code, item = tags.blank(source.text), source.item_at(at)
    if match := re.compile(r"(?:if|while)\s*(?=\()").match(code, at):
        end = closing(code, match.end())
        return match.end(), end, f"(!quic_mutant(%d) && {source.text[match.end():end]})"
    if re.compile(r"(?:for|switch|case|default|do|else|goto)\b|[{}]").match(code, at):
        return None
    end = code.find(";", at) + 1
    if not end or DECLARATION.match(code, at) and "(" not in code[at:code.find("=", at)]:
        return None
    if match := re.compile(r"return\b(.*?);", re.S).match(code, at):
        value = source.text[match.start(1):match.end(1)].strip()
        if not value:
            return None
        if re.search(r"\bbool\b", item[3].split("(")[0]):
            return at, end, f"return quic_mutant(%d) != !!({value});"
        return at, end, f"return quic_mutant(%d) ? 0 : ({value});"
    return at, end, f"{{ if (!quic_mutant(%d)) {source.text[at:end]} }}"


def of_site(source, site):
    """(start, end, text) for a code tag, or None."""
    at = target(source, site.offset)
    return change(source, at) if at else None


def user_test(site):
    return site.is_test and re.match(r"tests/user/(?:unit|sim)/test_\w+\.c$", site.path)


def sort(root, listed, sites):
    """(set of code sites that can be switched off, {reason: [rules that can not be]})"""
    sources = {}
    can, cannot = set(), {NO_PLACE: [], NO_USER: [], NO_TEST: [], NO_TAG: []}
    user = user_sources(root)
    for rule in listed.rules.values():
        mine = [s for s in sites if s.rule == rule.id]
        code = [s for s in mine if not s.is_test]
        here = [s for s in code if s.path in user]
        for site in here:
            if site.path not in sources:
                sources[site.path] = tags.Source(root, site.path)
        at = [s for s in here if of_site(sources[s.path], s)]
        if rule.who == "none" or not code or len(code) == len(mine):
            reason = NO_TAG if rule.who != "none" else None
        elif not any(user_test(s) for s in mine):
            reason = NO_TEST
        elif not at:
            reason = NO_PLACE if here else NO_USER
        else:
            reason = None
            can.update(at)
        if reason:
            cannot[reason].append(rule.id)
    return can, {k: v for k, v in cannot.items() if v}


def number(root, can):
    """[Mutant] of the sites that can be switched off, numbered from 1."""
    found = []
    for path in sorted({s.path for s in can}):
        source = tags.Source(root, path)
        for site in sorted((s for s in can if s.path == path), key=lambda s: (s.offset, s.rule)):
            start, end, put = of_site(source, site)
            found.append(Mutant(len(found) + 1, site.rule, path, source.line(site.offset),
                                site.name, start, end, put))
    return found


def rewrite(text, mutants):
    """@text with all @mutants of its file; those of one statement are merged."""
    groups = {}
    for mutant in mutants:
        groups.setdefault((mutant.start, mutant.end, mutant.put), []).append(mutant.number)
    for (start, end, put), numbers in sorted(groups.items(), reverse=True):
        chosen = put.replace("quic_mutant(%d)",
                             "(" + " || ".join(f"quic_mutant({n})" for n in numbers) + ")")
        text = text[:start] + chosen + text[end:]
    return text


def write_if_new(path, text):
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def make_tree(root, tree, mutants):
    """Fills @tree with the sources, all @mutants built in."""
    changed = {}
    for mutant in mutants:
        changed.setdefault(mutant.path, []).append(mutant)
    for folder in FOLDERS:
        for at, _, names in os.walk(os.path.join(root, folder)):
            path = os.path.relpath(at, root)
            os.makedirs(os.path.join(tree, path), exist_ok=True)
            for name in (n for n in names if n.endswith((".c", ".h", ".sh", ".mk", "Makefile"))):
                rel = os.path.join(path, name)
                with open(os.path.join(root, rel), encoding="utf-8") as file:
                    text = rewrite(file.read(), changed.get(rel, []))
                if rel == "tests/user/shim/env.h":
                    text = SWITCH.join(text.rsplit("\n#endif /* _QUIC_CORE_ENV_H */\n", 1))
                if name == "Makefile":
                    text = text.replace("-Werror ", "")
                write_if_new(os.path.join(tree, rel), text)
                shutil.copymode(os.path.join(root, rel), os.path.join(tree, rel))
