# SPDX-License-Identifier: GPL-2.0-or-later
"""The committed list of rules and its exceptions, and whether the RFCs' texts agree with it."""

import collections
import os
import re

import rfctext

Rule = collections.namedtuple("Rule", "id section who text")
Section = collections.namedtuple("Section", "id count digest title")
Exemption = collections.namedtuple("Exemption", "kind reason")

WHO = ("both", "client", "server", "none")
# What an exception stands in for; "open" is one that has to go.
KINDS = {"code": ("code",), "test": ("test",), "both": ("code", "test"), "open": ("code", "test")}


class RuleList:
    """requirements.txt and exceptions.txt of one folder."""

    def __init__(self, folder):
        self.rfcs, self.sections, self.rules, self.exempt = {}, {}, {}, {}
        self.others = set()
        self.errors = []
        self._read(os.path.join(folder, "requirements.txt"), self._requirement)
        self._read(os.path.join(folder, "exceptions.txt"), self._exception)
        self._count()

    def _read(self, path, take):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if other := re.match(r"# Tags may name .*?: RFC (.*)", line):
                    self.others = set(other[1].split())
                if line.strip() and not line.startswith("#") and not take(line.rstrip("\n")):
                    self.errors.append(f"{os.path.basename(path)}:{number}: not understood")

    def _requirement(self, line):
        if match := re.fullmatch(r"RFC (\d+) (.+)", line):
            self.rfcs[match[1]] = match[2]
        elif match := re.fullmatch(r"((\d+-[\w.]+)#\d+) (\w+) (.+)", line):
            self.rules[match[1]] = Rule(*match.groups())
            return match[2] in self.sections and match[3] in WHO
        elif match := re.fullmatch(r"(\d+-[\w.]+) (\d+) ([0-9a-f]{8}|-) (.+)", line):
            self.sections[match[1]] = Section(match[1], int(match[2]), match[3], match[4])
        return bool(match)

    def _exception(self, line):
        match = re.fullmatch(r"(\d+-[\w.]+#\d+) (\w+) (.+)", line)
        if not match or match[1] not in self.rules or match[2] not in KINDS:
            return False
        known = match[1] not in self.exempt
        self.exempt[match[1]] = Exemption(match[2], match[3])
        return known

    def _count(self):
        for section in self.sections.values():
            want = [f"{section.id}#{n}" for n in range(1, section.count + 1)]
            if want != self.of(section.id):
                self.errors.append(f"requirements.txt: {section.id}: not {section.count} rows")

    def of(self, section):
        """The rules of a section."""
        return [rule.id for rule in self.rules.values() if rule.section == section]


def compare(listed, texts):
    """What differs between the list and the RFCs in the folder @texts; it may be missing."""
    for rfc in listed.rfcs:
        path = rfctext.path_of(texts, rfc)
        if not path:
            continue
        found = {f"{rfc}-{k}": v for k, v in rfctext.read(path).items()}
        for name in sorted({s for s in listed.sections if s.startswith(rfc)} ^ set(found)):
            yield f"{name}: only in {'the RFC' if name in found else 'the list'}"
        for name, (_, sentences) in found.items():
            section = listed.sections.get(name)
            if section and section.count != len(sentences):
                yield f"{name}: {section.count} rows, {len(sentences)} sentences in the RFC"
            elif section and sentences and section.digest != rfctext.digest(" ".join(sentences)):
                yield f"{name}: other sentences in the RFC than those listed"
        with open(path, encoding="utf-8") as file:
            if lost := rfctext.lost_keywords(file.read()):
                yield f"RFC {rfc}: {lost} keywords are in no sentence"
