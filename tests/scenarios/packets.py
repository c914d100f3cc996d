# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture as tshark understands it: datagrams, QUIC packets, frames.

tshark shares no code with us. It decrypts with the TLS secrets and writes JSON,
of which this keeps the fields of QUIC and TLS, by their names in Wireshark.
Nothing is computed here that tshark could say.
"""

import dataclasses
import json
import os
import subprocess
import tempfile

PORT = 4433
LONG_TYPES = {"0": "initial", "1": "0rtt", "2": "handshake", "3": "retry"}
# RFC 9000 12.4, 19
PADDING, PING, ACK, ACK_ECN, CRYPTO = 0x00, 0x01, 0x02, 0x03, 0x06
NEW_TOKEN, STREAM, MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS = 0x07, 0x08, 0x10, 0x11, 0x12
STREAMS_BLOCKED, NEW_CONNECTION_ID, RETIRE_CONNECTION_ID = 0x16, 0x18, 0x19
PATH_CHALLENGE, PATH_RESPONSE, CLOSE, CLOSE_APP, HANDSHAKE_DONE = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e
# Of these only the length is kept, in bytes; it comes as aa:bb:cc.
BULK = ("quic.payload", "quic.protected_payload", "quic.stream_data")
# RFC 8446 4
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = "1", "2", "11"
PRE_SHARED_KEY, EARLY_DATA = "41", "42"


@dataclasses.dataclass
class Frame:
    """One QUIC frame; fields has what tshark says of it."""

    type: int
    fields: dict

    def number(self, name):
        return int(self.fields[name][0], 0)

    def data(self, name):
        return self.fields.get(name, [""])[0]

    def stream(self):
        """(stream ID, offset, length, FIN) of a STREAM frame."""
        return (self.number("quic.stream.stream_id"),
                int(self.fields.get("quic.stream.offset", ["0"])[0]),
                int(self.fields.get("quic.stream_data", ["0"])[0]),
                bool(self.type & 1))


@dataclasses.dataclass
class Packet:
    """One QUIC packet; a datagram may carry several."""

    fields: dict
    frames: list
    datagram: "Datagram" = dataclasses.field(repr=False)

    @property
    def type(self):
        if self.fields.get("quic.header_form") == ["0"]:
            return "1rtt"
        if self.version == 0:
            return "negotiation"
        for name in ("quic.long.packet_type", "quic.long.packet_type_v2"):
            if name in self.fields:
                # v2 has other numbers: 0 is Retry (RFC 9369 3.2)
                number = int(self.fields[name][0]) - (1 if name.endswith("v2") else 0)
                return LONG_TYPES[str(number % 4)]
        return "unknown"

    @property
    def version(self):
        return int(self.fields.get("quic.version", ["-1"])[0], 0)

    @property
    def number(self):
        return int(self.fields["quic.packet_number"][0])

    @property
    def connection(self):
        """tshark's number of it, which it tells once for a datagram; None: it knows no such."""
        return self.datagram.packets[0].fields.get("quic.connection.number", [None])[0]

    @property
    def phase(self):
        return self.fields.get("quic.key_phase", [None])[0]

    @property
    def is_readable(self):
        """Nothing failed, nothing is left over, and there is something in it."""
        bad = ("quic.decryption_failed", "quic.remaining_payload", "_ws.malformed")
        return not any(b in self.fields for b in bad) and (
            bool(self.frames) or self.type in ("retry", "negotiation"))

    def has(self, *types):
        return any(base_type(f.type) in types for f in self.frames)

    def tls(self, name):
        return self.fields.get(name, [])


@dataclasses.dataclass
class Datagram:
    """One UDP datagram, or TCP segment of the cross traffic (then payload is empty)."""

    time: float = 0.0
    source: str = ""
    source_port: int = 0
    target: str = ""
    target_port: int = 0
    ecn: int = 0
    bytes: int = 0
    payload: int = 0
    is_tcp: bool = False
    packets: list = dataclasses.field(default_factory=list)

    @property
    def sender(self):
        return "server" if self.source.startswith(("10.2.", "fd02:")) else "client"

    @property
    def is_readable(self):
        return bool(self.packets) and all(p.is_readable for p in self.packets)

    @property
    def is_known(self):
        """It belongs to a connection that tshark has seen."""
        return bool(self.packets) and self.packets[0].connection is not None


