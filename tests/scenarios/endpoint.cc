// SPDX-License-Identifier: GPL-2.0-or-later
//
// endpoint: one end of a scenario, a client that asks for bytes or a server that
// has them.
//
//   endpoint server IP PORT --cert FILE --key FILE [OPTION...]    until SIGTERM
//   endpoint client IP PORT --ca FILE [OPTION...]
//
//   both      --cipher NAME      the only cipher, a name of GnuTLS
//             --version N        QUIC version to start with, 1 or 2
//             --patience S       idle timeout, and how long a handshake may take; default 30
//             --window BYTES     flow control of the connection and of each stream
//   server    --retry            validates addresses with Retry
//             --max-streams N    bidirectional streams the client may have open
//             --move-to IP PORT  where it would rather be spoken to
//   client    --requests N       streams, one request each; default 1
//             --bytes N          size of each answer; default 1000
//             --connections N    one after the other; default 1
//             --port N           its own port
//             --update-at BYTES  updates keys when it has received that many
//             --move-at BYTES    migrates then, to --move-to IP PORT
//             --resume           connections after the first resume its session
//             --early            and ask before their handshakes (0-RTT); the server
//                                needs it, too
//
// The protocol, ALPN "scenario": a bidirectional stream carries "<size>" and a
// FIN there, and that many bytes of the pattern and a FIN back.  The client
// checks each byte.  Both say what they saw; the exit status is 0 if nothing was
// wrong, a connection that is open at SIGTERM is not.
#include <getopt.h>
#include <sys/signalfd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <map>
#include <string_view>

#include "harness.h"

using namespace harness;

namespace {

constexpr const char kAlpn[] = "scenario";
constexpr const char kName[] = "server.test";
constexpr uint64_t kInlineBytes = 64 * 1024;

struct Settings {
  bool is_server = false;
  Address address;
  std::string cert, key, ca, priority;
  uint32_t version = 0;
  uint64_t window = 0;
  uint32_t patience = 30;
  bool retry = false;
  uint16_t max_streams = 0;
  uint64_t requests = 1, bytes = 1000, connections = 1;
  uint16_t port = 0;
  uint64_t update_at = 0, move_at = 0;
  Address move_to;
  bool resume = false, early = false;
};

// ---- the command line ----

enum Option {
  kCert = 256,
  kKey,
  kCa,
  kCipher,
  kVersion,
  kPatience,
  kWindow,
  kRetry,
  kMaxStreams,
  kRequests,
  kBytes,
  kConnections,
  kPort,
  kUpdateAt,
  kMoveAt,
  kMoveTo,
  kResume,
  kEarly,
};

const option kOptions[] = {
    {"cert", required_argument, nullptr, kCert},
    {"key", required_argument, nullptr, kKey},
    {"ca", required_argument, nullptr, kCa},
    {"cipher", required_argument, nullptr, kCipher},
    {"version", required_argument, nullptr, kVersion},
    {"patience", required_argument, nullptr, kPatience},
    {"window", required_argument, nullptr, kWindow},
    {"retry", no_argument, nullptr, kRetry},
    {"max-streams", required_argument, nullptr, kMaxStreams},
    {"requests", required_argument, nullptr, kRequests},
    {"bytes", required_argument, nullptr, kBytes},
    {"connections", required_argument, nullptr, kConnections},
    {"port", required_argument, nullptr, kPort},
    {"update-at", required_argument, nullptr, kUpdateAt},
    {"move-at", required_argument, nullptr, kMoveAt},
    {"move-to", required_argument, nullptr, kMoveTo},
    {"resume", no_argument, nullptr, kResume},
    {"early", no_argument, nullptr, kEarly},
    {nullptr, 0, nullptr, 0},
};

[[noreturn]] void Usage(const std::string &what) {
  fprintf(stderr, "endpoint: %s; see the head of endpoint.cc\n", what.c_str());
  exit(2);
}

uint64_t Number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    Usage("'" + std::string(text) + "' is no number");
  return value;
}

// QUIC_PRIORITY with one cipher instead of four
std::string PriorityOf(const std::string &cipher) {
  return "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+" + cipher +
         ":-GROUP-ALL:+GROUP-SECP256R1:+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE";
}

