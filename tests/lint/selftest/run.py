#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each gate bites: a broken rule in a temporary copy is found, a whole copy passes.

    tests/lint/run --selftest [GATE...]

A case takes a copy of the miniature checkout (fixture.py), breaks one rule
there and demands the finding.  The gates that read text alone are also tried
on a copy of the real checkout: a finding must appear that was not there before,
so that a gate that looks in the wrong places does not pass for a strict one.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LINT = os.path.dirname(HERE)
ROOT = os.path.dirname(os.path.dirname(LINT))
sys.path[:0] = [HERE, LINT]

import fixture  # noqa: E402 (needs the path above)
import lintlib  # noqa: E402

QUIC = "net/quic/"
OF_GCC_BUILD = ("w1_gcc", "sparse", "purity", "samesources")
LOW, HIGH, ENGINE = QUIC + "core/low.c", QUIC + "core/high.c", QUIC + "engine.c"


# --- breaks: edits of a tree, by path ----------------------------------------

def put(path, text):
    def edit(root):
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(full, mode) as f:
            f.write(text)
    return edit


def append(path, text):
    def edit(root):
        with open(os.path.join(root, path), "a", encoding="utf-8") as f:
            f.write(text)
    return edit


def replace(path, old, new, count=-1):
    def edit(root):
        full = os.path.join(root, path)
        with open(full, encoding="utf-8") as f:
            text = f.read()
        if old not in text:
            raise AssertionError(f"{path} has no {old!r}")
        with open(full, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, count))
    return edit


def both(*edits):
    def edit(root):
        for e in edits:
            e(root)
    return edit


def include(path, what):
    """Adds an #include after the SPDX line."""
    def edit(root):
        full = os.path.join(root, path)
        with open(full, encoding="utf-8") as f:
            first, rest = f.read().split("\n", 1)
        with open(full, "w", encoding="utf-8") as f:
            f.write(f"{first}\n#include {what}\n{rest}")
    return edit


def function(name, lines, head="int "):
    return f"\n{head}{name}(void)\n{{\n" + "\t;\n" * (lines - 4) + "\treturn 0;\n}\n"


HOST = "https://" + "deb." + "debian.org/debian"
C, H, SH = fixture.GPL_C, fixture.GPL_H, fixture.GPL_SH