# What tshark calls the fields of a Datagram.
FIELDS = {
    "frame.time_epoch": ("time", float),
    "ip.src": ("source", str), "ipv6.src": ("source", str),
    "ip.dst": ("target", str), "ipv6.dst": ("target", str),
    "ip.dsfield.ecn": ("ecn", lambda text: int(text, 0)),
    "ipv6.tclass.ecn": ("ecn", lambda text: int(text, 0)),
    "udp.srcport": ("source_port", int), "tcp.srcport": ("source_port", int),
    "udp.dstport": ("target_port", int), "tcp.dstport": ("target_port", int),
    "udp.length": ("bytes", lambda text: int(text) - 8), "tcp.len": ("bytes", int),
    "udp.payload": ("payload", lambda text: hash(text.replace(":", ""))),
}


def base_type(number):
    """STREAM, MAX_STREAMS and the like without the bits in their types."""
    if STREAM <= number < MAX_DATA:
        return STREAM
    if number in (MAX_STREAMS + 1, STREAMS_BLOCKED + 1):
        return number - 1
    return number


def _walk(pairs):
    """All (name, text) below, depth first."""
    for name, value in pairs:
        if isinstance(value, list):
            yield name, ""
            yield from _walk(value)
        else:
            yield name, value


def _collect(pairs, but=()):
    fields = {}
    for name, text in _walk(p for p in pairs if p[0] not in but):
        if name in BULK:
            text = str((len(text) + 1) // 3)
        fields.setdefault(name, []).append(text)
    return fields


def _frame(pairs):
    # what is in CRYPTO frames belongs to the packet
    fields = _collect(pairs, ("tls",))
    return Frame(int(fields["quic.frame_type"][0], 0), fields)


def _packet(pairs, dgram):
    packet = Packet(_collect(pairs, ("quic.frame",)), [], dgram)
    for name, value in pairs:
        if name == "quic.frame":
            packet.frames.append(_frame(value))
            for part, below in value:
                if part == "tls":
                    for key, texts in _collect(below).items():
                        packet.fields.setdefault(key, []).extend(texts)
    return packet


def _datagram(fields):
    """From the fields of FIELDS that are there; the rest keeps its default."""
    dgram = Datagram(is_tcp=bool(fields.get("tcp.srcport")))
    for name, (attribute, convert) in FIELDS.items():
        if fields.get(name):
            setattr(dgram, attribute, convert(fields[name]))
    return dgram


def _dissected(layers):
    below = _collect(p for p in layers if p[0] not in ("quic", "tls"))
    dgram = _datagram({name: texts[0] for name, texts in below.items()})
    dgram.packets = [_packet(value, dgram) for name, value in layers if name == "quic"]
    if "_ws.malformed" in below and dgram.packets:
        dgram.packets[-1].fields["_ws.malformed"] = [""]
    return dgram


def _elements(pipe):
    """The elements of tshark's JSON array, one at a time. Names repeat: lists of pairs."""
    lines = []
    for line in pipe:
        if line.startswith("  {"):
            lines = ["{"]
        elif line.startswith("  }"):
            yield json.loads("".join([*lines, "}"]), object_pairs_hook=list)
        else:
            lines.append(line)


def _tshark(pcap, *args):
    with subprocess.Popen(["tshark", "-n", "-r", pcap, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as tshark:
        yield from tshark.stdout
    if tshark.returncode:
        raise RuntimeError(f"tshark fails on {pcap}: {tshark.returncode}")


def dissect(pcap, keys):
    """The datagrams of a capture with all that is in them, in the order of their times."""
    lines = _tshark(pcap, "-o", f"tls.keylog_file:{keys}", "-d", f"udp.port=={PORT},quic",
                    "-T", "json", "-J", "frame ip ipv6 udp tcp quic tls _ws.malformed")
    return [_dissected(dict(dict(element)["_source"])["layers"]) for element in _elements(lines)]


def listing(pcap):
    """The same datagrams, from the outside: without packets."""
    chosen = [arg for name in FIELDS for arg in ("-e", name)]
    lines = _tshark(pcap, "--disable-protocol", "quic", "-T", "fields", *chosen)
    return [_datagram(dict(zip(FIELDS, line.rstrip("\n").split("\t")))) for line in lines]


def merge(target, parts):
    """One capture of several, each (pcap, filter of pcap-filter(7)); by time."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for pcap, wanted in parts:
            files.append(os.path.join(folder, str(len(files))))
            subprocess.run(["tcpdump", "-r", pcap, "-w", files[-1], wanted], check=True,
                           stderr=subprocess.DEVNULL)
        subprocess.run(["mergecap", "-F", "pcap", "-w", target, *files], check=True)
