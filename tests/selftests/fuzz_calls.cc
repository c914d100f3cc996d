// SPDX-License-Identifier: GPL-2.0-or-later
//
// fuzz_calls [DATAGRAMS [CALLS [SEED]]]: hostile input from both sides.
//
//  - datagrams: random bytes, and recorded datagrams of real handshakes and
//    connections, mutated, at a listener and at live connections;
//  - calls: random options and control messages, of any size and content, on
//    sockets in every state.
//
// Nothing may crash, and what is live must work on.  Memory is compared by
// fuzz_memory.sh, which runs this twice where the kernel is a debug one.
//
// VM-BEDS: uml uml-7.3 tcg
#include <netinet/quic.h>

#include <atomic>
#include <random>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

using Bytes = std::vector<uint8_t>;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t n) { return engine_() % n; }
  Bytes String(size_t size) {
    Bytes bytes(size);
    for (uint8_t &b : bytes)
      b = static_cast<uint8_t>(engine_());
    return bytes;
  }
  template <typename T>
  const T &Pick(const std::vector<T> &from) {
    return from[Below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// ---- datagrams ----

// A UDP relay between a client and a server that keeps copies of what passes.
class Recorder {
 public:
  explicit Recorder(const Address &server) : server_(server) {
    front_.Reset(socket(AF_INET, SOCK_DGRAM, 0));
    back_.Reset(socket(AF_INET, SOCK_DGRAM, 0));
    const Address any("127.0.0.1", 0);
    (void)bind(front_, any.sa(), any.size);
    (void)connect(back_, server.sa(), server.size);
    thread_ = std::thread([this] { Run(); });
  }
  Recorder(const Recorder &) = delete;
  Recorder &operator=(const Recorder &) = delete;
  ~Recorder() {
    shutdown(back_, SHUT_RDWR);
    done_ = true;
    thread_.join();
  }
  [[nodiscard]] Address address() const { return NameOf(front_); }
  [[nodiscard]] const std::vector<Bytes> &seen() const { return seen_; }

 private:
  void Run() {
    Bytes buffer(65536);
    while (!done_) {
      pollfd p[] = {{front_, POLLIN, 0}, {back_, POLLIN, 0}};
      if (poll(p, 2, 50) <= 0)
        continue;
      if (p[0].revents & POLLIN) {
        client_.size = sizeof(client_.storage);
        const ssize_t n = recvfrom(front_, buffer.data(), buffer.size(), MSG_DONTWAIT, client_.sa(),
                                   &client_.size);
        if (n > 0) {
          seen_.emplace_back(buffer.begin(), buffer.begin() + n);
          send(back_, buffer.data(), n, 0);
        }
      }
      if (p[1].revents & POLLIN) {
        const ssize_t n = recv(back_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n > 0) {
          seen_.emplace_back(buffer.begin(), buffer.begin() + n);
          sendto(front_, buffer.data(), n, 0, client_.sa(), client_.size);
        }
      }
    }
  }

  Address server_, client_;
  Fd front_, back_;
  std::thread thread_;
  std::atomic<bool> done_ = false;
  std::vector<Bytes> seen_;
};

// Connects through a recorder, so that datagrams of a live connection are known.
Pair RecordedPair(const Fd &listener, Recorder *recorder) {
  Pair p;
  const quic_handshake_options o = PskOptions({});
  std::thread server([&] {
    p.server.Reset(accept(listener, nullptr, nullptr));
    p.server_error = quic_server_handshake_ex(p.server, &o, nullptr);
  });
  p.client = Socket();
  const Address to = recorder->address();
  (void)connect(p.client, to.sa(), to.size);
  p.client_error = quic_client_handshake_ex(p.client, &o, nullptr);
  server.join();
  return p;
}

Bytes Mutate(Random *random, Bytes bytes) {
  const uint64_t edits = random->Below(4);
  for (uint64_t i = 0; i < edits && !bytes.empty(); i++)
    bytes[random->Below(random->Below(4) == 0 ? bytes.size()
                                              : std::min<size_t>(bytes.size(), 60))] =
        static_cast<uint8_t>(random->Below(256));
  if (random->Below(8) == 0)
    bytes.resize(random->Below(bytes.size() + 1));
  if (random->Below(8) == 0) {
    const Bytes tail = random->String(random->Below(300));
    bytes.insert(bytes.end(), tail.begin(), tail.end());
  }
  return bytes;
}

// Every kind of header, with random content.
Bytes Invent(Random *random) {
  static const uint8_t firsts[] = {0xc0, 0xd0, 0xe0, 0xf0, 0x40, 0x60, 0x80, 0x00};
  Bytes bytes =
      random->String(random->Below(3) == 0 ? 1200 + random->Below(300) : 1 + random->Below(200));
  bytes[0] = static_cast<uint8_t>(firsts[random->Below(8)] | random->Below(16));
  if (bytes.size() > 6 && random->Below(2) == 0) {
    const uint32_t version = htonl(random->Below(2) == 0 ? QUIC_VERSION_V1 : QUIC_VERSION_V2);
    memcpy(&bytes[1], &version, sizeof(version));
    bytes[5] = 8;
  }
  return bytes;
}

void DrainRequests(int listener, std::vector<Fd> *kept) {
  for (;;) {
    Fd fd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK));
    if (fd < 0)
      return;
    if (kept->size() < 20)
      kept->push_back(std::move(fd));
  }
}

