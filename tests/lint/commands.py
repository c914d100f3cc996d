# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user-space folder's makefile would compile, and with which options."""

import hashlib
import json
import os
import re
import shlex

import lintlib

COMPILERS = re.compile(r"(?:.*/)?(?:ccache )?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)(?:-\d+)?$")
SOURCES = (".c", ".cc", ".cpp", ".cxx")


def _words(line):
    try:
        return shlex.split(line)
    except ValueError:
        return []


def compiles(gate, folder, *targets):
    """[(source below the root, directory, options)] of one folder's makefile.

    Options are what matters to another front end: -I -D -include -std -W -f.
    """
    if os.path.exists(gate.path(folder + "/CMakeLists.txt")):
        return _of_cmake(gate, folder)
    return _of_make(gate, folder, targets)


def _of_cmake(gate, folder):
    key = hashlib.sha256(f"{gate.root}\0{folder}".encode()).hexdigest()[:16]
    build = lintlib.cache_dir("cmake", key)
    out = lintlib.call(["cmake", "-S", gate.path(folder), "-B", build,
                        "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], timeout=120)
    if out.returncode:
        raise lintlib.CannotRun(f"cmake in {folder}: {out.stderr.strip()[-300:]}")
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        rows = json.load(f)
    return [c for row in rows for c in _compile(gate, row["directory"], _words(row["command"]))]


def _of_make(gate, folder, targets):
    """From the lines of make -nB that compile: a source, and a compiler in front."""
    if not os.path.exists(gate.path(folder + "/Makefile")):
        raise lintlib.CannotRun(f"no {folder}/Makefile")
    out = lintlib.call(["make", "-nBw", "-C", gate.path(folder), *targets], timeout=60,
                       env={**os.environ, "MAKEFLAGS": "", "LC_ALL": "C"})
    if out.returncode:
        raise lintlib.CannotRun(f"make -n in {folder}: {out.stderr.strip()[-300:]}")
    text = out.stdout.replace("\\\n", " ")
    found, where = [], [gate.path(folder)]
    for line in text.splitlines():
        m = re.match(r"make(?:\[\d+\])?: (Entering|Leaving) directory '(.*)'", line)
        if m:
            if m.group(1) == "Entering":
                where.append(m.group(2))
            elif len(where) > 1:
                where.pop()
            continue
        for part in re.split(r"&&|;|\|\|", line):
            found += _compile(gate, where[-1], _words(part))
    if not found:
        raise lintlib.CannotRun(f"make -n in {folder} shows no compiler call")
    return found


def _compile(gate, cwd, words):
    start = next((n for n, w in enumerate(words) if COMPILERS.match(w)), None)
    if start is None:
        return []
    options, sources, rest = [], [], iter(words[start + 1:])
    for w in rest:
        if w in ("-o", "-MF", "-MT", "-MQ"):
            next(rest, None)
        elif w in ("-include", "-isystem", "-I", "-D", "-U", "-x", "-iquote", "-idirafter"):
            options += [w, next(rest, "")]
        elif w.endswith(SOURCES) and not w.startswith("-"):
            sources.append(w)
        elif re.match(r"-(?:[IDUWf]|std=|pthread|m\w)", w) and not w.startswith(("-Wl,", "-fsanitize",
                                                                                 "-fno-sanitize")):
            options.append(w)
    rows = []
    for s in sources:
        full = os.path.realpath(os.path.join(cwd, s))
        rows.append((os.path.relpath(full, os.path.realpath(gate.root)), cwd, options))
    return rows
