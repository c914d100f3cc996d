# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios of the quic-interop-runner, between two ends of ours.

One function each: the decorator says what is played (guest.sh has the network's
words), the function what the captures have to show, beyond judge_any().
"""

import dataclasses

from packets import (ACK_ECN, CERTIFICATE, CLOSE_APP, CRYPTO, EARLY_DATA, HANDSHAKE_DONE,
                     PADDING, PATH_CHALLENGE, PATH_RESPONSE, PRE_SHARED_KEY, SERVER_HELLO,
                     STREAM)
from captures import judge_any

V1, V2 = 0x1, 0x6b3343cf
SCENARIOS = {}


@dataclasses.dataclass
class Scenario:
    """One row: what is played, and how it is judged."""

    name: str
    verdict: object
    requests: int = 1       # each on a stream of its own
    size: int = 1000        # bytes of each answer
    connections: int = 1
    full_handshakes: int = 1
    version: int = V1
    family: int = 4
    network: str = "both delay 10ms"
    during: str = ""
    server: str = ""
    client: str = ""
    certificate: str = "server"
    altered: bool = False   # packets are corrupted on their way
    is_long: bool = False   # not played unless it is asked for
    nat: bool = False       # or come from another address than they were sent from

    def judge(self, t):
        judge_any(t)
        self.verdict(t)


def scenario(**row):
    def add(verdict):
        name = verdict.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(name, verdict, **row)
        return verdict
    return add


def by_connection(t):
    """The packets of each connection, in the order these began."""
    found = {}
    for packet in t.packets():
        found.setdefault(packet.connection, []).append(packet)
    return list(found.values())


def certificates(t):
    """For each connection: was there a Certificate, and a pre_shared_key in the ServerHello?"""
    server = [[p for p in c if p.datagram.sender == "server"] for c in by_connection(t)]
    shown = [any(CERTIFICATE in p.tls("tls.handshake.type") for p in c) for c in server]
    psks = [any(SERVER_HELLO in p.tls("tls.handshake.type") and
                PRE_SHARED_KEY in p.tls("tls.handshake.extension.type") for p in c)
            for c in server]
    return shown, psks


def gap(times):
    """(start, length) of the longest silence."""
    return max(((a, b - a) for a, b in zip(times, times[1:])), key=lambda g: g[1], default=(0, 0))


# ---- a quiet network ----

@scenario()
def handshake(t):
    """[9000-7] [9001-4.1.2]"""
    for sender in ("client", "server"):
        kinds = [p.type for p in t.packets(sender)]
        t.expect(set(kinds) == {"initial", "handshake", "1rtt"},
                 f"the {sender} sends Initial, Handshake and 1-RTT packets, no other",
                 set(kinds))
    done = [p.datagram.sender for p, _ in t.frames(HANDSHAKE_DONE)]
    t.expect(done == ["server"], "one HANDSHAKE_DONE, from the server", done)
    hello = next(t.packets("client"))
    t.expect(hello.has(CRYPTO) and hello.tls("tls.handshake.type") == ["1"],
             "the first packet has the whole ClientHello")
    span = t.sent[-1].time - t.sent[0].time
    t.expect(span < 0.2, "it is over in a few round trips of 20 ms", span)


@scenario(family=6)
def ipv6(t):
    hosts = {d.source for d in t.sent} | {d.target for d in t.sent}
    t.expect(hosts == {"fd01::2", "fd02::2"}, "all packets are of IPv6", hosts)


@scenario(requests=3, size=1000000, client="--window 200000")
def transfer(t):
    kept, raised = t.flow_limits_kept()
    t.expect(kept, "the server stays within the client's limits, as it has learnt them")
    t.expect(raised >= 10, "the client raises them", raised)
    order = [f.stream()[0] for _, f in t.frames(STREAM, "server")]
    turns = sum(a != b for a, b in zip(order, order[1:]))
    t.expect(turns >= 10, "the streams take turns", turns)


@scenario(requests=1000, size=32, server="--max-streams 100")
def multiplexing(t):
    """[9000-4.6]"""
    kept, raised = t.stream_limit_kept()
    t.expect(kept, "the client stays within the server's limit, as it has learnt it")
    t.expect(raised >= 9, "the server raises it", raised)
    top = max(f.stream()[0] for _, f in t.frames(STREAM, "client"))
    t.expect(top == 4 * 999, "the streams have the next numbers, one after the other", top)


@scenario(size=200000, network="both delay 750ms")
def longrtt(t):
    # Each time are up to two packets. The first one waits for ARP: its time tells nothing.
    hello = [p.datagram.time for p in t.packets("client", "initial") if p.has(CRYPTO)]
    sent = [b for a, b in zip([0, *hello], hello) if b - a > 0.1]
    gaps = [b - a for a, b in zip(sent[1:], sent[2:])]
    t.expect(2 <= len(sent) <= 4 and len(hello) <= 2 * len(sent) and
             all(gap > 1.9 * 2 ** i for i, gap in enumerate(gaps)),
             "the ClientHello is sent again, with a backoff", hello)
    first = min(d.time for d in t.at_client if d.sender == "server")
    t.expect(first - t.sent[0].time >= 1.5, "the first answer takes 1.5 s",
             first - t.sent[0].time)
    again = {}
    for packet, frame in t.frames(STREAM, "server"):
        again.setdefault(frame.stream()[:2], []).append(packet)
    t.expect(all(len(p) == 1 for p in again.values()), "no answer is sent twice for impatience")


@scenario(size=2000000, client="--update-at 1000000 --window 200000")
def keyupdate(t):
    """[9001-6]"""
    for sender in ("client", "server"):
        numbers = {"0": [], "1": []}
        for packet in t.packets(sender, "1rtt"):
            numbers[packet.phase].append(packet.number)
        t.expect(len(numbers["0"]) >= 10 and len(numbers["1"]) >= 10,
                 f"the {sender} sends in both key phases", {k: len(v) for k, v in numbers.items()})
        t.expect(max(numbers["0"], default=0) < min(numbers["1"], default=0),
                 f"the {sender} does not go back to the old keys")
    first = next((p for p in t.packets(kind="1rtt") if p.phase == "1"), None)
    t.expect(first and first.datagram.sender == "client", "the client begins")


@scenario(size=200000, server="--cipher CHACHA20-POLY1305",
          client="--cipher CHACHA20-POLY1305")
def chacha20(t):
    offered = [c for p in t.packets("client") for c in p.tls("tls.handshake.ciphersuite")]
    t.expect({c for c in offered if c.startswith("0x13")} == {"0x1303"},
             "the client offers nothing else of TLS 1.3", offered)
    chosen = [c for p in t.packets("server") for c in p.tls("tls.handshake.ciphersuite")]
    t.expect(chosen and set(chosen) == {"0x1303"}, "the server takes it", chosen)


@scenario(connections=2, server="", client="--resume")
def resumption(t):
    """[8446-2.2]"""
    shown, psks = certificates(t)
    t.expect(shown == [True, False], "the certificate is shown once, by the first connection",
             shown)
    t.expect(psks == [False, True], "the second one's ServerHello takes a PSK", psks)


@scenario(size=300000, network="both delay 10ms && mark_down 30")
def ecn(t):
    """[9000-13.4]"""
    for sender in ("client", "server"):
        marks = [(p.datagram.ecn, p.has(PADDING, CLOSE_APP)) for p in t.packets(sender, "1rtt")]
        t.expect(marks and all(ecn == 2 or is_odd for ecn, is_odd in marks),
                 f"the {sender}'s packets carry ECT(0), but for probes of the MTU and the close",
                 marks[:10])
        counts = [f.number("quic.ack.ect0_count") for p, f in t.frames(ACK_ECN, sender)
                  if p.type == "1rtt"]
        t.expect(counts and counts[-1] > 0 and counts == sorted(counts),
                 f"the {sender} counts what it receives", counts[-3:])
    marked = sum(d.ecn == 3 for d in t.at_client)
    told = max((f.number("quic.ack.ecn_ce_count") for _, f in t.frames(ACK_ECN, "client")),
               default=0)
    t.expect(marked >= 5 and marked - 2 <= told <= marked,
             "the client tells of congestion marks", (marked, told))


# ---- the first flights ----

@scenario(certificate="large", network="both delay 10ms && drop_up 1-6")
def amplificationlimit(t):
    """[9000-8.1]"""
    got = gave = 0
    most, left, known = 0.0, 0, False
    for dgram in t.at_server:
        if dgram.sender == "client":
            got += dgram.bytes
            known |= any(p.type == "handshake" for p in dgram.packets)
        else:
            gave += dgram.bytes
        if known:
            break
        most, left = max(most, gave / got), 3 * got - gave
    t.expect(known and most <= 3, "the server sends at most three times what it got", most)
    t.expect(left < 1200, "it had no room for one datagram more", left)
    t.expect(t.lost("client") == 6, "six datagrams of the client are lost", t.lost("client"))
    flight = sum(int(v) for p in t.packets("server", "handshake", t.at_server)
                 for v in p.tls("tls.handshake.certificates_length"))
    t.expect(flight > 3 * 1200, "the certificate alone is more than that", flight)


def judge_loss(t, least):
    for sender in ("client", "server"):
        sent = sum(d.sender == sender for d in t.sent)
        lost = t.lost(sender)
        t.expect(lost >= least * sent, f"of the {sender}'s packets some are lost",
                 f"{lost} of {sent}")


def judge_corruption(t, least):
    for sender in ("client", "server"):
        sent = sum(d.sender == sender for d in t.sent)
        altered = t.altered(sender)
        t.expect(altered >= least * sent, f"of the {sender}'s packets some arrive altered",
                 f"{altered} of {sent}")


# At such losses a dozen datagrams in a row may be lost; time costs nothing here.
PATIENT = "--patience 300"


@scenario(connections=10, full_handshakes=10, server=PATIENT, client=PATIENT,
          network="patience 300 && both delay 10ms loss 30%")
def handshakeloss(t):
    judge_loss(t, 0.1)


@scenario(connections=10, full_handshakes=10, altered=True, server=PATIENT, client=PATIENT,
          network="patience 300 && without_checksums && both delay 10ms corrupt 30%")
def handshakecorruption(t):
    judge_corruption(t, 0.05)


@scenario(server="--retry")
def retry(t):
    """[9000-8.1.2] [9000-17.2.5] [9000-7.3]"""
    retries = list(t.packets(kind="retry"))
    t.expect(len(retries) == 1, "there is one Retry", len(retries))
    t.expect(next(t.packets("server")) is retries[0], "it is the server's first packet")
    token, scid = retries[0].tls("quic.retry_token"), retries[0].tls("quic.scid")
    first, *later = t.packets("client", "initial")
    t.expect(not first.tls("quic.token"), "the first Initial has no token", first)
    t.expect(later and token and all(p.tls("quic.token") == token for p in later),
             "all later ones have the Retry's", later)
    t.expect(all(p.tls("quic.dcid") == scid for p in later if p.number <= 1),
             "and go to the connection ID it names")
    hello = [[(f.data("quic.crypto.offset"), f.data("quic.crypto.length")) for f in p.frames
              if f.type == CRYPTO] for p in (first, *later) if p.has(CRYPTO)]
    t.expect(len(hello) >= 2 and all(h == hello[0] for h in hello),
             "the ClientHello is as long as before", hello)
    params = "tls.quic.parameter."
    told = [p for p in t.packets("server", "handshake")
            if p.tls(params + "retry_source_connection_id")]
    t.expect(told and told[0].tls(params + "retry_source_connection_id") == scid and
             told[0].tls(params + "original_destination_connection_id") == first.tls("quic.dcid"),
             "the server's parameters confirm both connection IDs", told)


@scenario(version=V2, server="--version 2")
def v2(t):
    """[9368-2.3] [9369-4.1]"""
    first = next(t.packets("client"))
    t.expect(first.version == V1, "the client begins with version 1", first.version)
    t.expect(t.versions("handshake") == {V2}, "the handshake goes on in version 2")
    server = [p.version for p in t.packets("server", "initial") if p.has(CRYPTO)]
    t.expect(server and set(server) == {V2}, "the server says nothing in another", server)
    t.expect(not list(t.packets(kind="negotiation")), "without a Version Negotiation packet")


@scenario(connections=2, requests=30, size=500, server="--early", client="--resume --early")
def zerortt(t):
    """[9001-4.6]"""
    shown, psks = certificates(t)
    t.expect(shown == [True, False] and psks == [False, True], "the second connection resumes",
             (shown, psks))
    second = by_connection(t)[1]
    kinds = [p.type for p in second if p.datagram.sender == "client" and p.has(STREAM)]
    t.expect(kinds.count("0rtt") >= 1 and "1rtt" not in kinds,
             "all requests are in 0-RTT packets", kinds)
    accepted = [p for p in second if p.datagram.sender == "server" and
                EARLY_DATA in p.tls("tls.handshake.extension.type")]
    t.expect(accepted, "the server accepts early data")
    times = {kind: [p.datagram.time for p in t.packets("client", kind, t.at_server)
                    if p.connection == second[0].connection] for kind in ("0rtt", "handshake")}
    t.expect(max(times["0rtt"], default=0) < min(times["handshake"], default=0),
             "they are there before the client's Finished", times)


# ---- transfers over bad networks ----

@scenario(size=2000000, network="both delay 10ms loss 2%")
def transferloss(t):
    judge_loss(t, 0.005)


@scenario(size=2000000, altered=True,
          network="without_checksums && both delay 10ms corrupt 2%")
def transfercorruption(t):
    judge_corruption(t, 0.005)


@scenario(size=2000000, network="both rate 10mbit delay 10ms limit 100",
          during="sleep 0.8; both loss 100%; sleep 3; both rate 10mbit delay 10ms limit 100")
def blackhole(t):
    start, length = gap([d.time for d in t.at_client if d.sender == "server"])
    t.expect(2.9 < length < 8, "nothing arrives for three seconds, then the rest does", length)
    probes = [d for d in t.sent if d.sender == "server" and start + 1 < d.time < start + 3]
    t.expect(1 <= len(probes) <= 12, "the server probes, and does no more", len(probes))


@scenario(size=10 << 20, network="bottleneck 10mbit 25 15ms")
def goodput(t):
    """At least 92 % of the link is stream data."""
    rate = stream_rate(t)
    t.expect(rate >= 9.2, "9.2 Mbit/s of stream data on a link of 10", f"{rate:.2f}")


def judge_share(t, most):
    """One flow of ours and one of TCP CUBIC fill a link and share it within 1:most."""
    ours = stream_rate(t)
    span = answer_span(t)
    theirs = 8e-6 * sum(d.bytes for d in t.at_client if d.is_tcp and d.sender == "server" and
                        span[0] <= d.time <= span[1]) / (span[1] - span[0])
    told = f"{ours:.2f} and {theirs:.2f} Mbit/s in {span[1] - span[0]:.1f} s"
    t.expect(ours + theirs >= 8.5, "the link is full", told)
    t.expect(ours <= most * theirs and theirs <= most * ours,
             f"ours and TCP share it within 1:{most}", told)


@scenario(size=6 << 20, network="bottleneck 10mbit 25 15ms", during="cross_traffic")
def crosstraffic(t):
    """Ten seconds: shares swing, but nobody starves."""
    judge_share(t, 3)


@scenario(size=36 << 20, network="bottleneck 10mbit 25 15ms", during="cross_traffic",
          is_long=True)
def fairness(t):
    """A minute."""
    judge_share(t, 1.5)


def answer_span(t):
    """From the request to the last byte, at the client."""
    times = [p.datagram.time for p, _ in t.frames(STREAM, view=t.at_client)]
    return min(times), max(times)


def stream_rate(t):
    """Mbit/s of answers, as they arrive."""
    first, last = answer_span(t)
    return 8e-6 * sum(t.answers().values()) / (last - first)


# ---- addresses that change ----

def judge_move(t, before, after, kept_ids):
    """At the server, the client's address becomes another one, and is validated."""
    seen = list(dict.fromkeys((d.source, d.source_port) for d in t.at_server
                              if d.sender == "client"))
    t.expect(seen == [before, after], "the server sees the client at one address, then at another",
             seen)
    start = min((d.time for d in t.at_server if (d.source, d.source_port) == after), default=0)
    asked = {f.data("quic.path_challenge.data"): p
             for p, f in t.frames(PATH_CHALLENGE, "server", t.at_server)
             if (p.datagram.target, p.datagram.target_port) == after}
    answered = [p for p, f in t.frames(PATH_RESPONSE, "client", t.at_server)
                if f.data("quic.path_response.data") in asked and
                (p.datagram.source, p.datagram.source_port) == after]
    t.expect(asked and answered, "it challenges the new address, which answers",
             (len(asked), len(answered)))
    valid = min((p.datagram.time for p in answered), default=float("inf"))
    got = sum(d.bytes for d in t.at_server if start <= d.time <= valid and
              (d.source, d.source_port) == after)
    gave = sum(d.bytes for d in t.at_server if start <= d.time < valid and
               (d.target, d.target_port) == after)
    t.expect(0 < gave <= 3 * got, "and sends there three times what it got, not more, until then",
             f"{gave} for {got}")
    ids = [{d for p in t.packets("client", "1rtt", t.at_server)
            if (p.datagram.source, p.datagram.source_port) == where for d in p.tls("quic.dcid")}
           for where in (before, after)]
    t.expect(bool(ids[0] & ids[1]) == kept_ids, "the client's packets go to " +
             ("the same connection ID" if kept_ids else "a new connection ID there"), ids)


