# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes Documentation/networking/quic/compliance.rst of the list, the tags and the exceptions."""

import mutants

PATH = "Documentation/networking/quic/compliance.rst"
HEAD = """.. SPDX-License-Identifier: GPL-2.0-or-later
.. Made by tests/compliance/run --write; not to be edited.

============================
QUIC: what the RFCs demand
============================

Every sentence of the RFCs that says MUST, MUST NOT, SHALL or REQUIRED, in our
words, with the place in the code that sees to it and the tests that show it.
``#2`` of section 4.1 of RFC 9000 is that section's second such sentence; in code
and tests its tag is ``[9000-4.1#2]``.  The list is tests/compliance/requirements.txt,
the reasons for what has no code or no test are in tests/compliance/exceptions.txt.

``tests/compliance/run``
    checks that list, tags and this file agree; ``--write`` writes this file,
    ``--missing`` prints what has no tag yet.
``tests/compliance/mutate``
    switches tagged checks off, one at a time, and sees their tests fail.  Places
    marked \\* are those it can switch off; the last section lists the rules that
    have none, and why.

{counts}
"""
SHORT = (("net/quic/", ""), ("libquic/", "libquic/"), ("tests/user/", ""), ("tests/", ""))


def place(site, marked):
    path = site.path
    for prefix, instead in SHORT:
        if path.startswith(prefix):
            path = instead + path[len(prefix):]
            break
    name = site.name.replace("\\", "\\\\").replace("*", "\\*").replace("`", "'")
    return f"{path} {name}".strip() + (" \\*" if marked else "")


def places(sites, can_mutate):
    """The places of @sites, each once, those that mutate can switch off marked."""
    named = {}
    for site in sites:
        key = (site.path, site.name)
        named[key] = named.get(key, False) or site in can_mutate
    first = {(s.path, s.name): s for s in reversed(sites)}
    return "; ".join(place(first[key], named[key]) for key in sorted(named))


def entry(listed, rule, sites, can_mutate):
    """The lines of one rule."""
    yield f"``#{rule.id.split('#')[1]}`` {rule.who if rule.who != 'none' else 'no endpoint'}"
    yield f"    {rule.text}"
    lines = []
    for label, is_test in (("Code", False), ("Tests", True)):
        if here := [s for s in sites.get(rule.id, []) if s.is_test == is_test]:
            lines.append(f"    | {label}: {places(here, can_mutate)}")
    if exempt := listed.exempt.get(rule.id):
        without = {"code": "No code", "test": "No test", "both": "No code, no test",
                   "open": "Not done"}[exempt.kind]
        lines.append(f"    | {without}: {exempt.reason}")
    if lines:
        yield ""
        yield from lines
    yield ""


def counts(listed):
    bound = [r for r in listed.rules.values() if r.who != "none"]
    kinds = [e.kind for e in listed.exempt.values()]
    code, test, both, undone = (kinds.count(k) for k in ("code", "test", "both", "open"))
    return (f"{len(listed.rules)} sentences; {len(bound)} bind an endpoint; of these, by their "
            f"nature, {code} have no\ncode, {test} no test, {both} neither; {undone} are not done.")


def make(root, listed, sites):
    """The whole text."""
    by_rule = {}
    for site in sites:
        by_rule.setdefault(site.rule, []).append(site)
    can, cannot = mutants.sort(root, listed, sites)
    out = [HEAD.format(counts=counts(listed))]
    for rfc, title in listed.rfcs.items():
        head = f"RFC {rfc}: {title}"
        out += [head, "=" * len(head), ""]
        for section in listed.sections.values():
            if section.id.startswith(rfc) and section.count:
                head = f"{section.id.split('-')[1]} {section.title}"
                out += [head, "-" * len(head), ""]
                for rule in listed.of(section.id):
                    out += entry(listed, listed.rules[rule], by_rule, can)
    head = "What mutate cannot switch off"
    out += [head, "=" * len(head), ""]
    for reason, rules in cannot.items():
        out += [f"{reason}:", ""] + wrap(rules) + [""]
    return "\n".join(out)


def wrap(words, width=96):
    lines, line = [], "   "
    for word in words:
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = "   "
        line += " " + word
    return lines + [line]
