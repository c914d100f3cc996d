#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts a bench run into tables: rates, ratios, and the ledger by stage.

    stages.py [--gate RATIO] [--mtu N] DIR

DIR holds MODE.json (quicperf) and MODE.samples ("count symbol (dso)") of the
modes quic, ktls and tcp. A stage is a list of patterns on symbol names; the
first that matches has the sample. What no pattern knows is shown as "other"
with its largest symbols, so that the table can not hide anything.
"""

import argparse
import json
import pathlib
import re
import sys

# kTLS and TCP at MTU 1500 on this bed (TESTBED.md), in Mbit per 10^9 instructions
REFERENCE = {"ktls": 800.0, "tcp": 2390.0}
TOLERANCE = 0.05
PLAIN_BYTES = 1443      # of a full packet at MTU 1500: the unit "per packet" for all three

STAGES = (
    ("copy", r"copy_user|_copy_(to|from)_iter|rep_movs|memcpy|copy_page|csum_partial_copy|"
             r"iov_iter|copyin|copyout|skb_copy_bits|quic_rx_copy"),
    ("AEAD", r"gcm|ghash|aes_|aesni|aead|gf128|scatterwalk|skcipher_walk|kernel_fpu|fpregs|"
             r"crypto_|simd_|ecb_|^aes|clmul|quic_edge_(open|burst_add)|quic_crypto"),
    ("header protection", r"quic_edge_unmask|hp_mask|quic_edge_burst_commit|tx_mask|rx_mask"),
    ("framing, send", r"quic_(packet|outqueue|sndbuf|sent|frame_encode|header_encode|wire_put)|"
                      r"^(packet|fill|outqueue|sndbuf|sent|stream_cut|tx)_"),
    ("receive engine", r"quic_(frame_rx|frame_decode|header_decode|wire_get|inqueue|pnspace|"
                       r"stream|flow|rx|keys)|^(rx|frame|inqueue|stream|pnspace)_"),
    ("recovery, congestion", r"quic_(recovery|rtt|cong|pacer|conn|timer|ranges)|"
                             r"^(ack|recovery|cong|cubic|timer|conn|ranges)_"),
    ("QUIC edges", r"quic_|^(tunnel|pool|lookup|quic)"),
    ("TLS", r"^tls_|tls_"),
    ("TCP", r"tcp"),
    ("UDP, IP, device", r"udp|ip_|ip6|ipv4|ipv6|inet|dev_|netif|napi|veth|skb|sk_|sock|neigh|"
                        r"eth_|qdisc|fib_|dst_|nf_|xmit|net_rx|gro|gso|__build_|kfree_skb"),
    ("memory", r"alloc|free|slab|page|kmem|get_random|memset|clear_|zero|folio|percpu|refill"),
    ("system calls, wakeups", r"syscall|entry_|do_sys|sched|wake|schedule|ep_|poll|futex|irq|"
                              r"softirq|timer|clock|lock|mutex|rcu|switch|idle|tick|vfs_|file|"
                              r"fget|fput|exit_to|preempt|work|kthread|select|signal|pick_|"
                              r"enqueue|dequeue|update_|ktime|__x86|_raw_|fdget|put_"),
)


def load_samples(path):
    rows = []
    for line in path.read_text().splitlines():
        match = re.match(r"\s*(\d+)\s+(\S+)(?:\s+\((.*)\))?", line)
        if match:
            rows.append((int(match[1]), match[2], match[3] or ""))
    return rows


def stage_of(symbol, dso):
    if dso and not dso.startswith("[") and not dso.endswith(".ko"):
        return "user space"
    for name, pattern in STAGES:
        if re.search(pattern, symbol):
            return name
    return "other"


def ledger(rows):
    table, other = {}, {}
    for count, symbol, dso in rows:
        if symbol.startswith(("default_idle", "pv_native_safe_halt", "cpu_idle")):
            continue
        stage = stage_of(symbol, dso)
        table[stage] = table.get(stage, 0) + count
        if stage == "other":
            other[symbol] = other.get(symbol, 0) + count
    return table, other


def print_ledger(directory, per_packet):
    modes = list(per_packet)
    columns, others = {}, {}
    for mode in modes:
        table, other = ledger(load_samples(directory / f"{mode}.samples"))
        total = sum(table.values()) or 1
        columns[mode] = {k: v * per_packet[mode] / total for k, v in table.items()}
        others[mode] = sorted(other.items(), key=lambda kv: -kv[1])[:6]
    print(f"\ninstructions per packet ({PLAIN_BYTES} bytes of data), both ends together")
    print(f"{'stage':24}" + "".join(f"{m:>10}" for m in modes))
    for name in [s for s, _ in STAGES] + ["user space", "other"]:
        if any(columns[m].get(name) for m in modes):
            print(f"{name:24}" + "".join(f"{columns[m].get(name, 0):10.0f}" for m in modes))
    print(f"{'sum':24}" + "".join(f"{per_packet[m]:10.0f}" for m in modes))
    for mode in modes:
        if others[mode]:
            print(f"other, {mode}: " + ", ".join(s for s, _ in others[mode]))


def top_symbols(directory, mode, per_packet, count=25):
    rows = [r for r in load_samples(directory / f"{mode}.samples")
            if not r[1].startswith(("default_idle", "pv_native_safe_halt", "cpu_idle"))]
    total = sum(r[0] for r in rows) or 1
    print(f"\nlargest functions, {mode}")
    for samples, symbol, _ in sorted(rows, reverse=True)[:count]:
        print(f"{samples * per_packet / total:8.0f}  {symbol}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gate", type=float, default=0.5)
    parser.add_argument("--mtu", type=int, default=1500)
    parser.add_argument("directory", type=pathlib.Path)
    args = parser.parse_args()
    rates, per_packet = {}, {}
    for mode in ("quic", "ktls", "tcp"):
        data = json.loads((args.directory / f"{mode}.json").read_text())
        ns_per_byte = data["elapsed_ns"] / data["bytes"]
        rates[mode] = 8000 / ns_per_byte
        per_packet[mode] = ns_per_byte * PLAIN_BYTES
    print(f"MTU {args.mtu}, 64 KiB messages, AES-128-GCM, -cpu max, veth, 1 CPU")
    print("Mbit per 10^9 instructions")
    for mode, rate in rates.items():
        print(f"  {mode:5} {rate:8.0f}   {per_packet[mode]:8.0f} instructions per packet")
    print(f"  QUIC : kTLS {rates['quic'] / rates['ktls']:.2f}   "
          f"QUIC : TCP {rates['quic'] / rates['tcp']:.2f}")
    print_ledger(args.directory, per_packet)
    top_symbols(args.directory, "quic", per_packet["quic"])
    checks = [("QUIC : kTLS is at least %.2f" % args.gate,
               rates["quic"] / rates["ktls"] >= args.gate)]
    if args.mtu == 1500:
        for mode, reference in REFERENCE.items():
            checks.append((f"{mode} is within 5 % of {reference:.0f}: the run is valid",
                           abs(rates[mode] / reference - 1) <= TOLERANCE))
    print()
    for text, good in checks:
        print(("ok - " if good else "not ok - ") + text)
    failed = sum(not good for _, good in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
