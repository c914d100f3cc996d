// SPDX-License-Identifier: GPL-2.0-or-later
//
// Addresses that change during a connection: an end that moves, a server with a
// preferred address, a NAT between the ends, connection ids, and how large
// datagrams may be on the way.
//
// The ends are in two namespaces with two addresses of each family; between them
// is a router, whose links can be narrowed.
//
// VM-TIMEOUT: 300
#include <linux/icmp.h>
#include <netinet/ip.h>
#include <netinet/quic.h>
#include <netinet/udp.h>

#include <atomic>
#include <fstream>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr const char kClientNs[] = "mig-c", kRouterNs[] = "mig-r", kServerNs[] = "mig-s";

void Run(const std::string &command) {
  if (system(command.c_str()) != 0)
    printf("# failed: %s\n", command.c_str());
}

void MakeNamespaces() {
  for (const char *ns : {kClientNs, kRouterNs, kServerNs}) {
    Run(std::string("ip netns add ") + ns);
    Run(std::string("ip -n ") + ns + " link set lo up");
  }
  const std::string router = std::string("ip netns exec ") + kRouterNs + " sysctl -qw ";
  Run(router + "net.ipv4.ip_forward=1");
  Run(router + "net.ipv6.conf.all.forwarding=1");
  struct End {
    const char *ns, *dev, *far, *net4, *net6;
  };
  for (const End &e : {End{kClientNs, "c0", "r0", "10.7.0.", "fd07::"},
                       End{kServerNs, "s0", "r1", "10.7.1.", "fd07:1::"}}) {
    Run(std::string("ip link add ") + e.dev + " netns " + e.ns + " type veth peer name " + e.far +
        " netns " + kRouterNs);
    const std::string end = std::string("ip -n ") + e.ns, far = std::string("ip -n ") + kRouterNs;
    for (const char *host : {"1", "2"}) {
      Run(end + " addr add " + e.net4 + host + "/24 dev " + e.dev);
      Run(end + " addr add " + e.net6 + host + "/64 dev " + e.dev + " nodad");
    }
    Run(far + " addr add " + e.net4 + "9/24 dev " + e.far);
    Run(far + " addr add " + e.net6 + "9/64 dev " + e.far + " nodad");
    Run(end + " link set " + e.dev + " up");
    Run(far + " link set " + e.far + " up");
    Run(end + " route add default via " + e.net4 + "9");
    Run(end + " -6 route add default via " + e.net6 + "9");
  }
}

void DeleteNamespaces() {
  for (const char *ns : {kClientNs, kRouterNs, kServerNs})
    Run(std::string("ip netns del ") + ns);
}

PairOptions Options(const char *server_ip = "10.7.1.1") {
  PairOptions o;
  o.address = Address(server_ip, 0);
  o.client_netns = kClientNs;
  o.server_netns = kServerNs;
  o.prepare = [](int fd) {
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_CONNECTION_MIGRATION, 1});
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_CONNECTION_ID, 1});
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_NEW_TOKEN, 1});
  };
  return o;
}

std::string Text(const Address &a) {
  char ip[INET6_ADDRSTRLEN] = "?";
  if (a.family() == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in *>(&a.storage)->sin_addr, ip,
              sizeof(ip));
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6 *>(&a.storage)->sin6_addr, ip,
              sizeof(ip));
  return std::string(ip) + " " + std::to_string(a.port());
}

bool Same(const std::string &expected, const Address &got, const std::string &name) {
  const bool good = tap.Ok(expected == Text(got), name);
  if (!good)
    printf("# expected %s, got %s\n", expected.c_str(), Text(got).c_str());
  return good;
}

int Migrate(int fd, const Address &to) {
  return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, to.sa(), to.size);
}

// What arrived: stream bytes, and how many events of which kind.
struct Seen {
  std::string bytes;
  int migrations = 0, local = -1;
  int tokens = 0;
  int retired_ours = 0, retired_theirs = 0;
  quic_connection_id_info info = {};
};

