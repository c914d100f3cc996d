# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the kernel trees lie, and builds of the module for the gates.

The sources are copied into a build folder of their own in the cache (kbuild
builds beside the sources, and the checkout stays clean).  A copied file gets
the time of its copying whenever its bytes change, so make never misses one.
Warnings are errors there: a file that has one leaves no object and is
compiled again by every run, until it is clean; so a build that is up to date
says that everything in it was clean.
"""

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess

import lintlib

COPIED = ("net/", "include/", "tests/vectors/")
BASE = "net/quic"
BUILD_SECONDS = 900
_LOCKS = []                     # held open until the gate ends
ROW = re.compile(r"^(sparse: )?(\S.*?):(\d+):(?:\d+:)? (?:warning|error|fatal error): (.*)$")
EXPANSION = re.compile(r"^(\S.*?):(\d+):\d+: note: in expansion of macro")
MISSING = re.compile(r"No rule to make target '(?:\S*/)?net/quic/(\S+)\.o'")
MODPOST = re.compile(r"^(?:WARNING|ERROR): modpost: (.*)$")


def _ask_cache(what):
    """tests/vm/cache.sh knows where each tree is; it fetches or builds a missing one.

    LINT_TREE_SOURCE_6_12 and its like in the environment name a tree by hand.
    """
    by_hand = os.environ.get("LINT_TREE_" + re.sub(r"[-.]", "_", what).upper())
    if by_hand:
        return os.path.abspath(by_hand)
    script = os.path.join(os.path.dirname(lintlib.HERE), "vm", "cache.sh")
    if not os.path.exists(script):
        raise lintlib.CannotRun("no tests/vm/cache.sh")
    out = lintlib.call([script, what], timeout=BUILD_SECONDS)
    path = out.stdout.strip().splitlines()[-1:] or [""]
    if out.returncode or not os.path.isdir(path[0]):
        raise lintlib.CannotRun(f"cache.sh {what}: {(out.stderr or out.stdout).strip()[-300:]}")
    return path[0]


def kernel_source():
    """The unpacked 6.12 source: scripts/checkpatch.pl and scripts/kernel-doc are in it."""
    return _ask_cache("source-6.12")


def kernel_build(cc):
    """A tree that modules build against: the stock headers, or one prepared with LLVM=1.

    clang can not build against the distribution's headers: LLVM=1 uses gcc there.
    """
    return _ask_cache({"gcc": "headers-stock", "clang": "headers-clang"}[cc])


class Build:
    """The outcome of one build of net/quic."""

    def __init__(self, folder, output, status):
        self.folder = folder
        self.findings = []      # (tool, file, line, message)
        for line in output.splitlines():
            self._take(line)
        if status and not self.findings:
            tail = " / ".join(output.strip().splitlines()[-4:])
            self.findings.append(("cc", BASE + "/Makefile", 1, f"the build fails: {tail}"))

    def _take(self, line):
        m = ROW.match(line)
        if m:
            self.findings.append(("sparse" if m.group(1) else "cc", self._below(m.group(2)),
                                  int(m.group(3)), m.group(4)))
            return
        m = EXPANSION.match(line)
        if m and self.findings and self.findings[-1][1].startswith("/"):
            # In a macro of the kernel, but written here.
            here = self._below(m.group(1))
            if not here.startswith("/"):
                tool, _, _, message = self.findings[-1]
                self.findings[-1] = (tool, here, int(m.group(2)), message)
            return
        m = MISSING.search(line)
        if m:
            self.findings.append(("cc", BASE + "/Makefile", 1, f"names {m.group(1)}.o, which has no source"))
            return
        m = MODPOST.match(line)
        # A prepared tree has no Module.symvers: nothing resolves there.
        if m and not re.search(r"undefined!|unresolved symbol|Symbol info of vmlinux|Module\.symvers", m.group(1)):
            self.findings.append(("cc", BASE + "/Makefile", 1, m.group(1)))

    def _below(self, path):
        path = os.path.normpath(os.path.join(self.folder, path))
        return os.path.relpath(path, self.folder) if path.startswith(self.folder + "/") else path

    def objects(self):
        """{source below net/quic: its object}, of all that was compiled from a .c here."""
        found = {}
        top = os.path.join(self.folder, BASE)
        for cmd in glob.glob(top + "/**/.*.o.cmd", recursive=True):
            with open(cmd, encoding="utf-8") as f:
                m = re.search(r"^source_\S+ := (\S+\.c)$", f.read(), re.M)
            obj = os.path.join(os.path.dirname(cmd), os.path.basename(cmd)[1:-len(".cmd")])
            if not m or not os.path.exists(obj):
                continue
            source = os.path.relpath(os.path.join(top, m.group(1)), top)
            if not source.endswith(".mod.c"):
                found[source] = obj
        return found

    def linked(self):
        """Sources below net/quic of what is linked into quic.ko, by kbuild's own list.

        Not by the objects that lie there: one may be left from before.
        """
        top = os.path.join(self.folder, BASE)
        path = os.path.join(top, "quic.mod")
        if not os.path.exists(path):
            return set()
        with open(path, encoding="utf-8") as f:
            names = [os.path.relpath(os.path.join(top, name), top) for name in f.read().split()]
        have = self.objects()
        return {n[:-2] + ".c" for n in names if n[:-2] + ".c" in have}


def _sync(root, folder):
    """Copies what changed, deletes what is gone; returns nothing that is not in the tree."""
    wanted = {f for f in lintlib.tree_files(root) if f.startswith(COPIED)}
    manifest = os.path.join(folder, ".lint-files")
    old = set()
    if os.path.exists(manifest):
        with open(manifest, encoding="utf-8") as f:
            old = set(f.read().split("\n")) - {""}
    for name in old - wanted:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))
        if name.endswith(".c"):     # its object must not survive it
            stem = os.path.join(folder, name)[:-2]
            for path in (stem + ".o", os.path.join(os.path.dirname(stem),
                                                   f".{os.path.basename(stem)}.o.cmd")):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
    with open(manifest, "w", encoding="utf-8") as f:
        f.write("\n".join(sorted(wanted | old)))    # stays right if interrupted
    for name in wanted:
        source, target = os.path.join(root, name), os.path.join(folder, name)
        with open(source, "rb") as f:
            data = f.read()
        if os.path.exists(target):
            with open(target, "rb") as f:
                if f.read() == data:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as f:
            f.write(data)
    with open(manifest, "w", encoding="utf-8") as f:
        f.write("\n".join(sorted(wanted)))


def build_module(gate, cc):
    """Builds net/quic in its copy, W=1 and warnings as errors; with gcc also sparse.

    One copy per kernel serves every checkout, since only bytes that differ are
    written to it.  The lock is held until the gate ends: what it reads there
    is of its own tree.  Gates of one run share one build (LINT_RUN names the
    run), and so judge one state of the tree.
    """
    if not os.path.exists(gate.path(BASE + "/Makefile")):
        raise lintlib.CannotRun(f"no {BASE}/Makefile")
    kernel = kernel_build(cc)
    key = hashlib.sha256(kernel.encode()).hexdigest()[:16]
    base = os.environ.get("LINT_BUILD_DIR") or lintlib.cache_dir("build")
    folder = os.path.join(os.path.realpath(base), f"{cc}-{key}")
    os.makedirs(folder, exist_ok=True)
    lock = open(os.path.join(folder, ".lint-lock"), "w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_EX)
    _LOCKS.append(lock)
    done = _result_of_run(folder, None)
    if not done:
        _sync(gate.root, folder)
        done = _result_of_run(folder, _make(kernel, folder, cc))
    build = Build(folder, *done)
    if cc == "clang":
        _demand_clang(build)
    return build


def _result_of_run(folder, result):
    """Keeps (output, status) for the other gates of this run, or finds it there."""
    run, path = os.environ.get("LINT_RUN"), os.path.join(folder, ".lint-run")
    if result and run:
        with open(path, "w", encoding="utf-8") as f:
            json.dump([run, *result], f)
    if not result and run and os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            kept = json.load(f)
        return kept[1:] if kept[0] == run else None
    return result


def _make(kernel, folder, cc):
    # Without BTF: it needs pahole and says nothing about the source.
    options = ["W=1e", "CONFIG_IP_QUIC=m", "KBUILD_MODPOST_WARN=1", "CONFIG_DEBUG_INFO_BTF_MODULES="]
    if cc == "clang":
        options += ["LLVM=1", "CONFIG_IP_QUIC_KUNIT_TEST=m"]
    else:
        if not shutil.which("sparse"):
            raise lintlib.CannotRun("sparse is not installed (tests/setup.sh)")
        options += ["C=1", f"CHECK={lintlib.HERE}/sparse-one.sh {folder}"]
    out = subprocess.run(["nice", "make", "-k", f"-j{lintlib.JOBS}", "-C", kernel,
                          f"M={folder}/{BASE}", *options, "modules"],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", check=False, timeout=BUILD_SECONDS,
                         env={**os.environ, "MAKEFLAGS": "", "LC_ALL": "C"})
    return out.stdout, out.returncode


def _demand_clang(build):
    """LLVM=1 against a tree that was configured for gcc silently uses gcc."""
    for obj in build.objects().values():
        cmd = os.path.join(os.path.dirname(obj), f".{os.path.basename(obj)}.cmd")
        with open(cmd, encoding="utf-8") as f:
            if not re.match(r"savedcmd_\S+ := clang", f.readline()):
                raise lintlib.CannotRun(f"{obj} was not compiled by clang")


def report(gate, cc, tool):
    """A gate's findings are those of one tool in one build."""
    for found, name, line, message in build_module(gate, cc).findings:
        if found == tool and (not gate.only or name in gate.only):
            gate.find(name, line, message)