# (gate, what is wrong, the break, what the finding says)
CASES = (
    ("layers", "a file includes a layer above", include(LOW, '"high.h"'), r"low\.c:2: L0 .*high\.h of L1"),
    ("layers", "an engine file includes an edge",
     both(put(QUIC + "module.h", H), include(ENGINE, '"module.h"')), r"engine\.c:2: L2 .* of L3"),
    ("layers", "an engine file includes the kernel-only header", include(ENGINE, '"compat.h"'),
     r"engine\.c:2: L2 file includes compat\.h of LK"),
    ("layers", "a core file includes the kernel", include(LOW, "<linux/skbuff.h>"),
     r"low\.c:2: <linux/skbuff\.h> in a sans-IO file"),
    ("layers", "a core file includes something that is not there", include(LOW, '"../../other.h"'),
     r'"\.\./\.\./other\.h" is no file'),
    ("layers", "a file is not listed", put(QUIC + "stray.c", C), r"stray\.c:1: not listed"),
    ("layers", "a row names no file", append(QUIC + "layers.txt", "L1 core/gone\n"), "gone names no file"),
    ("layers", "a file is listed twice", append(QUIC + "layers.txt", "L1 core/low\n"), "listed twice"),
    ("layers", "two headers include each other", include(QUIC + "core/env.h", '"low.h"'),
     r"include cycle: core/env\.h -> core/low\.h"),

    ("sizes", "a function of 101 lines", append(LOW, function("f", 101)), r"f\(\) has 101 lines, more"),
    ("sizes", "a file of 801 lines", append(LOW, "\n" * 801), r"file has \d+ lines"),
    ("sizes", "more than one in ten functions is long", append(LOW, function("f", 40)),
     r"f\(\) has 40 lines; in net/quic 1 of 7"),
    ("sizes", "a long C++ member function", append(
        "libquic/src/client.cc", "class A {\n public:\n  int f() const noexcept {\n" + "    ;\n" * 101
        + "  }\n};\n"), r"client\.cc:\d+: f\(\) has 103 lines"),
    ("sizes", "a body that two #if branches open", append(
        LOW, "\n#if X\nint f(void) {\n#else\nint g(void) {\n#endif\n}\n"), "braces do not balance"),
    ("sizes", "an exemption without a reason", put("tests/lint/sizes.exempt", "a.c | file |\n"),
     "a row needs PATH"),
    ("sizes", "an exemption that nothing needs", put("tests/lint/sizes.exempt", "a.c | file | old\n"),
     "unused exception"),

    ("spdx", "no licence", put("tests/new.py", "print()\n"), r"new\.py:1: no SPDX"),
    ("spdx", "the library is not LGPL", replace("libquic/src/client.cc", "LGPL-2.1", "GPL-2.0"),
     "here it is LGPL"),
    ("spdx", "uapi without the syscall note",
     replace("include/uapi/linux/quic.h", " WITH Linux-syscall-note", ""), "syscall-note"),
    ("spdx", "the wrong comment form", replace(LOW, C, H), r"starts with //"),

    ("hygiene", "a package host", append("tests/script.sh", f"# {HOST}\n"), "package host"),
    ("hygiene", "an apt source line", append("tests/script.sh", "deb http" + "://x.example/y z\n"), "package host"),
    ("hygiene", "an object", put("tests/a.o", b"\x7fELF\0"), "generated or binary"),
    ("hygiene", "binary content", put("tests/table.txt", b"a\0b"), "binary content"),
    ("hygiene", "a kernel image", put("tests/vm/vmlinuz-6.12", b"MZ\0"), "generated or binary"),
    ("hygiene", "a kernel tree", put("tests/vm/linux/init/main.c", C), "kernel tree"),
    ("hygiene", "a large file", put("tests/big.txt", "x\n" * 200000), "larger than"),
    ("hygiene", "a conflict mark", append("tests/script.sh", "<" * 7 + " HEAD\n"), "conflict mark"),
    ("hygiene", "trailing blanks", append("tests/script.sh", "true \n"), "trailing blanks"),
    ("hygiene", "a sysctl without a word",
     put("net/quic/sysctl.c", C + 'SYSCTL_INT("new_one", new_one, &a, &b)\n'), "new_one has no entry"),
    ("hygiene", "a sysctl without a default",
     both(put("net/quic/sysctl.c", C + 'SYSCTL_INT("new_one", new_one, &a, &b)\n'),
          put("Documentation/networking/quic/sysctl.rst", "new_one - INTEGER\n\tNew.\n")),
     "new_one has no entry"),
    ("hygiene", "a word without a sysctl",
     put("Documentation/networking/quic/sysctl.rst", "old_one - INTEGER\n\tOld.\n\n\tDefault: 1.  Range: 1.\n"),
     "there is no sysctl old_one"),
    ("hygiene", "no newline at the end", append("tests/script.sh", "true"), "no newline"),

    ("shell", "an unquoted variable", append("tests/script.sh", "rm $1\n"), "SC2086"),
    ("shell", "a script without .sh", put("tests/tool", "#!/bin/sh\n" + SH + "rm $1\n"), "tool:3: .*SC2086"),

    ("checkpatch", "blanks for tabs", replace(LOW, "\treturn", "        return"), "CODE_INDENT"),
    ("checkpatch", "only --strict sees it", replace(LOW, "2 * n", "2 *n"), "SPACING"),
    ("checkpatch", "an unused exception", put("tests/lint/checkpatch.exceptions", "a.c | X | old\n"),
     "unused exception"),

    ("kerneldoc", "a parameter is not described", replace(QUIC + "core/low.h", " * @n: the number\n", ""),
     "'n' not described"),
    ("kerneldoc", "a return value is not described",
     replace(QUIC + "core/low.h", " *\n * Return: 2 * @n, modulo 2^32.\n", ""), "[Rr]eturn"),
    ("kerneldoc", "a function that crosses a layer has no comment",
     replace(QUIC + "engine.h", "/* Runs the engine with @n. */\n", ""), r"quic_engine_run\(\) is used in another"),

    ("w1_gcc", "a variable is set but not used", replace(
        LOW, "\treturn", "\tu32 dead;\n\n\tdead = n;\n\treturn"), r"low\.c:\d+: .*dead"),
    ("w1_gcc", "a function without prototype (W=1)", append(LOW, function("quic_low_zero", 5)),
     r"low\.c:\d+: no previous prototype"),
    ("w1_clang", "a function without prototype (W=1)", append(LOW, function("quic_low_zero", 5)),
     r"low\.c:\d+: no previous prototype"),
    ("w1_clang", "only clang sees it", replace(LOW, "\treturn", "\tn = n;\n\treturn"), r"low\.c:\d+: .*to itself"),
    ("sparse", "an integer for a pointer", append(
        LOW, "\nstatic void *quic_low_none;\n\nvoid *quic_low_null(void);\nvoid *quic_low_null(void)\n{\n"
        "\tquic_low_none = 0;\n\treturn quic_low_none;\n}\n"), r"low\.c:\d+: Using plain integer"),

    ("purity", "core needs a symbol of the kernel", append(
        LOW, "\nlong long get_random_long(void);\nlong long quic_low_luck(void);\n"
        "long long quic_low_luck(void)\n{\n\treturn get_random_long();\n}\n"),
     r"low\.c:1: needs get_random_long"),
    ("purity", "core uses a symbol of a layer above, without a header", replace(
        LOW, "\treturn 2 * n", "\tu32 quic_high_quadruple(u32 n);\n\n\treturn quic_high_quadruple(n) / 2"),
     r"low\.c:1: uses quic_high_quadruple of core/high\.c"),
    ("purity", "core uses what only the engine may", both(
        include(LOW, '"../edge.h"'), replace(LOW, "\treturn", "\tquic_edge_send(n);\n\treturn")),
     r"low\.c:1: needs quic_edge_send"),
    ("purity", "an inline lock", append(LOW, "\n#define QUIC_LOW_LOCK(x) spin_lock(x)\n"),
     r"spin_lock has no place"),
    ("purity", "an allowed symbol nobody needs",
     append("tests/lint/purity.allow", "net/quic/** | memcpy | unused\n"), "unused exception"),

    ("samesources", "the list lacks a file", replace(QUIC + "sources.mk", " core/high.c", ""),
     r"high\.c:1: not built by sources\.mk"),
    ("samesources", "the unit tests leave one out",
     replace("tests/user/Makefile", "\nbuild: ", "\nSRCS := $(QUIC_CORE_SRCS)\nbuild: "),
     r"engine\.c:1: not built by the unit tests"),
    ("samesources", "the simulator builds a changed copy", both(
        put("tests/user/core/low.c", fixture.LOW_C),
        replace("tests/user/Makefile", "\nsim/%", "\nsim/%.o: %.c\n\t$(CC) -c $< -o $@\nsim/%", 1)),
     r"low\.c:1: not built by the simulator"),
    ("samesources", "the unit tests build a changed copy", both(
        put("tests/user/core/low.c", fixture.LOW_C),
        replace("tests/user/Makefile", "\nout/%", "\nout/%.o: %.c\n\t$(CC) -c $< -o $@\nout/%", 1)),
     r"low\.c:1: not built by the unit tests"),
    ("samesources", "the module leaves one out", both(
        replace(QUIC + "Makefile", "$(QUIC_ENGINE_SRCS)", ""), replace(
            QUIC + "module.c", "quic_engine_run(1)", "quic_edge_send(1)")),
     r"engine\.c:1: not built by quic\.ko"),
    ("samesources", "a test replaces a function", put(
        "tests/user/fake.c", C + "int quic_low_double(int n)\n{\n\treturn n;\n}\n"), r"fake\.c:2: .*replaces"),

    ("userspace", "a comparison of signs (-Wextra)", replace(
        LOW, "\treturn 2 * n", "\tint m = 2;\n\n\treturn m < n"), r"low\.c:\d+: comparison"),
    ("cxxformat", "an ill-formatted line", replace("libquic/src/client.cc", "2 * n", "2*n"),
     r"client\.cc:\d+: .*clang-formatted"),
    ("tidy", "a statement without braces", replace(
        "libquic/src/client.cc", "  return 2 * n;", "  if (n > 9)\n    return 0;\n  return 2 * n;"),
     r"client\.cc:\d+: .*braces"),
    ("tidy", "a file no makefile compiles", put("libquic/src/lost.cc", fixture.LGPL_CC), r"lost\.cc:1: no makefile"),
)


