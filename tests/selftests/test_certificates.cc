// SPDX-License-Identifier: GPL-2.0-or-later
//
// Certificates: the right one is accepted; a wrong authority, a wrong name and an
// expired one are refused by the client, and the server learns why.
#include <netinet/quic.h>

#include <atomic>

#include "../../libquic/tests/certificates.cc"  // NOLINT: one program, one file
#include "harness.h"

using namespace harness;
using quic::test::Authority;
using quic::test::KeyPair;
using quic::test::LeafOptions;
using quic::test::TemporaryDirectory;

namespace {

Tap tap;

struct Outcome {
  quic_handshake_result client = {}, server = {};
};

Outcome Shake(const KeyPair &key, const std::string &ca_file, const char *name) {
  Outcome out;
  out.client.size = out.server.size = sizeof(quic_handshake_result);
  const PairOptions o;
  Pair p;
  p.listener = Listener(o);
  std::atomic<bool> server_done = false;
  std::thread server([&] {
    quic_handshake_options h = {};
    h.size = sizeof(h);
    h.cert_file = key.cert_file.c_str();
    h.key_file = key.key_file.c_str();
    h.alpns = o.alpn;
    p.server.Reset(accept(p.listener, nullptr, nullptr));
    quic_server_handshake_ex(p.server, &h, &out.server);
    server_done = true;
    char c = 0;
    // The refusal comes after the server's own part may be over.
    if (out.server.error == 0)
      recv(p.server, &c, 1, 0);
  });
  p.client = Socket();
  const Address to = NameOf(p.listener);
  (void)connect(p.client, to.sa(), to.size);
  quic_handshake_options h = {};
  h.size = sizeof(h);
  h.ca_file = ca_file.c_str();
  h.hostname = name;
  h.alpns = o.alpn;
  quic_client_handshake_ex(p.client, &h, &out.client);
  // The server still sends its session ticket.
  while (out.client.error == 0 && !server_done)
    usleep(1000);
  p.client.Reset();
  server.join();
  quic_connection_close close = {};
  Get(p.server, QUIC_SOCKOPT_CONNECTION_CLOSE, &close);
  if (out.server.close_code == 0)
    out.server.close_code = close.errcode;
  printf("# client: %d %s\n# server: %d 0x%x %s\n", out.client.error, out.client.message,
         out.server.error, out.server.close_code, out.server.message);
  return out;
}

void Refused(const Outcome &out, const std::string &what) {
  tap.Equal(-EACCES, out.client.error, what + ": the client refuses it");
  tap.Ok(out.client.message[0] != 0, what + ": and says why");
  tap.Ok(out.server.close_code >= 0x100 && out.server.close_code < 0x200,
         what + ": the server gets the TLS alert");
}

}  // namespace

// A test that cannot make its certificates has nothing to report.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main() {
  const TemporaryDirectory directory;
  const Authority good(directory, "good"), evil(directory, "evil");
  LeafOptions leaf, expired;
  expired.lifetime_s = -3600;
  const KeyPair server = good.Issue("server", leaf), old = good.Issue("old", expired);

  const Outcome fine = Shake(server, good.ca_file(), "server.example");
  tap.Ok(fine.client.error == 0 && fine.server.error == 0, "the right certificate is accepted");
  Refused(Shake(server, evil.ca_file(), "server.example"), "wrong authority");
  Refused(Shake(server, good.ca_file(), "other.example"), "wrong name");
  Refused(Shake(old, good.ca_file(), "server.example"), "expired");
  LeafOptions big;
  big.padding = 30000;
  const Outcome long_chain = Shake(good.Issue("big", big), good.ca_file(), "server.example");
  tap.Ok(long_chain.client.error == 0, "a certificate of 30,000 bytes is accepted");
  return tap.End();
}
