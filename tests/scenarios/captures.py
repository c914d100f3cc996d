# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario left behind, and the questions its verdict asks of it.

Three views of the same packets: what both ends sent (sent), and what could be
seen at one of them (at_client, at_server: what it sent, and what reached it).
Behind a NAT the server's view serves as the first. Only that one is dissected;
what else a capture shows is found there by its bytes. A datagram that nobody sent
(it was altered on its way) has no packets.
"""

import collections
import dataclasses
import functools
import os
import tempfile

from packets import (CERTIFICATE, CLOSE, MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS, PORT, STREAM,
                     base_type, dissect, listing, merge)

INITIAL_BYTES = 1200    # RFC 9000 14.1
CLIENTS = "src net 10.1.0.0/24 or src net fd01::/64"
SERVERS = "src net 10.2.0.0/24 or src net fd02::/64"


class Trace:
    """The captures of a scenario, and the list of what was expected of them."""

    def __init__(self, scenario, folder, keys=None):
        self.scenario = scenario
        self.folder = folder
        self.results = []
        self._keys = keys or os.path.join(folder, "keys.log")

    def path(self, name):
        return os.path.join(self.folder, name)

    def expect(self, good, text, detail=""):
        """One test of the verdict; detail is shown when it fails."""
        self.results.append((bool(good), text, str(detail)))
        return bool(good)

    # ---- views ----

    @functools.cached_property
    def sent(self):
        if self.scenario.nat:   # the ends do not agree on who talks with whom
            return dissect(self.path("server.pcap"), self._keys)
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".pcap") as file:
            merge(file.name, [(self.path("client.pcap"), CLIENTS),
                              (self.path("server.pcap"), SERVERS)])
            return dissect(file.name, self._keys)

    @functools.cached_property
    def at_client(self):
        return self._view("client.pcap")

    @functools.cached_property
    def at_server(self):
        return self._view("server.pcap")

    def _view(self, name):
        known = {d.payload: d.packets for d in self.sent if not d.is_tcp}
        view = listing(self.path(name))
        for dgram in view:
            dgram.packets = [dataclasses.replace(p, datagram=dgram)
                             for p in known.get(dgram.payload, ())]
        return view

    # ---- questions ----

    def packets(self, sender=None, kind=None, view=None):
        """QUIC packets in the order they were sent."""
        for dgram in self.sent if view is None else view:
            if sender in (None, dgram.sender):
                for packet in dgram.packets:
                    if kind in (None, packet.type):
                        yield packet

    def frames(self, kind, sender=None, view=None):
        """(packet, frame) of that type, without the bits in types."""
        for packet in self.packets(sender, view=view):
            for frame in packet.frames:
                if base_type(frame.type) == kind:
                    yield packet, frame

    def connections(self):
        """Connections as tshark counts them."""
        return {p.connection for p in self.packets()} - {None}

    def versions(self, *kinds):
        return {p.version for p in self.packets() if p.type in kinds}

    def handshake_messages(self, sender):
        """Types of TLS messages, repeated ones too."""
        return [t for p in self.packets(sender) for t in p.tls("tls.handshake.type")]

    def answers(self):
        """{(connection, stream): bytes from 0 on that the server has sent without a hole, if
        all of it, and the FIN at its end, else -1}"""
        parts = collections.defaultdict(set)
        ends = {}
        for packet, frame in self.frames(STREAM, "server"):
            sid, offset, length, fin = frame.stream()
            key = packet.connection, sid
            parts[key].add((offset, offset + length))
            if fin:
                ends[key] = offset + length
        return {key: _covered(parts[key], ends.get(key)) for key in parts}

    def lost(self, sender):
        """Datagrams that an end sent and the other did not see."""
        sent, seen = self._payloads(sender)
        return sum((sent - seen).values())

    def altered(self, sender):
        """Datagrams that an end saw and the other did not send."""
        sent, seen = self._payloads(sender)
        return sum((seen - sent).values())

    def _payloads(self, sender):
        here, there = self.at_client, self.at_server
        if sender == "server":
            here, there = there, here
        return tuple(collections.Counter(d.payload for d in view
                                         if not d.is_tcp and d.sender == sender)
                     for view in (here, there))

    def resets(self):
        """Payloads of datagrams that may be stateless resets: of no connection, drawn by the
        last datagram that arrived, which nobody sent like that, and smaller than it. Such a
        reset may draw another one. RFC 9000 10.3"""
        found = set()
        for view, me in ((self.at_client, "client"), (self.at_server, "server")):
            drawn_by = None
            for dgram in view:
                if dgram.sender != me:
                    drawn_by = dgram if not dgram.packets or not dgram.is_known else None
                elif not dgram.is_known and drawn_by and dgram.bytes < drawn_by.bytes:
                    found.add(dgram.payload)
        return found

    def flow_limits_kept(self):
        """Whether the server never sent beyond what the client's limits, as they reached it,
        allow; and how many raised limits there were. RFC 9000 4.1"""
        names = ("initial_max_data", "initial_max_stream_data_bidi_local")
        data = stream = 0
        streams, ends, raised = {}, collections.Counter(), 0
        for packet in self.packets(view=self.at_server):
            for name in names:
                value = [int(v) for v in packet.tls("tls.quic.parameter." + name)]
                if value and packet.datagram.sender == "client":
                    data, stream = (value[0], stream) if name == names[0] else (data, value[0])
            for frame in packet.frames:
                kind = base_type(frame.type)
                if kind == MAX_DATA and packet.datagram.sender == "client":
                    data, raised = max(data, frame.number("quic.md.maximum_data")), raised + 1
                elif kind == MAX_STREAM_DATA and packet.datagram.sender == "client":
                    sid = frame.number("quic.msd.stream_id")
                    value = frame.number("quic.msd.maximum_stream_data")
                    streams[sid], raised = max(streams.get(sid, 0), value), raised + 1
                elif kind == STREAM and packet.datagram.sender == "server":
                    sid, offset, length, _ = frame.stream()
                    ends[sid] = max(ends[sid], offset + length)
                    if ends[sid] > max(streams.get(sid, 0), stream) or ends.total() > data:
                        return False, raised
        return True, raised

    def stream_limit_kept(self):
        """The same of bidirectional streams that the client opened. RFC 9000 4.6"""
        limit = most = raised = 0
        for packet in self.packets(view=self.at_client):
            value = packet.tls("tls.quic.parameter.initial_max_streams_bidi")
            if value and packet.datagram.sender == "server":
                limit = int(value[0])
            for frame in packet.frames:
                if frame.type == MAX_STREAMS and packet.datagram.sender == "server":
                    limit = max(limit, frame.number("quic.ms.max_streams"))
                    raised += 1
                elif base_type(frame.type) == STREAM and packet.datagram.sender == "client":
                    most = max(most, frame.stream()[0] // 4 + 1)
                    if most > limit:
                        return False, raised
        return True, raised


def _covered(parts, end):
    reached = 0
    for first, last in sorted(parts):
        if first > reached:
            return -1
        reached = max(reached, last)
    return reached if reached == end else -1


def judge_any(t):
    """What holds in every scenario."""
    s = t.scenario
    with open(t.path("status"), encoding="utf-8") as f:
        status = dict(line.split() for line in f)
    for who in ("client", "server", "captures"):
        t.expect(status.get(who) == "0", f"the {who}'s own word" if who != "captures" else
                 "nothing is missing in the captures", status)
    bad = [d for d in t.sent if not d.is_readable and not d.is_tcp]
    if s.altered:
        resets = t.resets()
        bad = [d for d in bad if d.payload not in resets]
    t.expect(t.sent and not bad, "tshark decrypts every packet, finds none malformed",
             f"{len(bad)} of {len(t.sent)}: {bad[:1]}")
    short = [p for p in t.packets("client", "initial") if p.datagram.bytes < INITIAL_BYTES]
    t.expect(not short, "the client's Initial packets are in datagrams of 1200 bytes",
             short[:1])
    wrong = [p for p, _ in t.frames(CLOSE)]
    t.expect(not wrong, "nobody closes with a transport error", wrong[:1])
    answers = t.answers()
    whole = [key for key, size in answers.items() if size == s.size]
    t.expect(len(whole) == len(answers) == s.requests * s.connections,
             f"STREAM frames carry all {s.requests * s.connections} answers of {s.size} bytes"
             " to their ends", f"{len(whole)} of {len(answers)}")
    t.expect(len(t.connections()) == s.connections, f"{s.connections} connections in all",
             t.connections())
    versions = t.versions("handshake")
    t.expect(versions == {s.version}, f"they use version {s.version:#x}", versions)
    ports = {d.target_port for d in t.sent if d.sender == "client" and not d.is_tcp}
    t.expect(ports == {PORT}, "all go to the server's port", ports)
    t.expect(t.handshake_messages("server").count(CERTIFICATE) >= s.full_handshakes,
             "the server shows its certificate")
