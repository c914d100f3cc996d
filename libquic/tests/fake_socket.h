// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two QUIC sockets in memory, connected to each other, with a clock of their own.
//
// An Endpoint keeps what the kernel would: keys per level, options, handshake
// bytes that came in.  It is as strict as the kernel: a message can be sent only
// with the key of its level, and is received only with the same secret on the
// other side.  Threads may run the two sides; time stands still while anything
// can happen and jumps to the next timeout when both sides wait.
#ifndef LIBQUIC_TESTS_FAKE_SOCKET_H_
#define LIBQUIC_TESTS_FAKE_SOCKET_H_

#include <linux/quic.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "socket.h"

namespace quic::test {

class World;

using Buffer = std::vector<uint8_t>;

struct Chunk {
  uint8_t level = 0;
  Buffer bytes;
  Buffer secret;  // of the sender; empty for INITIAL
};

// State of one side.  Tests look at it when the threads are done, or hold the
// world's lock.
struct Endpoint {
  World *world = nullptr;
  Endpoint *peer = nullptr;
  bool is_server = false;

  std::deque<Chunk> inbox;
  std::deque<Chunk> corked;
  std::array<std::optional<quic_crypto_secret>, QUIC_CRYPTO_MAX> send_keys;
  std::array<std::optional<quic_crypto_secret>, QUIC_CRYPTO_MAX> receive_keys;
  std::vector<std::string> journal;  // "send 1", "key tx 2", ...
  Buffer parameters;                 // ours, given out
  Buffer peer_parameters;            // as set
  std::string alpn;
  Buffer ticket;  // client: NewSessionTicket received; server: the key
  quic_transport_param own_limits = {};
  uint32_t version = QUIC_VERSION_V1;
  uint32_t becomes = 0;  // the version once the peer's parameters are set; 0: it stays
  Buffer early_data;     // 0-RTT stream data that wait for the application
  std::optional<uint8_t> early_verdict;  // client: op of EARLY_DATA
  std::optional<quic_connection_close> close;
  std::optional<quic_connection_close> peer_close;
  bool is_shut = false;
  bool saw_wrong_secret = false;
  int error = 0;  // SO_ERROR

  // What a test may want to go wrong.
  size_t deliver_bytes = SIZE_MAX;  // at most so many bytes per receive
  bool is_mute = false;             // what is sent is lost
  bool refuse_early_key = false;    // nothing of the server is remembered
  std::map<int, int> set_errors;    // option -> negative errno
  std::map<int, int> get_errors;
  int refused_hellos = 0;  // so many are for a version the server does not speak
  bool is_stale = false;   // one was: TLS is to begin anew
  int polls = 0;
};

class World {
 public:
  World();
  World(const World &) = delete;
  World &operator=(const World &) = delete;
  ~World() = default;

  // Sockets on the two endpoints.
  std::unique_ptr<Socket> Client();
  std::unique_ptr<Socket> Server();

  Endpoint client;
  Endpoint server;
  std::set<Buffer> *seen = nullptr;  // ids registered by EARLY_DATA, of several worlds
  uint64_t now_ms = 1000;

  // Threads that may wait.  Default: one, whose waits end at once.
  void Enter(int threads) { threads_ = threads; }
  void Leave();

 private:
  friend class FakeSocket;

  void AdvanceIfIdle();

  struct Waiter {
    const Endpoint *endpoint;
    short events;
    uint64_t until_ms;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiter> waiters_;
  int threads_ = 1;
};

class FakeSocket final : public Socket {
 public:
  explicit FakeSocket(Endpoint *endpoint) : end_(*endpoint), world_(*endpoint->world) {}

  int SetOption(int name, const void *value, socklen_t size) override;
  int GetOption(int name, void *value, socklen_t *size) override;
  ssize_t Send(const msghdr *msg, int flags) override;
  ssize_t Receive(msghdr *msg, int flags) override;
  int Poll(short events, int timeout_ms) override;
  void Shutdown() override;
  int TakeError() override { return std::exchange(end_.error, 0); }
  uint64_t NowMs() override;

 private:
  int SetSecret(const void *value, socklen_t size);
  int SetEarly(const void *value, socklen_t size);
  ssize_t ReceiveEarlyData(msghdr *msg, int flags);
  void Flush();

  Endpoint &end_;
  World &world_;
};

// Puts handshake bytes into an endpoint's queue as if they had come in.
void Inject(Endpoint *endpoint, uint8_t level, Buffer bytes);

}  // namespace quic::test

#endif  // LIBQUIC_TESTS_FAKE_SOCKET_H_
