// SPDX-License-Identifier: GPL-2.0-or-later
//
// The life of a token from a NEW_TOKEN frame: ten minutes, and its key's: two
// hours.  For beds where time costs nothing.
//
// VM-BEDS: uml uml-debug uml-7.3
// VM-TIMEOUT: 9000
#include <netinet/quic.h>

#include <csignal>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

using Bytes = std::vector<uint8_t>;

void Validate(int fd) {
  quic_config config = {};
  config.validate_peer_address = 1;
  Set(fd, QUIC_SOCKOPT_CONFIG, config);
}

// A connection with a token, or none; was a Retry asked for?
bool IsRetried(Pair *pair, const Bytes &token) {
  PairOptions o;
  o.prepare = [&token](int fd) {
    if (!token.empty())
      setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, token.data(), token.size());
  };
  const uint64_t before = Counter("QuicRetrySent");
  Connect(o, pair);
  if (!pair->good())
    tap.Ok(false, "a handshake");
  return Counter("QuicRetrySent") != before;
}

Bytes Token(int fd) {
  Bytes token(120);
  for (int i = 0; i < 200; i++) {
    socklen_t size = token.size();
    if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, token.data(), &size) == 0 && size > 0) {
      token.resize(size);
      return token;
    }
    usleep(10000);
  }
  return {};
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  Pair p;
  PairOptions o;
  o.prepare = Validate;
  p.listener = Listener(o);
  tap.Ok(IsRetried(&p, {}), "without a token: Retry");
  Bytes token = Token(p.client);
  sleep(590);
  tap.Ok(!IsRetried(&p, token), "a token of ten minutes ago: none");
  token = Token(p.client);
  sleep(601);
  tap.Ok(IsRetried(&p, token), "an older one is worth nothing");
  // Whenever in the hour keys change, one of these was issued just before.
  int refused = 0;
  for (int i = 0; i < 8; i++) {
    token = Token(p.client);
    sleep(580);
    refused += IsRetried(&p, token) ? 1 : 0;
  }
  tap.Equal(0, refused, "tokens outlive the change of their key");
  return tap.End();
}