void SetOption(int id, char **argv, Settings *s) {
  const std::string value = optarg != nullptr ? optarg : "";
  switch (id) {
    case kCert:
      s->cert = value;
      break;
    case kKey:
      s->key = value;
      break;
    case kCa:
      s->ca = value;
      break;
    case kCipher:
      s->priority = PriorityOf(value);
      break;
    case kVersion:
      s->version = Number(value) == 2 ? QUIC_VERSION_V2 : QUIC_VERSION_V1;
      break;
    case kPatience:
      s->patience = static_cast<uint32_t>(Number(value));
      break;
    case kWindow:
      s->window = Number(value);
      break;
    case kRetry:
      s->retry = true;
      break;
    case kMaxStreams:
      s->max_streams = static_cast<uint16_t>(Number(value));
      break;
    case kRequests:
      s->requests = Number(value);
      break;
    case kBytes:
      s->bytes = Number(value);
      break;
    case kConnections:
      s->connections = Number(value);
      break;
    case kPort:
      s->port = static_cast<uint16_t>(Number(value));
      break;
    case kUpdateAt:
      s->update_at = Number(value);
      break;
    case kMoveAt:
      s->move_at = Number(value);
      break;
    case kMoveTo:
      if (argv[optind] == nullptr)
        Usage("--move-to wants IP PORT");
      s->move_to = Address(value.c_str(), static_cast<uint16_t>(Number(argv[optind++])));
      break;
    case kResume:
      s->resume = true;
      break;
    case kEarly:
      s->early = true;
      break;
    default:
      Usage("no such option");
  }
}

Settings Parse(int argc, char **argv) {
  Settings s;
  if (argc < 4)
    Usage("want server or client, IP and PORT");
  s.is_server = std::string_view(argv[1]) == "server";
  s.address = Address(argv[2], static_cast<uint16_t>(Number(argv[3])));
  optind = 4;
  for (int id = 0; (id = getopt_long(argc, argv, "+", kOptions, nullptr)) != -1;)
    SetOption(id, argv, &s);
  if (optind < argc || s.bytes == 0)
    Usage("wrong arguments");
  return s;
}

// ---- both ----

Fd MakeSocket(const Settings &s) {
  Fd fd = Socket(s.address.family());
  quic_config config = {};
  config.version = s.version;
  config.validate_peer_address = s.retry ? 1 : 0;
  quic_transport_param param = {};
  param.max_streams_bidi = s.max_streams;
  param.max_idle_timeout = s.patience * 1000000;
  param.max_data = s.window;
  param.max_stream_data_bidi_local = s.window;
  param.max_stream_data_bidi_remote = s.window;
  if (Set(fd, QUIC_SOCKOPT_CONFIG, config) != 0 ||
      Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param) != 0)
    Die("socket options");
  return fd;
}

// Why the connection ended
void PrintClose(int fd) {
  quic_connection_close close = {};
  if (Get(fd, QUIC_SOCKOPT_CONNECTION_CLOSE, &close) == 0)
    printf("closed: error %#x of frame %#x: %s\n", close.errcode, close.frame, close.phrase);
}

quic_handshake_options HandshakeOptions(const Settings &s) {
  const auto given = [](const std::string &text) { return text.empty() ? nullptr : text.c_str(); };
  quic_handshake_options o = {};
  o.size = sizeof(o);
  o.timeout_ms = s.patience * 1000;
  o.alpns = kAlpn;
  o.cert_file = given(s.cert);
  o.key_file = given(s.key);
  o.ca_file = given(s.ca);
  o.priority = given(s.priority);
  o.flags = s.is_server && s.early ? QUIC_HANDSHAKE_EARLY_DATA : 0;
  return o;
}

void MoveTo(int fd, const Address &address) {
  if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, address.sa(), address.size) != 0)
    Die("migration");
}

// ---- the server ----

class Connection {
 public:
  Connection(const Settings &settings, Fd fd) : settings_(settings), fd_(std::move(fd)) {}

  // Until the client closes; false if anything was wrong.
  bool Run() {
    if (settings_.move_to.size != 0)
      MoveTo(fd_, settings_.move_to);
    const quic_handshake_options o = HandshakeOptions(settings_);
    quic_handshake_result result = {};
    result.size = sizeof(result);
    if (quic_server_handshake_ex(fd_, &o, &result) != 0) {
      printf("handshake: %s\n", result.message);
      PrintClose(fd_);
      return false;
    }
    while (Receive()) {
    }
    for (std::thread &t : answers_)
      t.join();
    printf("connection: %zu requests answered, %zu cut off\n", answered_, requests_.size());
    PrintClose(fd_);
    return !failed_ && requests_.empty();
  }

 private:
  bool Receive() {
    char buffer[256];
    int64_t sid = -1;
    uint32_t flags = 0;
    const ssize_t n = quic_recvmsg(fd_, buffer, sizeof(buffer), &sid, &flags);
    if (n < 0 && errno != ENOTCONN) {
      printf("receiving: %s\n", strerror(errno));
      failed_ = true;
    }
    if (n < 0)
      return false;
    const bool is_end = (flags & uint32_t{MSG_QUIC_STREAM_FIN}) != 0;
    if (n == 0 && !is_end)
      return false;
    requests_[sid].append(buffer, n);
    if (is_end) {
      Answer(sid, Number(requests_[sid]));
      requests_.erase(sid);
    }
    return true;
  }