void Take(int fd, Seen *seen) {
  std::vector<uint8_t> buffer(4096);
  int64_t sid = -1;
  uint32_t flags = 0;
  const ssize_t n = quic_recvmsg(fd, buffer.data(), buffer.size(), &sid, &flags);
  if (n <= 0)
    return;
  if ((flags & MSG_QUIC_NOTIFICATION) == 0) {
    seen->bytes.append(buffer.begin(), buffer.begin() + n);
  } else if (buffer[0] == QUIC_EVENT_CONNECTION_MIGRATION) {
    seen->migrations++;
    seen->local = buffer[1];
  } else if (buffer[0] == QUIC_EVENT_NEW_TOKEN) {
    seen->tokens++;
  } else if (buffer[0] == QUIC_EVENT_CONNECTION_ID) {
    memcpy(&seen->info, &buffer[1], sizeof(seen->info));
    (seen->info.dest != 0 ? seen->retired_theirs : seen->retired_ours)++;
  }
}

Seen Drain(int fd, int timeout_ms = 500) {
  Seen seen;
  while (Readable(fd, timeout_ms))
    Take(fd, &seen);
  return seen;
}

// A word each way, on streams of the client.
bool Talk(const Pair &p, const std::string &word, Seen *client, Seen *server) {
  bool good =
      quic_sendmsg(p.client, word.data(), word.size(), -1,
                   MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN) == static_cast<ssize_t>(word.size());
  for (*server = {}; good && server->bytes != word && Readable(p.server, 20000);)
    Take(p.server, server);
  good = good && server->bytes == word &&
         quic_sendmsg(p.server, word.data(), word.size(), -1, MSG_QUIC_STREAM_FIN) ==
             static_cast<ssize_t>(word.size());
  for (*client = {}; good && client->bytes != word && Readable(p.client, 20000);)
    Take(p.client, client);
  return good && client->bytes == word;
}

// Each word goes on a stream of its own, which becomes the active one.
bool Talk(const Pair &p, const std::string &word) {
  Seen client, server;
  return Talk(p, word, &client, &server);
}

// ---- the option's errors ----

void TestErrors() {
  const Address good("10.7.0.2", 7000), port0("10.7.0.2", 0), v6("fd07::2", 7000);
  {
    const InNetns ns(kClientNs);
    const Fd fd = Socket();
    tap.Errno(EPIPE, Migrate(fd, good), "unconnected socket");
    const Address to("10.7.1.1", 1);
    if (connect(fd, to.sa(), to.size) != 0)
      Die("connect");
    tap.Errno(EINVAL, Migrate(fd, good), "a client that is establishing");
  }
  Pair p = MakePair(Options());
  tap.Errno(EPIPE, Migrate(p.listener, Address("10.7.1.2", 7000)), "listener");
  char c = 0;
  tap.Errno(EINVAL, setsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, &c, 1),
            "no address");
  tap.Errno(EINVAL, setsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, good.sa(), 8),
            "half an address");
  tap.Errno(EINVAL, Migrate(p.client, port0), "port 0");
  tap.Errno(EINVAL, Migrate(p.client, v6), "another family");
  tap.Errno(EINVAL, Migrate(p.client, NameOf(p.client)), "the address in use");
  tap.Errno(EADDRNOTAVAIL, Migrate(p.client, Address("10.99.0.1", 7000)), "not ours");
  tap.Ok(Talk(p, "unharmed"), "nothing of it did harm");
  p.client.Reset();
  p.server.Reset();

  PairOptions o = Options();
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.disable_active_migration = 1;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
  };
  p = MakePair(o);
  tap.Errno(EINVAL, Migrate(p.client, good), "the server forbids it");
  tap.Errno(EINVAL, Migrate(p.server, Address("10.7.1.2", 7000)), "the client forbids it");
}

// ---- moves ----