SLOW = "rate 10mbit delay 15ms limit 100"


@scenario(size=2000000, nat=True, client="--port 5000",
          network=f"nat 5000 10.1.0.2 6000 && both {SLOW}",
          during="sleep 1 && nat 5000 10.1.0.2 7000")
def rebind_port(t):
    """[9000-9.3]"""
    judge_move(t, ("10.1.0.2", 6000), ("10.1.0.2", 7000), kept_ids=True)


@scenario(size=2000000, nat=True, client="--port 5000",
          network=f"nat 5000 10.1.0.66 6000 && both {SLOW}",
          during="sleep 1 && nat 5000 10.1.0.77 7000")
def rebind_addr(t):
    """[9000-9.3] [9000-9.4]"""
    judge_move(t, ("10.1.0.66", 6000), ("10.1.0.77", 7000), kept_ids=True)


@scenario(size=2000000, client="--port 5000 --move-at 700000 --move-to 10.1.0.3 6000",
          network=f"second_address client && both {SLOW}")
def connectionmigration(t):
    """[9000-9.2] [9000-9.5]"""
    judge_move(t, ("10.1.0.2", 5000), ("10.1.0.3", 6000), kept_ids=False)
    asked = [f.data("quic.path_challenge.data") for p, f in t.frames(PATH_CHALLENGE, "client")
             if p.datagram.source == "10.1.0.3"]
    answers = [f.data("quic.path_response.data") for _, f in t.frames(PATH_RESPONSE, "server")]
    t.expect(asked and set(asked) & set(answers), "the client probes the path, too",
             (asked, answers))