void FuzzDatagrams(Random *random, uint64_t count) {
  const Fd listener = Listener({});
  fcntl(listener, F_SETFL, O_NONBLOCK);
  const Fd live_listener = Listener({});
  Recorder recorder(NameOf(live_listener));
  const Pair live = RecordedPair(live_listener, &recorder);
  tap.Ok(live.good(), "a live connection");
  SendPattern(live.client, 0, 3000, MSG_QUIC_STREAM_NEW);
  Readable(live.server, 1000);
  usleep(200000);
  const std::vector<Bytes> corpus = recorder.seen();
  tap.Ok(corpus.size() > 4, "with recorded datagrams");
  std::vector<Address> targets = {NameOf(listener), NameOf(live_listener), NameOf(live.client),
                                  recorder.address()};
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  std::vector<Fd> kept;
  for (uint64_t i = 0; i < count; i++) {
    const Bytes bytes =
        random->Below(3) == 0 ? Invent(random) : Mutate(random, random->Pick(corpus));
    const Address &to = random->Pick(targets);
    sendto(udp, bytes.data(), bytes.size(), MSG_DONTWAIT, to.sa(), to.size);
    if (i % 256 == 0)
      DrainRequests(listener, &kept);
    if (i % 4096 == 0)
      kept.clear();
  }
  tap.Ok(true, std::to_string(count) + " datagrams");
  tap.Equal(1, static_cast<int>(Info(live.client).state), "the live client lived on");
  tap.Equal(1, static_cast<int>(Info(live.server).state), "the live server lived on");
  tap.Ok(SendPattern(live.client, 4, 1000, MSG_QUIC_STREAM_NEW) && Readable(live.server, 3000),
         "and they still talk");
  const Pair fresh = MakePair();
  tap.Ok(fresh.good(), "a new connection can be made");
}

// ---- calls ----

void RandomSet(Random *random, int fd) {
  const int name = static_cast<int>(random->Below(random->Below(4) == 0 ? 80 : 16));
  const Bytes value =
      random->Below(3) == 0 ? Bytes(random->Below(80)) : random->String(random->Below(100));
  // A secret of random bytes would end the connection, which is not the point.
  if (name == QUIC_SOCKOPT_CRYPTO_SECRET && random->Below(10) != 0)
    return;
  setsockopt(fd, SOL_QUIC, name, value.data(), value.size());
}

void RandomGet(Random *random, int fd) {
  Bytes value = random->String(1 + random->Below(800));
  auto size = static_cast<socklen_t>(random->Below(value.size() + 1));
  const int level = random->Below(8) == 0 ? IPPROTO_TCP : SOL_QUIC;
  getsockopt(fd, level, static_cast<int>(random->Below(80)), value.data(), &size);
}

