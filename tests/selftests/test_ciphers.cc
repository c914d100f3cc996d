// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each of the four ciphers: the handshake agrees on it, both kernels use it, and
// data goes both ways before and after key updates.
#include <netinet/quic.h>

#include "../../libquic/tests/certificates.cc"  // NOLINT: one program, one file
#include "harness.h"

using namespace harness;
using quic::test::Authority;
using quic::test::KeyPair;
using quic::test::LeafOptions;
using quic::test::TemporaryDirectory;

namespace {

Tap tap;

constexpr uint64_t kBytes = 1000000;

struct Cipher {
  const char *name;  // as GnuTLS calls it
  uint32_t type;
};

// TLS as QUIC wants it, with one cipher.
std::string PriorityOf(const Cipher &cipher) {
  return std::string("NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+") + cipher.name +
         ":%DISABLE_TLS13_COMPAT_MODE";
}

Pair Shake(const KeyPair &key, const std::string &ca_file, const Cipher &cipher) {
  const PairOptions o;
  const std::string priority = PriorityOf(cipher);
  Pair p;
  p.listener = Listener(o);
  std::thread server([&] {
    quic_handshake_options h = {};
    h.size = sizeof(h);
    h.cert_file = key.cert_file.c_str();
    h.key_file = key.key_file.c_str();
    h.alpns = o.alpn;  // the server takes any: the client decides
    p.server.Reset(accept(p.listener, nullptr, nullptr));
    p.server_error = quic_server_handshake_ex(p.server, &h, nullptr);
  });
  p.client = Socket();
  const Address to = NameOf(p.listener);
  (void)connect(p.client, to.sa(), to.size);
  quic_handshake_options h = {};
  h.size = sizeof(h);
  h.ca_file = ca_file.c_str();
  h.hostname = "server.example";
  h.alpns = o.alpn;
  h.priority = priority.c_str();
  p.client_error = quic_client_handshake_ex(p.client, &h, nullptr);
  server.join();
  return p;
}

// Reads one stream to its end: are all its bytes right?
bool Reads(int fd, uint64_t bytes) {
  std::vector<uint8_t> buffer(64 * 1024);
  uint64_t at = 0;
  uint32_t flags = 0;
  while ((flags & MSG_QUIC_STREAM_FIN) == 0) {
    int64_t sid = -1;
    flags = 0;
    const ssize_t n = quic_recvmsg(fd, buffer.data(), buffer.size(), &sid, &flags);
    if (n < 0)
      return false;
    for (ssize_t i = 0; i < n; i++)
      if (buffer[i] != PatternByte(sid, at + i))
        return false;
    at += n;
  }
  return at == bytes;
}

// A stream from each side at once.
bool Exchange(const Pair &p, int64_t client_sid, int64_t server_sid) {
  bool client = false, server = false, sent = false;
  std::thread client_reads([&] { client = Reads(p.client, kBytes); });
  std::thread server_reads([&] { server = Reads(p.server, kBytes); });
  std::thread server_sends(
      [&] { sent = SendPattern(p.server, server_sid, kBytes, MSG_QUIC_STREAM_NEW); });
  const bool ok = SendPattern(p.client, client_sid, kBytes, MSG_QUIC_STREAM_NEW);
  server_sends.join();
  client_reads.join();
  server_reads.join();
  return ok && sent && client && server;
}

void TestCipher(const KeyPair &key, const std::string &ca_file, const Cipher &cipher) {
  const std::string name = cipher.name;
  const Pair p = Shake(key, ca_file, cipher);
  if (!tap.Ok(p.good(), name + ": handshake")) {
    printf("# client %d, server %d\n", p.client_error, p.server_error);
    return;
  }
  tap.Equal(cipher.type, uint32_t{Info(p.client).cipher_type}, name + ": the client uses it");
  tap.Equal(cipher.type, uint32_t{Info(p.server).cipher_type}, name + ": the server uses it");
  tap.Ok(Exchange(p, 2, 3), name + ": streams in both directions");
  tap.Errno(0, setsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0),
            name + ": the client updates keys");
  tap.Ok(Exchange(p, 6, 7), name + ": streams with the new keys");
  tap.Equal(1, static_cast<int>(Info(p.server).key_updates), name + ": the server followed");
  usleep(2000000);
  tap.Errno(0, setsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0),
            name + ": the server updates keys");
  tap.Ok(Exchange(p, 10, 11), name + ": streams with the third ones");
  tap.Equal(2, static_cast<int>(Info(p.client).key_updates), name + ": the client followed");
}

}  // namespace

// A test that cannot make its certificates has nothing to report.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main() {
  const TemporaryDirectory directory;
  const Authority authority(directory, "good");
  const KeyPair key = authority.Issue("server", LeafOptions{});

  for (const Cipher &cipher : {Cipher{"AES-128-GCM", TLS_CIPHER_AES_GCM_128},
                               Cipher{"AES-256-GCM", TLS_CIPHER_AES_GCM_256},
                               Cipher{"AES-128-CCM", TLS_CIPHER_AES_CCM_128},
                               Cipher{"CHACHA20-POLY1305", TLS_CIPHER_CHACHA20_POLY1305}})
    TestCipher(key, authority.ca_file(), cipher);
  return tap.End();
}
