// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quicperf: bulk throughput of QUIC, kTLS and TCP sockets of the kernel.
//
// The client says how much goes which way; the one who received it all confirms
// with the number of bytes.  The client's time runs from before the first byte
// (or the request, with --reverse) to the confirmation, on CLOCK_MONOTONIC, and
// is printed in nanoseconds: where a machine counts instructions as time, these
// are instructions.
//
// All modes use one connection: QUIC with one or more unidirectional streams
// and a bidirectional one for control, TCP with a plain byte stream, kTLS with
// fixed AES-128-GCM keys as TLS 1.3.  QUIC makes a real handshake, or with
// --fixed-secret installs keys anybody can read here: for measuring only.
#include "quicperf.h"

#include <getopt.h>

#include <cstdio>
#include <cstring>

namespace quicperf {

namespace {

using tools::Address;
using tools::Error;
using tools::UniqueFd;

constexpr const char kUsage[] =
    "quicperf measures bulk throughput of QUIC, kTLS and TCP sockets.\n"
    "\n"
    "  quicperf server ADDR:PORT [options]\n"
    "  quicperf client HOST:PORT [options]\n"
    "\n"
    "  --mode MODE       quic (default), ktls or tcp; the same on both sides\n"
    "  --bytes N         how much; K, M and G are powers of 1024; default 256M\n"
    "  --msg N           bytes per call; default 64K, at most 16M\n"
    "  --streams N       QUIC: spread over N streams, at most 100; default 1\n"
    "  --reverse         the server sends\n"
    "  --json            one JSON object instead of a line\n"
    "  --count N         server: exit after N connections\n"
    "  --cert F --key F  QUIC: certificate chain and key (PEM); for the server\n"
    "  --ca F            QUIC: certificates the client trusts, not the system's\n"
    "  --name NAME       QUIC: name the server has to prove; HOST is the default\n"
    "  --psk F           QUIC: pre-shared keys, lines of id:hexkey, on both sides\n"
    "  --fixed-secret    QUIC: no TLS, well-known keys; on both sides\n"
    "  --help            this\n";

constexpr uint64_t kMostMessageBytes = 16U << 20;
constexpr uint32_t kMostStreams = 100;
constexpr char kMagic[] = {'Q', 'P', 'F', '1'};

enum Option {
  kMode = 256,
  kBytes,
  kMsg,
  kStreams,
  kReverse,
  kJson,
  kCount,
  kCert,
  kKey,
  kCa,
  kName,
  kPsk,
  kFixedSecret,
  kHelp,
};

const option kOptions[] = {
    {"mode", required_argument, nullptr, kMode},
    {"bytes", required_argument, nullptr, kBytes},
    {"msg", required_argument, nullptr, kMsg},
    {"streams", required_argument, nullptr, kStreams},
    {"reverse", no_argument, nullptr, kReverse},
    {"json", no_argument, nullptr, kJson},
    {"count", required_argument, nullptr, kCount},
    {"cert", required_argument, nullptr, kCert},
    {"key", required_argument, nullptr, kKey},
    {"ca", required_argument, nullptr, kCa},
    {"name", required_argument, nullptr, kName},
    {"psk", required_argument, nullptr, kPsk},
    {"fixed-secret", no_argument, nullptr, kFixedSecret},
    {"help", no_argument, nullptr, kHelp},
    {nullptr, 0, nullptr, 0},
};

struct UsageError : Error {
  using Error::Error;
};

const char *NameOf(Mode mode) {
  switch (mode) {
    case Mode::kTcp:
      return "tcp";
    case Mode::kKtls:
      return "ktls";
    default:
      return "quic";
  }
}

int ProtocolOf(Mode mode) {
  if (mode == Mode::kQuic)
    return IPPROTO_QUIC;
  return IPPROTO_TCP;
}

Mode ParseMode(const std::string &text) {
  for (const Mode mode : {Mode::kTcp, Mode::kKtls, Mode::kQuic}) {
    if (text == NameOf(mode))
      return mode;
  }
  throw UsageError("'" + text + "': modes are quic, ktls and tcp");
}

void SetOption(int id, Settings *settings) {
  const std::string value = optarg != nullptr ? optarg : "";
  switch (id) {
    case kMode:
      settings->mode = ParseMode(value);
      break;
    case kBytes:
      settings->bytes = tools::ParseSize(value);
      break;
    case kMsg:
      settings->message_bytes = tools::ParseSize(value);
      break;
    case kStreams:
      settings->streams =
          static_cast<uint32_t>(tools::ParseNumber(value, 1, kMostStreams, "a number"));
      break;
    case kReverse:
      settings->reverse = true;
      break;
    case kJson:
      settings->json = true;
      break;
    case kCount:
      settings->count = tools::ParseNumber(value, 1, 1000000000, "a number");
      break;
    case kCert:
      settings->cert = value;
      break;
    case kKey:
      settings->key = value;
      break;
    case kCa:
      settings->ca = value;
      break;
    case kName:
      settings->name = value;
      break;
    case kPsk:
      settings->psk = value;
      break;
    case kFixedSecret:
      settings->fixed_secret = true;
      break;
    case kHelp:
      fputs(kUsage, stdout);
      exit(0);
    default:
      throw UsageError("");  // getopt has said what is wrong
  }
}

Settings ParseSettings(int argc, char **argv) {
  Settings settings;
  for (int id = 0; (id = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;)
    SetOption(id, &settings);
  if (argc - optind != 2)
    throw UsageError("want server or client, and an address");
  const std::string role = argv[optind];
  settings.address = argv[optind + 1];
  settings.is_server = role == "server";
  if (!settings.is_server && role != "client")
    throw UsageError("'" + role + "': want server or client");
  if (settings.message_bytes > kMostMessageBytes)
    throw UsageError("--msg is 16M at most");
  if (settings.mode != Mode::kQuic && settings.streams != 1)
    throw UsageError("--streams is for QUIC");
  if (settings.mode == Mode::kQuic && settings.is_server && !settings.fixed_secret &&
      settings.psk.empty() && settings.cert.empty())
    throw UsageError("a QUIC server needs --cert and --key, --psk, or --fixed-secret");
  return settings;
}

std::unique_ptr<Link> MakeLink(UniqueFd fd, const Settings &settings) {
  if (settings.mode == Mode::kQuic)
    return MakeQuicLink(std::move(fd), settings);
  return MakeTcpLink(std::move(fd), settings.is_server, settings.mode == Mode::kKtls);
}

void PrintResult(const Settings &settings, const Link &link, uint64_t ns) {
  const double rate = tools::MbitPerSecond(settings.bytes, ns);
  const std::string details = link.Describe(settings.json);
  printf(
      settings.json ? "{\"mode\":\"%s\",\"reverse\":%s,\"streams\":%u,\"msg\":%llu,\"bytes\":%llu,"
                      "\"elapsed_ns\":%llu,\"mbit_per_s\":%.3f%s}\n"
                    : "%s%s: streams %u, msg %llu, bytes %llu, elapsed %llu ns, %.1f Mbit/s%s\n",
      NameOf(settings.mode),
      settings.json ? (settings.reverse ? "true" : "false") : (settings.reverse ? " reverse" : ""),
      settings.streams, static_cast<unsigned long long>(settings.message_bytes),
      static_cast<unsigned long long>(settings.bytes), static_cast<unsigned long long>(ns), rate,
      details.c_str());
}

int RunClient(Settings settings) {
  const Address address = tools::ParseAddress(settings.address, false);
  if (settings.name.empty())
    settings.name = address.host;
  const int protocol = ProtocolOf(settings.mode);
  const std::unique_ptr<Link> link = MakeLink(tools::ConnectTo(address, protocol), settings);

  const Request request = {settings.bytes, settings.message_bytes, settings.streams,
                           settings.reverse};
  uint8_t wire[Request::kWireBytes];
  request.Encode(wire);
  const uint64_t start = tools::NowNs();
  link->SendControl(wire, sizeof(wire));
  uint64_t received = 0;
  if (settings.reverse) {
    received = link->ReceiveBulk(request);
  } else {
    link->SendBulk(request);
    uint8_t confirmation[kConfirmationBytes];
    link->ReceiveControl(confirmation, sizeof(confirmation));
    received = DecodeConfirmation(confirmation);
  }
  const uint64_t ns = tools::NowNs() - start;
  if (settings.reverse) {
    uint8_t confirmation[kConfirmationBytes];
    EncodeConfirmation(received, confirmation);
    link->SendControl(confirmation, sizeof(confirmation));
  }
  if (received != settings.bytes)
    throw Error("only " + std::to_string(received) + " bytes arrived");
  PrintResult(settings, *link, ns);
  return 0;
}

void ServeOne(UniqueFd fd, const Settings &settings) {
  const std::unique_ptr<Link> link = MakeLink(std::move(fd), settings);
  uint8_t wire[Request::kWireBytes];
  link->ReceiveControl(wire, sizeof(wire));
  const Request request = Request::Decode(wire);
  uint8_t confirmation[kConfirmationBytes];
  if (request.reverse) {
    link->SendBulk(request);
    link->ReceiveControl(confirmation, sizeof(confirmation));
  } else {
    EncodeConfirmation(link->ReceiveBulk(request), confirmation);
    link->SendControl(confirmation, sizeof(confirmation));
  }
  link->WaitForClose();
}

int RunServer(const Settings &settings) {
  const int protocol = ProtocolOf(settings.mode);
  const UniqueFd listener = tools::ListenOn(tools::ParseAddress(settings.address, true), protocol);
  fprintf(stderr, "quicperf: %s server ready\n", NameOf(settings.mode));
  bool good = true;
  for (uint64_t served = 0; settings.count == 0 || served < settings.count; served++) {
    Address peer;
    UniqueFd fd = tools::Accept(listener, &peer);
    try {
      ServeOne(std::move(fd), settings);
    } catch (const Error &error) {
      fprintf(stderr, "quicperf: %s: %s\n", ToString(peer).c_str(), error.what());
      good = false;
    }
  }
  return good ? 0 : 1;
}

void PutNumber(uint64_t value, size_t width, uint8_t *wire) {
  for (size_t i = 0; i < width; i++)
    wire[i] = static_cast<uint8_t>(value >> (8 * (width - 1 - i)));
}

uint64_t GetNumber(const uint8_t *wire, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width; i++)
    value = value << 8 | wire[i];
  return value;
}

}  // namespace

void Request::Encode(uint8_t *wire) const {
  memset(wire, 0, kWireBytes);
  memcpy(wire, kMagic, sizeof(kMagic));
  wire[4] = reverse ? 1 : 0;
  PutNumber(bytes, 8, wire + 8);
  PutNumber(message_bytes, 8, wire + 16);
  PutNumber(streams, 4, wire + 24);
}

Request Request::Decode(const uint8_t *wire) {
  Request request = {GetNumber(wire + 8, 8), GetNumber(wire + 16, 8),
                     static_cast<uint32_t>(GetNumber(wire + 24, 4)), wire[4] != 0};
  if (memcmp(wire, kMagic, sizeof(kMagic)) != 0 || request.message_bytes == 0 ||
      request.message_bytes > kMostMessageBytes || request.streams == 0 ||
      request.streams > kMostStreams)
    throw Error("not a request of quicperf");
  return request;
}

void EncodeConfirmation(uint64_t bytes, uint8_t *wire) {
  PutNumber(bytes, kConfirmationBytes, wire);
}
uint64_t DecodeConfirmation(const uint8_t *wire) {
  return GetNumber(wire, kConfirmationBytes);
}

}  // namespace quicperf

int main(int argc, char **argv) {
  try {
    const quicperf::Settings settings = quicperf::ParseSettings(argc, argv);
    return settings.is_server ? quicperf::RunServer(settings) : quicperf::RunClient(settings);
  } catch (const quicperf::UsageError &error) {
    if (*error.what() != '\0')
      fprintf(stderr, "quicperf: %s\n", error.what());
    fputs("quicperf: see quicperf --help\n", stderr);
    return 2;
  } catch (const std::exception &error) {
    fprintf(stderr, "quicperf: %s\n", error.what());
    return 1;
  }
}
