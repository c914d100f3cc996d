// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quiccat: send files to a server and fetch files from it, over a QUIC socket
// of the kernel.
//
// The protocol, ALPN "quiccat": each request has a bidirectional stream of its
// own, opened by the client.
//
//   client: "GET <name>\n" FIN            server: "OK <size>\n" <bytes> <sha256>"\n" FIN
//   client: "PUT <name> <size>\n" <bytes> FIN   server: "OK <size>\n" <sha256>"\n" FIN
//   on trouble                            server: "ERR <reason>\n" FIN
//
// sha256 is 64 hexadecimal digits, of the bytes as the server read or wrote
// them.  A name is one component of a path and does not start with a dot; a
// file that is put appears whole, under its name, or not at all.  No line is
// longer than 512 bytes.
//
// A connection closed early, or a stream that ends early, is an error on both
// sides.  The server answers the requests of one connection one after another.
#include <getopt.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "common.h"
#include "quiccat.h"

namespace {

using tools::Address;
using tools::Error;
using tools::UniqueFd;

constexpr const char kUsage[] =
    "quiccat sends and fetches files over QUIC sockets of the Linux kernel.\n"
    "\n"
    "  quiccat HOST:PORT [--put FILE]... [--get NAME]... [options]\n"
    "  quiccat --listen ADDR:PORT --cert FILE --key FILE --dir DIR [options]\n"
    "\n"
    "Client\n"
    "  --put FILE      send FILE; the server keeps it under its last path component\n"
    "  --get NAME      fetch NAME into this directory\n"
    "  --output FILE   put what the last --get fetches there\n"
    "  --ca FILE       trust these certificates (PEM), not the system's\n"
    "  --name NAME     name the server has to prove; HOST is the default\n"
    "  --progress      progress lines even if standard error is no terminal\n"
    "\n"
    "Server\n"
    "  --listen A:P    serve at this address; :PORT is any IPv4 address, [::]:PORT any IPv6\n"
    "  --dir DIR       serve the files of DIR\n"
    "  --writable      let clients put files into DIR\n"
    "  --count N       exit after N connections; the default is never\n"
    "\n"
    "Both\n"
    "  --cert FILE     certificate chain (PEM); for a server\n"
    "  --key FILE      its private key (PEM)\n"
    "  --psk FILE      pre-shared keys, lines of id:hexkey, instead of certificates\n"
    "  --alpn NAME     application protocol; the default is quiccat\n"
    "  --verbose       log the handshake\n"
    "  --help          this\n"
    "\n"
    "Exit status: 0 all done, 1 something failed, 2 wrong usage.\n";

enum Option {
  kListen = 256,
  kCert,
  kKey,
  kPsk,
  kAlpn,
  kCa,
  kName,
  kPut,
  kGet,
  kOutput,
  kDir,
  kWritable,
  kCount,
  kProgress,
  kVerbose,
  kHelp,
};

const option kOptions[] = {
    {"listen", required_argument, nullptr, kListen},
    {"cert", required_argument, nullptr, kCert},
    {"key", required_argument, nullptr, kKey},
    {"psk", required_argument, nullptr, kPsk},
    {"alpn", required_argument, nullptr, kAlpn},
    {"ca", required_argument, nullptr, kCa},
    {"name", required_argument, nullptr, kName},
    {"put", required_argument, nullptr, kPut},
    {"get", required_argument, nullptr, kGet},
    {"output", required_argument, nullptr, kOutput},
    {"dir", required_argument, nullptr, kDir},
    {"writable", no_argument, nullptr, kWritable},
    {"count", required_argument, nullptr, kCount},
    {"progress", no_argument, nullptr, kProgress},
    {"verbose", no_argument, nullptr, kVerbose},
    {"help", no_argument, nullptr, kHelp},
    {nullptr, 0, nullptr, 0},
};

// What the command line says.
struct Command {
  std::string listen;
  std::string target;
  std::string ca;
  std::string cert;
  std::string key;
  std::string psk;
  std::string alpn = "quiccat";
  std::string name;
  quiccat::ServerSettings server;
  quiccat::ClientSettings client;
  uint64_t count = 0;
};

struct UsageError : Error {
  using Error::Error;
};

void LogLine(int /*level*/, const char *line) {
  fprintf(stderr, "tls: %s\n", line);
}

void SetOption(int id, Command *command) {
  const std::string value = optarg != nullptr ? optarg : "";
  switch (id) {
    case kListen:
      command->listen = value;
      break;
    case kCert:
      command->cert = value;
      break;
    case kKey:
      command->key = value;
      break;
    case kPsk:
      command->psk = value;
      break;
    case kAlpn:
      command->alpn = value;
      break;
    case kCa:
      command->ca = value;
      break;
    case kName:
      command->name = value;
      break;
    case kPut:
      command->client.jobs.push_back({true, value, ""});
      break;
    case kGet:
      command->client.jobs.push_back({false, value, ""});
      break;
    case kOutput:
      if (command->client.jobs.empty() || command->client.jobs.back().is_put)
        throw UsageError("--output goes after the --get it is for");
      command->client.jobs.back().output = value;
      break;
    case kDir:
      command->server.directory = value;
      break;
    case kWritable:
      command->server.writable = true;
      break;
    case kCount:
      command->count = tools::ParseNumber(value, 1, 1000000000, "a number");
      break;
    case kProgress:
      command->client.progress = true;
      break;
    case kVerbose:
      quic_set_log_func(LogLine);
      quic_set_log_level(7);
      break;
    case kHelp:
      fputs(kUsage, stdout);
      exit(0);
    default:
      throw UsageError("");  // getopt has said what is wrong
  }
}

Command ParseCommand(int argc, char **argv) {
  Command command;
  command.client.progress = isatty(STDERR_FILENO) != 0;
  for (int id = 0; (id = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;)
    SetOption(id, &command);
  if (optind < argc)
    command.target = argv[optind++];
  if (optind < argc)
    throw UsageError(std::string("'") + argv[optind] + "': one server only");
  if (command.listen.empty() == command.target.empty())
    throw UsageError("want either HOST:PORT or --listen");
  if (!command.listen.empty()) {
    if (command.server.directory.empty())
      throw UsageError("--listen needs --dir");
    if (command.psk.empty() && command.cert.empty())
      throw UsageError("--listen needs --cert and --key, or --psk");
  } else if (command.client.jobs.empty()) {
    throw UsageError("nothing to do: want --put or --get");
  }
  return command;
}

quic_handshake_options HandshakeOptions(const Command &command) {
  const auto given = [](const std::string &text) { return text.empty() ? nullptr : text.c_str(); };
  quic_handshake_options options = {};
  options.size = sizeof(options);
  options.alpns = given(command.alpn);
  options.ca_file = given(command.ca);
  options.cert_file = given(command.cert);
  options.key_file = given(command.key);
  options.psk_file = given(command.psk);
  return options;
}

int RunClient(Command *command) {
  const Address address = tools::ParseAddress(command->target, false);
  const std::string name = command->name.empty() ? address.host : command->name;
  quic_handshake_options options = HandshakeOptions(*command);
  if (command->psk.empty())
    options.hostname = name.c_str();
  const UniqueFd fd = tools::ConnectTo(address, IPPROTO_QUIC);
  const uint64_t start = tools::NowNs();
  quic_handshake_result result = {};
  result.size = sizeof(result);
  if (quic_client_handshake_ex(fd.get(), &options, &result) < 0)
    throw Error("handshake with " + ToString(address) + ": " + result.message);
  printf("connected to %s in %.1f ms, protocol %s\n", ToString(address).c_str(),
         static_cast<double>(tools::NowNs() - start) / 1e6, result.alpn);
  quiccat::Client client(fd.get(), command->client);
  const bool good = client.Run();
  quiccat::PrintConnection(fd.get());
  return good ? 0 : 1;
}

// One connection; what goes wrong with it is told and ends only it.
bool ServeOne(const Command &command, const UniqueFd &fd, const std::string &peer) {
  const quic_handshake_options options = HandshakeOptions(command);
  quic_handshake_result result = {};
  result.size = sizeof(result);
  if (quic_server_handshake_ex(fd.get(), &options, &result) < 0) {
    fprintf(stderr, "%s: handshake: %s\n", peer.c_str(), result.message);
    return false;
  }
  printf("%s: connected, protocol %s\n", peer.c_str(), result.alpn);
  try {
    quiccat::Server server(fd.get(), command.server, peer);
    server.Run();
  } catch (const Error &error) {
    fprintf(stderr, "%s: %s\n", peer.c_str(), error.what());
    return false;
  }
  printf("%s: closed\n", peer.c_str());
  return true;
}

// The processes that serve connections.
class Children {
 public:
  void Start(const Command &command, const UniqueFd &fd, const std::string &peer) {
    fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0)
      throw tools::ErrnoError("fork");
    if (pid == 0) {
      const bool good = ServeOne(command, fd, peer);
      fflush(nullptr);
      _exit(good ? 0 : 1);
    }
    running_++;
  }
  // Takes note of those that ended; waits until fewer than most run.
  void Reap(int most) {
    int status = 0;
    while (running_ > 0 && waitpid(-1, &status, running_ >= most ? 0 : WNOHANG) > 0) {
      running_--;
      failed_ |= status != 0;
    }
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  int running_ = 0;
  bool failed_ = false;
};

int RunServer(const Command &command) {
  constexpr int kMostChildren = 64;
  const UniqueFd listener =
      tools::ListenOn(tools::ParseAddress(command.listen, true), IPPROTO_QUIC);
  Address bound;
  bound.size = sizeof(bound.storage);
  getsockname(listener.get(), reinterpret_cast<sockaddr *>(&bound.storage), &bound.size);
  printf("serving %s at %s\n", command.server.directory.c_str(), ToString(bound).c_str());

  Children children;
  for (uint64_t served = 0; command.count == 0 || served < command.count; served++) {
    Address peer;
    const UniqueFd fd = tools::Accept(listener, &peer);
    children.Start(command, fd, ToString(peer));
    children.Reap(kMostChildren);
  }
  children.Reap(1);
  return children.failed() ? 1 : 0;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    Command command = ParseCommand(argc, argv);
    setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    return command.listen.empty() ? RunClient(&command) : RunServer(command);
  } catch (const UsageError &error) {
    if (*error.what() != '\0')
      fprintf(stderr, "quiccat: %s\n", error.what());
    fputs("quiccat: see quiccat --help\n", stderr);
    return 2;
  } catch (const std::exception &error) {
    fprintf(stderr, "quiccat: %s\n", error.what());
    return 1;
  }
}
