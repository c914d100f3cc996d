// SPDX-License-Identifier: GPL-2.0-or-later
//
// A datagram may be made of pages of a file (sendfile() into a UDP socket).  The
// kernel unmasks and opens packets; it must not do so in those pages.
#include <netinet/quic.h>
#include <sys/sendfile.h>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

std::vector<uint8_t> ReadAll(int fd) {
  std::vector<uint8_t> bytes(4096);
  const ssize_t n = pread(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? n : 0);
  return bytes;
}

// A client's first datagram, caught by a UDP socket that plays the server.
std::vector<uint8_t> CatchInitial() {
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  const Address any("127.0.0.1", 0);
  (void)bind(udp, any.sa(), any.size);
  const Fd client = Socket();
  const Address to = NameOf(udp);
  (void)connect(client, to.sa(), to.size);
  std::thread shaking([&] {
    quic_handshake_options o = PskOptions({});
    o.timeout_ms = 500;
    quic_client_handshake_ex(client, &o, nullptr);
  });
  std::vector<uint8_t> bytes(2000);
  const ssize_t n = Readable(udp, 2000) ? recv(udp, bytes.data(), bytes.size(), 0) : -1;
  bytes.resize(n > 0 ? n : 0);
  shaking.join();
  return bytes;
}

}  // namespace

int main() {
  const std::vector<uint8_t> initial = CatchInitial();
  tap.Ok(initial.size() >= 1200, "a client's Initial datagram");
  // On a page cache of its own, so that the file's pages are what is sent.
  const Fd file(open("/dev/shm/datagram", O_RDWR | O_CREAT | O_TRUNC, 0600));
  tap.Ok(write(file, initial.data(), initial.size()) == static_cast<ssize_t>(initial.size()),
         "is in a file");
  const Fd listener = Listener({});
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  const Address to = NameOf(listener);
  (void)connect(udp, to.sa(), to.size);
  off_t at = 0;
  tap.Equal(static_cast<ssize_t>(initial.size()), sendfile(udp, file, &at, initial.size()),
            "and sent from its pages");
  tap.Ok(Readable(listener, 2000), "the listener has a request");
  const Fd server(accept(listener, nullptr, nullptr));
  tap.Ok(server >= 0, "it is accepted: the packet was authentic");
  char message[2000];
  tap.Ok(recv(server, message, sizeof(message), MSG_DONTWAIT) > 100, "and its CRYPTO data read");
  tap.Ok(ReadAll(file) == initial, "the file is as it was");
  return tap.End();
}