def first_core_file(root):
    names = sorted(os.listdir(os.path.join(root, QUIC, "core")))
    return QUIC + "core/" + next(n for n in names if n.endswith(".c"))


def on_core_file(make_edit):
    return lambda root: make_edit(first_core_file(root))(root)


# The same, on a copy of the real checkout.
REAL_CASES = (
    ("layers", "an upward include", on_core_file(lambda f: include(f, '"../conn.h"')), r"core/.*includes conn\.h of L2"),
    ("layers", "a kernel header in the engine", include(QUIC + "conn.h", "<net/sock.h>"), r"<net/sock\.h> in a sans-IO"),
    ("sizes", "a long function in core", on_core_file(lambda f: append(f, function("f", 101))), r"f\(\) has 101"),
    ("sizes", "a long file in tests", put("tests/user/long.c", "\n" * 801), r"long\.c:800"),
    ("spdx", "a file without licence in core", put(QUIC + "core/nobody.c", "int x;\n"), r"nobody\.c:1: no SPDX"),
    ("hygiene", "a package host in a test", put("tests/vm/host.sh", SH + f"# {HOST}\n"), r"host\.sh:2: names"),
    ("shell", "a bad script in tests/vm", put("tests/vm/bad.sh", "#!/bin/sh\n" + SH + "rm $1\n"), r"bad\.sh:3"),
    ("kerneldoc", "a parameter that is none", on_core_file(lambda f: append(
        f, "\n/**\n * quic_x() - x\n * @gone: not there\n */\nvoid quic_x(void)\n{\n}\n")), "gone"),
    ("checkpatch", "blanks for tabs in core", on_core_file(lambda f: append(
        f, "\nint quic_x(void)\n{\n        return 0;\n}\n")), "CODE_INDENT"),
    ("userspace", "a warning in core", on_core_file(lambda f: append(
        f, "\nint quic_x(int a, unsigned int b);\nint quic_x(int a, unsigned int b)\n{\n\treturn a < b;\n}\n")),
     "comparison of integers"),
)