void TestClient(const char *server, const char *first, const char *second) {
  Pair p = MakePair(Options(server));
  const std::string where = std::string(" ") + second;
  Seen client, server_seen;
  tap.Ok(Talk(p, "before"), "talk at first" + where);
  Drain(p.client, 100);
  Drain(p.server, 100);
  tap.Errno(0, Migrate(p.client, Address(first, 7001)), "another port" + where);
  tap.Errno(EAGAIN, Migrate(p.client, Address(first, 7002)), "one move at a time" + where);
  client = Drain(p.client);
  tap.Ok(client.migrations == 1 && client.local == 1, "event at the client" + where);
  Same(std::string(first) + " 7001", NameOf(p.client), "getsockname" + where);
  tap.Ok(Talk(p, "from another port", &client, &server_seen), "talk from there" + where);
  Same(std::string(first) + " 7001", NameOf(p.server, true), "getpeername" + where);
  const Seen after = Drain(p.server);
  tap.Ok(server_seen.migrations + after.migrations >= 1, "event at the server" + where);

  Drain(p.client);
  sleep(5);  // the old path is over
  tap.Errno(0, Migrate(p.client, Address(second, 7003)), "another address" + where);
  client = Drain(p.client);
  tap.Ok(client.migrations == 1, "event" + where);
  tap.Ok(Talk(p, "from another address"), "talk from there" + where);
  Same(std::string(second) + " 7003", NameOf(p.client), "getsockname" + where);
  Same(std::string(second) + " 7003", NameOf(p.server, true), "getpeername" + where);
  Drain(p.server);
  sleep(5);
  // The port that was left can be bound by anybody.
  const InNetns ns(kClientNs);
  const Fd other(socket(Address(first, 7001).family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Address old(first, 7001);
  tap.Errno(0, bind(other, old.sa(), old.size), "the old port is free" + where);
}

void TestDeadAddress() {
  Pair p = MakePair(Options());
  Run(std::string("ip -n ") + kRouterNs + " route add blackhole 10.7.0.2/32");
  tap.Errno(0, Migrate(p.client, Address("10.7.0.2", 7001)), "to an address nobody answers at");
  sleep(20);
  tap.Ok(Talk(p, "still here"), "the connection stays where it was");
  tap.Ok(Text(NameOf(p.client)).rfind("10.7.0.1 ", 0) == 0, "getsockname");
  Run(std::string("ip -n ") + kRouterNs + " route del blackhole 10.7.0.2/32");
  tap.Errno(0, Migrate(p.client, Address("10.7.0.2", 7001)), "and can try again");
  Drain(p.client);
  Same("10.7.0.2 7001", NameOf(p.client), "with success");
}

void SetServerMigration(const char *value) {
  for (const char *ns : {kClientNs, kServerNs})
    Run(std::string("ip netns exec ") + ns + " sh -c 'echo " + value +
        " >/proc/sys/net/quic/server_migration'");
}

// UAPI.md 17.9
void TestServer() {
  Pair p = MakePair(Options());
  tap.Errno(0, Migrate(p.server, Address("10.7.1.2", 7005)), "a server moves");
  const Seen server = Drain(p.server);
  tap.Ok(server.migrations == 1 && server.local == 1, "event at the server");
  tap.Ok(Talk(p, "from another server"), "talk from there");
  Same("10.7.1.2 7005", NameOf(p.client, true), "the client followed");
  SetServerMigration("0");
  tap.Errno(EINVAL, Migrate(p.server, Address("10.7.1.2", 7006)), "unless that is refused");
  SetServerMigration("1");
}

// ---- preferred address ----

bool Mapped(const char *ip) {
  return strncmp(ip, "::ffff:", 7) == 0;
}

void TestPreferred(const char *server_ip, const char *preferred_ip) {
  const std::string where = std::string(" ") + preferred_ip;
  const PairOptions options = Options(server_ip);
  const quic_handshake_options o = PskOptions(options);
  const Address preferred(preferred_ip, 7443);
  int migrate = -1, twice = 0;
  Pair p;
  p.listener = Listener(options);
  std::thread server([&] {
    p.server.Reset(accept(p.listener, nullptr, nullptr));
    migrate = Migrate(p.server, preferred);
    twice = Migrate(p.server, preferred) == 0 ? 0 : errno;
    p.server_error = quic_server_handshake_ex(p.server, &o, nullptr);
  });
  {
    const InNetns ns(kClientNs);
    p.client = Socket(options.address.family());
    options.prepare(p.client);
  }
  const Address to = NameOf(p.listener);
  if (connect(p.client, to.sa(), to.size) != 0)
    Die("connect");
  p.client_error = quic_client_handshake_ex(p.client, &o, nullptr);
  server.join();
  tap.Equal(0, migrate, "a preferred address is set" + where);
  tap.Equal(EAGAIN, twice, "once" + where);
  tap.Ok(p.good(), "handshake" + where);
  const Seen client = Drain(p.client, 2000);
  tap.Ok(client.migrations >= 1, "event at the client" + where);
  tap.Ok(Talk(p, "preferred"), "talk" + where);
  // UAPI.md 9: a v4-mapped address shows as one of IPv4
  const std::string name =
      Text(Address(Mapped(preferred_ip) ? preferred_ip + 7 : preferred_ip, 7443));
  Same(name, NameOf(p.client, true), "the client's peer" + where);
  Same(name, NameOf(p.server), "the server's name" + where);
  tap.Ok(Talk(p, "again"), "and talk again" + where);
}

// ---- a NAT ----

// Forwards datagrams to and fro; can change the address that the server sees.
class Relay {
 public:
  explicit Relay(const Address &server) : server_(server) {
    const InNetns ns(kClientNs);
    inside_ = Udp("10.7.0.1");
    outside_ = Udp("10.7.0.1");
    name_ = NameOf(inside_);
    thread_ = std::thread([this] { Forward(); });
  }
  Relay(const Relay &) = delete;
  Relay &operator=(const Relay &) = delete;
  ~Relay() {
    stop_ = true;
    thread_.join();
  }
  [[nodiscard]] const Address &name() const { return name_; }
  void Rebind(const char *ip) { rebind_ = ip; }
  [[nodiscard]] bool rebinding() const { return rebind_ != nullptr; }
  Address outside() { return NameOf(outside_); }

 private:
  static Fd Udp(const char *ip) {
    Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const Address a(ip, 0);
    if (fd < 0 || bind(fd, a.sa(), a.size) != 0)
      Die("relay");
    return fd;
  }
  void Pass(int from, int to, const Address &target, Address *source) {
    char bytes[65536];
    Address a;
    a.size = sizeof(a.storage);
    const ssize_t n = recvfrom(from, bytes, sizeof(bytes), 0, a.sa(), &a.size);
    if (n < 0)
      return;
    if (source != nullptr)
      *source = a;
    if (target.size != 0)
      sendto(to, bytes, n, 0, target.sa(), target.size);
  }
  void Forward() {
    const InNetns ns(kClientNs);
    while (!stop_) {
      const char *ip = rebind_;
      if (ip != nullptr) {
        outside_ = Udp(ip);
        rebind_ = nullptr;
      }
      pollfd fds[] = {{inside_, POLLIN, 0}, {outside_, POLLIN, 0}};
      poll(fds, 2, 10);
      if ((fds[0].revents & POLLIN) != 0)
        Pass(inside_, outside_, server_, &client_);
      if ((fds[1].revents & POLLIN) != 0)
        Pass(outside_, inside_, client_, nullptr);
    }
  }

  Fd inside_, outside_;
  Address server_, client_, name_;
  std::atomic<bool> stop_ = false;
  std::atomic<const char *> rebind_ = nullptr;
  std::thread thread_;
};

void TestRebinding() {
  const PairOptions options = Options();
  const quic_handshake_options o = PskOptions(options);
  Pair p;
  p.listener = Listener(options);
  Relay relay(NameOf(p.listener));
  std::thread server([&] {
    p.server.Reset(accept(p.listener, nullptr, nullptr));
    p.server_error = quic_server_handshake_ex(p.server, &o, nullptr);
  });
  {
    const InNetns ns(kClientNs);
    p.client = Socket();
    options.prepare(p.client);
  }
  if (connect(p.client, relay.name().sa(), relay.name().size) != 0)
    Die("connect");
  p.client_error = quic_client_handshake_ex(p.client, &o, nullptr);
  server.join();
  tap.Ok(p.good() && Talk(p, "through a NAT"), "talk through a NAT");
  for (const char *ip : {"10.7.0.1", "10.7.0.2", "10.7.0.1"}) {
    Drain(p.server, 200);
    Drain(p.client, 200);
    relay.Rebind(ip);
    while (relay.rebinding())
      usleep(1000);
    Seen client, seen;
    tap.Ok(Talk(p, "rebound", &client, &seen), std::string("talk after it rebinds to ") + ip);
    const Seen after = Drain(p.server);
    tap.Ok(seen.migrations + after.migrations == 1 && std::max(seen.local, after.local) == 0,
           "event at the server");
    Same(Text(relay.outside()), NameOf(p.server, true), "getpeername");
    tap.Equal(0, client.migrations, "the client knows of nothing");
    tap.Equal(1, client.tokens + Drain(p.client).tokens, "but gets a token for the new address");
  }
}

// ---- connection ids ----

quic_connection_id_info Ids(int fd, bool dest) {
  quic_connection_id_info info = {};
  info.dest = dest ? 1 : 0;
  if (Get(fd, QUIC_SOCKOPT_CONNECTION_ID, &info) != 0)
    printf("# CONNECTION_ID: %s\n", strerror(errno));
  return info;
}

int SetIds(int fd, bool dest, uint32_t active, uint32_t prior_to) {
  quic_connection_id_info info = {};
  info.dest = dest ? 1 : 0;
  info.active = active;
  info.prior_to = prior_to;
  return Set(fd, QUIC_SOCKOPT_CONNECTION_ID, info);
}

void TestIds() {
  Pair p = MakePair(Options());
  tap.Ok(Talk(p, "ids"), "talk");
  tap.Errno(EINVAL, SetIds(p.listener, true, 1, 0), "ids: listener");
  quic_connection_id_info info = Ids(p.client, true);
  tap.Ok(info.dest == 1 && info.active == 0 && info.prior_to == 0, "ids of the peer at first");
  tap.Errno(EINVAL, SetIds(p.client, true, 99, 0), "active: there is no such id");
  tap.Errno(EINVAL, SetIds(p.client, true, 0, 99), "prior_to: beyond the last");
  tap.Errno(EINVAL, SetIds(p.client, true, 99, 1), "both: nothing is done by halves");
  tap.Equal(0U, Ids(p.client, true).prior_to, "indeed");
  tap.Errno(0, SetIds(p.client, true, 2, 0), "active: another one");
  tap.Equal(2U, Ids(p.client, true).active, "is in use");
  tap.Equal(0U, Ids(p.client, true).prior_to, "the old one is kept");
  tap.Errno(EINVAL, SetIds(p.client, true, 1, 0), "active: never a lower one");
  tap.Ok(Talk(p, "with another id"), "talk");
  tap.Equal(2U, Ids(p.server, false).active, "the server sees it in use");
  Drain(p.client, 100);
  Drain(p.server, 100);
  tap.Errno(0, SetIds(p.client, true, 3, 3), "active and prior_to");
  tap.Ok(Talk(p, "retired"), "talk");
  info = Ids(p.client, true);
  tap.Ok(info.active == 3 && info.prior_to == 3, "ids of the peer");
  Seen seen = Drain(p.server, 1000);
  tap.Equal(3U, Ids(p.server, false).prior_to, "the server's own");
  Seen client = Drain(p.client, 100);
  info = Ids(p.server, false);
  tap.Errno(0, SetIds(p.server, false, 0, info.prior_to + 2), "the server asks for retirement");
  seen = Drain(p.server, 1000);
  tap.Ok(seen.retired_ours >= 1, "event: ids of ours were retired");
  client = Drain(p.client, 100);
  tap.Ok(client.retired_theirs >= 1 && client.info.prior_to == info.prior_to + 2,
         "event: ids of the peer's were");
  tap.Equal(info.prior_to + 2, Ids(p.client, true).prior_to, "the client did it");
  tap.Ok(Talk(p, "all of it"), "talk");
}

// ---- datagram size ----

unsigned long Counter(const char *ns, const std::string &name) {
  const InNetns in(ns);
  std::ifstream f("/proc/thread-self/net/quic/snmp");
  std::string word;
  unsigned long value = 0;
  while (f >> word >> value)
    if (word == name)
      return value;
  return 0;
}

void SetRouterMtu(int mtu) {
  for (const char *dev : {"r0", "r1"})
    Run(std::string("ip -n ") + kRouterNs + " link set " + dev + " mtu " + std::to_string(mtu));
}

// The bytes that arrived.
size_t Move(const Pair &p, size_t size) {
  std::thread sender([&] { SendPattern(p.client, -1, size, MSG_QUIC_STREAM_NEW); });
  Seen seen;
  while (seen.bytes.size() < size && Readable(p.server, 30000))
    Take(p.server, &seen);
  sender.join();
  return seen.bytes.size();
}

void SetEndMtu(int mtu) {
  Run(std::string("ip -n ") + kClientNs + " link set c0 mtu " + std::to_string(mtu));
  Run(std::string("ip -n ") + kServerNs + " link set s0 mtu " + std::to_string(mtu));
}

void Transfer(const Pair &p, size_t size, const std::string &name) {
  tap.Equal(size, Move(p, size), name);
}

// "Packet too big" from whoever, who has not seen a packet: it quotes another id.
void ForgeIcmp(const Address &client, const Address &server, int mtu) {
  const InNetns ns(kServerNs);
  const Fd fd(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
  struct {
    icmphdr icmp;
    iphdr ip;
    udphdr udp;
    uint8_t quic[16];
  } __attribute__((packed)) m = {};
  m.icmp.type = ICMP_DEST_UNREACH;
  m.icmp.code = ICMP_FRAG_NEEDED;
  m.icmp.un.frag.mtu = htons(mtu);
  m.ip.version = 4;
  m.ip.ihl = 5;
  m.ip.ttl = 64;
  m.ip.tot_len = htons(1500);
  m.ip.protocol = IPPROTO_UDP;
  m.ip.saddr = reinterpret_cast<const sockaddr_in *>(&client.storage)->sin_addr.s_addr;
  m.ip.daddr = reinterpret_cast<const sockaddr_in *>(&server.storage)->sin_addr.s_addr;
  m.udp.source = htons(client.port());
  m.udp.dest = htons(server.port());
  m.udp.len = htons(1480);
  m.quic[0] = 0x40;
  auto sum = [](const void *data, size_t size) {
    std::vector<uint16_t> words(size / 2);
    memcpy(words.data(), data, size);
    uint32_t s = 0;
    for (const uint16_t word : words)
      s += ntohs(word);
    while (s >> 16)
      s = (s & 0xffff) + (s >> 16);
    return htons(static_cast<uint16_t>(~s));
  };
  m.ip.check = sum(&m.ip, sizeof(m.ip));
  m.icmp.checksum = sum(&m, sizeof(m));
  if (sendto(fd, &m, sizeof(m), 0, client.sa(), client.size) != sizeof(m))
    printf("# ICMP: %s\n", strerror(errno));
}

void TestSize() {
  Pair p = MakePair(Options());
  Transfer(p, 300000, "a transfer");
  tap.Equal(1472U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "the path carries 1472");
  // [9000-14.2.1#2] it quotes no id of ours
  ForgeIcmp(NameOf(p.client), NameOf(p.client, true), 1300);
  usleep(100000);
  tap.Equal(1472U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "forged ICMP");
  tap.Equal(0UL, Counter(kClientNs, "QuicIcmpPacketTooBig"), "is not believed");
  // [9000-14#2,3] what does not fit is dropped, not cut
  SetRouterMtu(1400);
  Transfer(p, 300000, "a transfer over a path that shrank");
  tap.Equal(1372U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "ICMP told");
  tap.Ok(Counter(kClientNs, "QuicIcmpPacketTooBig") > 0, "and was believed");
  // The same without ICMP: a black hole.
  Run(std::string("ip -n ") + kRouterNs + " link set r1 mtu 1300");
  Run(std::string("ip netns exec ") + kRouterNs + " sysctl -qw net.ipv4.icmp_ratelimit=1000000000");
  Run(std::string("ip netns exec ") + kRouterNs + " sysctl -qw net.ipv4.icmp_ratemask=65535");
  Transfer(p, 300000, "a transfer over a path that shrank again");
  tap.Ok(Info(p.client).pmtu_bytes <= 1272, "the size was found");
  SetRouterMtu(1500);

  // Our own interface shrinks and grows.
  p = MakePair(Options());
  Transfer(p, 300000, "a transfer");
  tap.Equal(1472U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "1472 again");
  Run(std::string("ip -n ") + kClientNs + " link set c0 mtu 1333");
  Transfer(p, 300000, "a transfer through an interface that shrank");
  tap.Equal(1305U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "what the interface takes");
  Run(std::string("ip -n ") + kClientNs + " link set c0 mtu 1500");

  // Jumbo frames all the way: a step and then the largest.
  SetEndMtu(9000);
  SetRouterMtu(9000);
  p = MakePair(Options());
  Transfer(p, 300000, "a transfer over a path for jumbo frames");
  tap.Equal(8972U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "carries 8972");
  // At the ends alone: nobody tells, and the search goes down.
  SetRouterMtu(1500);
  p = MakePair(Options());
  Transfer(p, 3000000, "a transfer from jumbo frames into a path without");
  const unsigned found = Info(p.client).pmtu_bytes;
  tap.Ok(found > 1472 - 32 && found <= 1472, "finds what the path carries");
  SetEndMtu(1500);

  quic_config config = {};
  config.plpmtud_probe_interval = UINT32_MAX;
  PairOptions o = Options();
  o.prepare = [&](int fd) { Set(fd, QUIC_SOCKOPT_CONFIG, config); };
  p = MakePair(o);
  Transfer(p, 100000, "a transfer without search");
  tap.Equal(1200U, static_cast<unsigned>(Info(p.client).pmtu_bytes), "stays at 1200");
  const Fd fd = Socket();
  config.plpmtud_probe_interval = 4999999;
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_CONFIG, config), "an interval below 5 s");
  config.plpmtud_probe_interval = UINT32_MAX / 30 + 1;
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_CONFIG, config), "an interval too long");
  config.plpmtud_probe_interval = 5000000;
  tap.Errno(0, Set(fd, QUIC_SOCKOPT_CONFIG, config), "an interval of 5 s");
}