@scenario(size=2000000, server="--move-to 10.2.0.3 4433",
          network=f"second_address server && both {SLOW}")
def preferredaddress(t):
    """[9000-9.6]"""
    told = [v for p in t.packets("server", "handshake")
            for v in p.tls("tls.quic.parameter.preferred_address.ipv4address")]
    t.expect(told and set(told) == {"10.2.0.3"}, "the server prefers another address", told)
    where = list(dict.fromkeys(d.target for d in t.at_client if d.sender == "client"))
    t.expect(where == ["10.2.0.2", "10.2.0.3"], "the client goes there", where)
    asked = {f.data("quic.path_challenge.data") for p, f in t.frames(PATH_CHALLENGE, "client")
             if p.datagram.target == "10.2.0.3"}
    answered = [p for p, f in t.frames(PATH_RESPONSE, "server", t.at_client)
                if f.data("quic.path_response.data") in asked]
    t.expect(asked and answered, "after it has tried the path", (asked, answered))
    ids = [{d for p in t.packets("client", "1rtt") if p.datagram.target == host
            for d in p.tls("quic.dcid")} for host in ("10.2.0.2", "10.2.0.3")]
    t.expect(ids[1] and not ids[0] & ids[1], "with connection IDs of its own", ids)
    data = {p.datagram.source for p, f in t.frames(STREAM, "server", t.at_client)}
    t.expect(data == {"10.2.0.2", "10.2.0.3"}, "and the server answers from there", data)