void RandomSend(Random *random, int fd) {
  alignas(cmsghdr) uint8_t control[256];
  const Bytes noise = random->String(sizeof(control));
  memcpy(control, noise.data(), sizeof(control));
  Bytes data = random->String(random->Below(3000));
  iovec iov = {data.data(), data.size()};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control;
  msg.msg_controllen = random->Below(sizeof(control));
  if (msg.msg_controllen >= sizeof(cmsghdr) && random->Below(8) != 0) {
    cmsghdr cm = {};
    cm.cmsg_len = random->Below(8) == 0 ? random->Below(300) : CMSG_LEN(random->Below(24));
    cm.cmsg_level = random->Below(6) == 0 ? SOL_SOCKET : random->Below(6) == 0 ? SOL_TLS : SOL_QUIC;
    cm.cmsg_type = static_cast<int>(random->Below(3));
    memcpy(control, &cm, sizeof(cm));
    if (random->Below(2) == 0) {
      const quic_stream_info info = {static_cast<int64_t>(random->Below(40)) - 1,
                                     static_cast<uint32_t>(random->Below(2) == 0 ? 0 : 0x12e00) &
                                         static_cast<uint32_t>(random->Below(1 << 17))};
      memcpy(CMSG_DATA(reinterpret_cast<cmsghdr *>(control)), &info, sizeof(info));
    }
  }
  const int flags = static_cast<int>(random->Below(2) == 0 ? 0 : random->Below(1 << 19));
  sendmsg(fd, &msg, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

void RandomReceive(Random *random, int fd) {
  Bytes data(random->Below(4000));
  alignas(cmsghdr) uint8_t control[128];
  iovec iov = {data.data(), data.size()};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = random->Below(3) == 0 ? nullptr : control;
  msg.msg_controllen = msg.msg_control == nullptr ? 0 : random->Below(sizeof(control));
  (void)recvmsg(fd, &msg, static_cast<int>(random->Below(1 << 19)) | MSG_DONTWAIT);
}

void RandomOther(Random *random, int fd) {
  Bytes bytes = random->String(sizeof(sockaddr_in6));
  auto *sa = reinterpret_cast<sockaddr *>(bytes.data());
  sa->sa_family = random->Below(2) == 0 ? AF_INET : AF_INET6;
  auto size = static_cast<socklen_t>(random->Below(bytes.size() + 1));
  switch (random->Below(6)) {
    case 0:
      (void)bind(fd, sa, size);
      break;
    case 1:
      listen(fd, static_cast<int>(random->Below(3)));
      break;
    case 2:
      (void)connect(fd, sa, size);
      break;
    case 3:
      getpeername(fd, sa, &size);
      break;
    case 4: {
      const Fd child(accept4(fd, nullptr, nullptr, SOCK_NONBLOCK));
      break;
    }
    default:
      if (random->Below(20) == 0)
        shutdown(fd, static_cast<int>(random->Below(4)));
  }
}

void FuzzCalls(Random *random, uint64_t count) {
  std::vector<Fd> fds;
  PairOptions o;
  uint64_t pairs = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (i % 1000 == 0) {
      fds.clear();
      fds.push_back(Socket(AF_INET, SOCK_STREAM));
      fds.push_back(Socket(AF_INET6, SOCK_DGRAM));
      fds.push_back(Listener(o));
      fds.push_back(Socket());
      const Address nobody("127.0.0.1", 9);
      (void)connect(fds.back(), nobody.sa(), nobody.size);
      Pair p = MakePair(o);
      pairs += p.good() ? 1 : 0;
      fds.push_back(std::move(p.client));
      fds.push_back(std::move(p.server));
      for (const Fd &fd : fds)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    const int fd = random->Pick(fds);
    switch (random->Below(8)) {
      case 0:
      case 1:
        RandomSet(random, fd);
        break;
      case 2:
      case 3:
        RandomGet(random, fd);
        break;
      case 4:
      case 5:
        RandomSend(random, fd);
        break;
      case 6:
        RandomReceive(random, fd);
        break;
      default:
        RandomOther(random, fd);
    }
  }
  tap.Ok(true, std::to_string(count) + " calls");
  tap.Equal((count + 999) / 1000, pairs, "every connection in between could be made");
}

}  // namespace

int main(int argc, char **argv) {
  const uint64_t datagrams = argc > 1 ? strtoull(argv[1], nullptr, 0) : 20000;
  const uint64_t calls = argc > 2 ? strtoull(argv[2], nullptr, 0) : 20000;
  Random random(argc > 3 ? strtoull(argv[3], nullptr, 0) : 1);
  FuzzDatagrams(&random, datagrams);
  FuzzCalls(&random, calls);
  return tap.End();
}