// The largest datagram of ours is more than the first window: steps lead there.
void TestLoopback() {
  constexpr size_t kPairs = 8, kBytes = 1000000;
  constexpr unsigned kLargest = 16000;
  std::vector<Pair> pairs(kPairs);
  std::vector<std::thread> threads;
  std::atomic<size_t> moved = 0, found = 0;
  for (Pair &p : pairs)
    p = MakePair();
  threads.reserve(pairs.size());
  for (const Pair &p : pairs)
    threads.emplace_back([&] {
      moved += Move(p, kBytes);
      found += Info(p.client).pmtu_bytes == kLargest ? 1 : 0;
    });
  for (std::thread &t : threads)
    t.join();
  tap.Equal(kPairs * kBytes, moved.load(), "transfers side by side on loopback");
  tap.Equal(kPairs, found.load(), "each finds the largest size there is");
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  MakeNamespaces();
  TestErrors();
  TestClient("10.7.1.1", "10.7.0.1", "10.7.0.2");
  TestClient("fd07:1::1", "fd07::1", "fd07::2");
  TestDeadAddress();
  TestServer();
  TestPreferred("10.7.1.1", "10.7.1.2");
  TestPreferred("fd07:1::1", "fd07:1::2");
  // Sockets of both families: one of AF_INET alone has no use for the other one.
  TestPreferred("::ffff:10.7.1.1", "fd07:1::2");
  TestPreferred("fd07:1::1", "::ffff:10.7.1.2");
  TestRebinding();
  TestIds();
  TestSize();
  TestLoopback();
  DeleteNamespaces();
  return tap.End();
}