  void Answer(int64_t sid, uint64_t bytes) {
    answered_++;
    const auto send = [this, sid, bytes] {
      if (!SendPattern(fd_, sid, bytes, 0))
        failed_ = true;
    };
    if (bytes <= kInlineBytes)
      send();
    else
      answers_.emplace_back(send);
  }

  const Settings &settings_;
  Fd fd_;
  std::map<int64_t, std::string> requests_;
  std::vector<std::thread> answers_;
  size_t answered_ = 0;
  std::atomic<bool> failed_ = false;
};

int RunServer(const Settings &s) {
  sigset_t mask = {};
  sigaddset(&mask, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  const Fd end(signalfd(-1, &mask, SFD_CLOEXEC));
  const Fd listener = MakeSocket(s);
  if (setsockopt(listener, SOL_QUIC, QUIC_SOCKOPT_ALPN, kAlpn, strlen(kAlpn)) != 0 ||
      bind(listener, s.address.sa(), s.address.size) != 0 || listen(listener, 64) != 0)
    Die("listen");
  printf("listening\n");

  std::atomic<int> failed = 0;
  for (;;) {
    pollfd fds[] = {{listener, POLLIN, 0}, {end, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0)
      Die("poll");
    if (fds[1].revents != 0)
      break;
    Fd fd(accept(listener, nullptr, nullptr));
    if (fd < 0)
      continue;
    std::thread([&s, &failed, fd = std::move(fd)]() mutable {
      Connection connection(s, std::move(fd));
      failed += connection.Run() ? 0 : 1;
    }).detach();
  }
  fflush(stdout);
  _exit(failed == 0 ? 0 : 1);  // without a look at threads that still run
}

// ---- the client ----

// What a later connection needs to resume a session.
struct Remembered {
  std::vector<uint8_t> session;
  quic_transport_param param = {};
};

// A TLS session of the client's.
class Tls {
 public:
  Tls(const Settings &s, int fd) {
    gnutls_certificate_allocate_credentials(&credentials_);
    gnutls_init(&session_, GNUTLS_CLIENT | (s.early ? QUIC_EARLY_DATA_FLAGS : 0));
    const char *const priority = s.priority.empty() ? QUIC_PRIORITY : s.priority.c_str();
    if (gnutls_certificate_set_x509_trust_file(credentials_, s.ca.c_str(), GNUTLS_X509_FMT_PEM) <
            1 ||
        gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_) < 0 ||
        gnutls_priority_set_direct(session_, priority, nullptr) < 0 ||
        gnutls_server_name_set(session_, GNUTLS_NAME_DNS, kName, strlen(kName)) < 0 ||
        quic_session_set_alpn(session_, kAlpn, strlen(kAlpn)) < 0)
      Die("TLS session");
    gnutls_session_set_verify_cert(session_, kName, 0);
    gnutls_transport_set_int(session_, fd);
  }
  Tls(const Tls &) = delete;
  Tls &operator=(const Tls &) = delete;
  ~Tls() {
    gnutls_deinit(session_);
    gnutls_certificate_free_credentials(credentials_);
  }
  void Resume(const Remembered &r) {
    if (quic_session_set_data(session_, r.session.data(), r.session.size()) != 0)
      Die("resuming");
  }
  // Waits for the server's ticket.
  std::vector<uint8_t> SessionData() {
    constexpr int kTries = 100, kTryUs = 10000;
    std::vector<uint8_t> data(16 * 1024);
    for (int i = 0; i < kTries; i++) {
      size_t size = data.size();
      if (quic_session_get_data(session_, data.data(), &size) == 0 && size > 0) {
        data.resize(size);
        return data;
      }
      usleep(kTryUs);
    }
    Die("no ticket");
  }
  int Handshake() { return quic_handshake(session_); }

 private:
  gnutls_certificate_credentials_t credentials_ = nullptr;
  gnutls_session_t session_ = nullptr;
};

class Client {
 public:
  explicit Client(const Settings &settings, Remembered *remembered)
      : settings_(settings), remembered_(remembered) {}

  bool Run() {
    fd_ = MakeSocket(settings_);
    BindPort();
    if (connect(fd_, settings_.address.sa(), settings_.address.size) != 0)
      Die("connect");
    const bool good = settings_.resume ? RunResumable() : Shake() && Transfer();
    Report();
    return good && !failed_;
  }

 private:
  bool Shake() {
    quic_handshake_options o = HandshakeOptions(settings_);
    quic_handshake_result result = {};
    result.size = sizeof(result);
    o.hostname = kName;
    if (quic_client_handshake_ex(fd_, &o, &result) == 0)
      return true;
    printf("handshake: %s\n", result.message);
    return false;
  }

  bool RunResumable() {
    Tls tls(settings_, fd_);
    const bool resumes = !remembered_->session.empty();
    if (resumes)
      tls.Resume(*remembered_);
    if (resumes && settings_.early) {
      if (Set(fd_, QUIC_SOCKOPT_TRANSPORT_PARAM, remembered_->param) != 0)
        Die("remembered parameters");
      Ask();
    }
    const int error = tls.Handshake();
    if (error != 0)
      printf("handshake: %s\n", strerror(-error));
    const bool good = error == 0 && Transfer();
    if (good)
      Remember(&tls);
    return good;
  }

  bool Transfer() {
    std::thread asking([this] { Ask(); });
    const bool good = Receive();
    if (!good)
      shutdown(fd_, SHUT_RDWR);
    asking.join();
    return good;
  }

  void Remember(Tls *tls) {
    remembered_->session = tls->SessionData();
    remembered_->param.remote = 1;
    if (Get(fd_, QUIC_SOCKOPT_TRANSPORT_PARAM, &remembered_->param) != 0)
      Die("the server's parameters");
    remembered_->param.remote = 1;
  }

  void Report() {
    const quic_info info = Info(fd_);
    printf("connection: %zu of %llu answers, %llu bytes, rtt %u us, %llu lost, pmtu %u\n", ended_,
           static_cast<unsigned long long>(settings_.requests),
           static_cast<unsigned long long>(received_), info.smoothed_rtt_us,
           static_cast<unsigned long long>(info.packets_lost), info.pmtu_bytes);
  }

  void BindPort() {
    if (settings_.port == 0)
      return;
    const Address local(settings_.address.family() == AF_INET ? "0.0.0.0" : "::", settings_.port);
    if (bind(fd_, local.sa(), local.size) != 0)
      Die("bind");
  }

  // All requests, once.
  void Ask() {
    if (std::exchange(asked_, true))
      return;
    const std::string request = std::to_string(settings_.bytes);
    for (uint64_t i = 0; i < settings_.requests && !failed_; i++) {
      if (quic_sendmsg(fd_, request.data(), request.size(), static_cast<int64_t>(4 * i),
                       uint32_t{MSG_QUIC_STREAM_NEW} | uint32_t{MSG_QUIC_STREAM_FIN}) < 0) {
        printf("request %llu: %s\n", static_cast<unsigned long long>(i), strerror(errno));
        failed_ = true;
      }
    }
  }

  // Every byte of every answer.
  bool Receive() {
    std::vector<uint8_t> buffer(256 * 1024);
    while (ended_ < settings_.requests) {
      int64_t sid = -1;
      uint32_t flags = 0;
      const ssize_t n = quic_recvmsg(fd_, buffer.data(), buffer.size(), &sid, &flags);
      const bool is_end = (flags & uint32_t{MSG_QUIC_STREAM_FIN}) != 0;
      if (n < 0 || (n == 0 && !is_end)) {
        printf("receiving: %s\n", n < 0 ? strerror(errno) : "closed");
        PrintClose(fd_);
        return false;
      }
      uint64_t &offset = offsets_[sid];
      for (ssize_t i = 0; i < n; i++) {
        if (buffer[i] != PatternByte(sid, offset + i)) {
          printf("stream %lld: a wrong byte\n", static_cast<long long>(sid));
          return false;
        }
      }
      offset += n;
      received_ += n;
      if (is_end && offset != settings_.bytes) {
        printf("stream %lld: %llu bytes\n", static_cast<long long>(sid),
               static_cast<unsigned long long>(offset));
        return false;
      }
      ended_ += is_end ? 1 : 0;
      Act();
    }
    return true;
  }

  // What is to be done when so many bytes are there.
  void Act() {
    if (settings_.update_at != 0 && !updated_ && received_ >= settings_.update_at) {
      updated_ = true;
      if (setsockopt(fd_, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0) != 0)
        Die("key update");
    }
    if (settings_.move_at != 0 && !moved_ && received_ >= settings_.move_at) {
      moved_ = true;
      MoveTo(fd_, settings_.move_to);
    }
  }

  const Settings &settings_;
  Remembered *remembered_;
  Fd fd_;
  std::map<int64_t, uint64_t> offsets_;
  uint64_t received_ = 0;
  size_t ended_ = 0;
  bool asked_ = false, updated_ = false, moved_ = false;
  std::atomic<bool> failed_ = false;
};

int RunClient(const Settings &s) {
  Remembered remembered;
  for (uint64_t i = 0; i < s.connections; i++) {
    Client client(s, &remembered);
    if (!client.Run())
      return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const Settings s = Parse(argc, argv);
  return s.is_server ? RunServer(s) : RunClient(s);
}