# --- running -------------------------------------------------------------

class Bench:
    """A folder for the copies, and a build folder that goes with them."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "LINT_BUILD_DIR": os.path.join(folder, "build")}
        self.env.pop("LINT_RUN", None)
        os.makedirs(self.env["LINT_BUILD_DIR"])
        self.clean = self.miniature("clean")

    def miniature(self, name):
        root = os.path.join(self.folder, name)
        for path, text in fixture.FILES.items():
            put(path, text)(root)
        return root

    def real_copy(self, name):
        root = os.path.join(self.folder, name)
        for path in lintlib.tree_files(ROOT):
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, path), os.path.join(root, path))
        return root

    def gate(self, name, root):
        out = subprocess.run([os.path.join(LINT, name + ".py"), "--root", root], env=self.env, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return out.returncode, out.stdout.splitlines()


def passes_clean(bench, gate):
    status, lines = bench.gate(gate, bench.clean)
    return status == 0 and lines[-1:] == [f"{gate}: 0 findings"], lines


def finds(bench, number, case):
    gate, _, edit, wanted = case
    root = bench.miniature(f"case-{number}")
    edit(root)
    status, lines = bench.gate(gate, root)
    shutil.rmtree(root)
    return status == 1 and any(re.search(wanted, line) for line in lines), lines


def finds_in_real(bench, number, case):
    gate, _, edit, wanted = case
    root = bench.real_copy(f"real-{number}")
    _, before = bench.gate(gate, root)
    edit(root)
    status, after = bench.gate(gate, root)
    shutil.rmtree(root)
    new = set(after) - set(before)
    return (status == 1 and any(re.search(wanted, line) for line in new)
            and not any(re.search(wanted, line) for line in before)), sorted(new)


def refuses_to_guess(bench):
    """A gate that can not run says so, and is not clean."""
    root = os.path.join(bench.folder, "empty")
    os.makedirs(root)
    status, lines = bench.gate("layers", root)
    return status == 2 and "cannot run" in lines[-1], lines


def jobs(bench, only):
    gates = sorted({c[0] for c in CASES})
    rows = [(g, "passes a whole tree", lambda g=g: passes_clean(bench, g)) for g in gates]
    rows += [(c[0], c[1], lambda n=n, c=c: finds(bench, n, c)) for n, c in enumerate(CASES)]
    rows += [(c[0], c[1] + " (real tree)", lambda n=n, c=c: finds_in_real(bench, n, c))
             for n, c in enumerate(REAL_CASES)]
    rows.append(("layers", "without layers.txt there is no verdict", lambda: refuses_to_guess(bench)))
    return [r for r in rows if not only or r[0] in only]


def attempt(row):
    gate, what, run = row
    try:
        good, lines = run()
    except (AssertionError, OSError, StopIteration) as e:
        good, lines = False, [repr(e)]
    print(f"{'ok' if good else 'FAILED'} {gate}: {what}", flush=True)
    if not good:
        print("\n".join("    " + line for line in lines[-15:]), flush=True)
    return good


def main():
    with tempfile.TemporaryDirectory(prefix="quic-lint-", dir=lintlib.cache_dir()) as folder:
        rows = jobs(Bench(folder), set(sys.argv[1:]))
        # Gates of the gcc build wait for each other: they are one of two lanes.
        lanes = [[r for r in rows if r[0] in OF_GCC_BUILD], [r for r in rows if r[0] not in OF_GCC_BUILD]]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = sum(pool.map(lambda lane: [attempt(r) for r in lane], lanes), [])
    untested = {f[:-3] for f in os.listdir(LINT) if f.endswith(".py") and os.access(
        os.path.join(LINT, f), os.X_OK)} - {c[0] for c in CASES}
    for name in sorted(untested):
        print(f"FAILED {name}: no case breaks its rule")
    failed = results.count(False) + len(untested)
    print(f"{results.count(True)} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
