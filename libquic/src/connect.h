// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Handshakes with everything in them: credentials from files, verification of
// the peer, and the handshake itself.
#ifndef LIBQUIC_SRC_CONNECT_H_
#define LIBQUIC_SRC_CONNECT_H_

#include <netinet/quic.h>

#include <memory>
#include <string>

#include "failure.h"
#include "socket.h"

namespace quic {

// quic_handshake_options with an owner for its strings; empty means not given.
struct Options {
  uint32_t flags = 0;
  uint32_t timeout_ms = QUIC_HANDSHAKE_DEFAULT_TIMEOUT_MS;
  std::string hostname;
  std::string alpns;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string psk_file;
  std::string priority;
};

struct Outcome {
  Failure failure;
  std::string alpn;
  std::unique_ptr<Socket> socket;  // the server speaks another version of QUIC: try again
};

// Runs a handshake as a client or a server.  The socket must be a client's or
// a server's accordingly.
Outcome Connect(bool is_server, std::unique_ptr<Socket> socket, const Options &options);

// Sets the protocols of a session from a comma-separated list; a match is
// mandatory.  Returns 0 or -EINVAL: none, too many, or one that is too long.
int SetAlpn(gnutls_session_t session, const std::string &list);

}  // namespace quic

#endif  // LIBQUIC_SRC_CONNECT_H_
