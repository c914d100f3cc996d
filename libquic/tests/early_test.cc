// SPDX-License-Identifier: LGPL-2.1-or-later
//
// 0-RTT and resumption between two sessions in memory: what is accepted, what is
// rejected and how the handshake goes on, replays.
#include <early.h>
#include <gtest/gtest.h>
#include <handshake.h>
#include <netinet/quic.h>
#include <session.h>

#include <cstring>
#include <memory>
#include <thread>

#include "certificates.h"
#include "driver.h"
#include "fake_socket.h"

namespace quic::test {

namespace {

struct SessionDeleter {
  void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
};
using SessionPtr = std::unique_ptr<gnutls_session_int, SessionDeleter>;

// One connection: two sessions on a world of their own.
struct Connection {
  World world;
  SessionPtr client;
  SessionPtr server;
  HandshakeStep *client_step = nullptr;
  HandshakeStep *server_step = nullptr;
  Buffer hello;  // as the client sent it
};

struct Options {
  unsigned int client_flags = QUIC_EARLY_DATA_FLAGS;
  unsigned int server_flags = QUIC_EARLY_DATA_FLAGS;
  const char *client_alpn = "one";
  const char *server_alpn = "one,two";
  uint64_t server_max_data = 1000;
  uint32_t version = QUIC_VERSION_V1;
  bool client_looks = true;  // at the version that session data are of
};

class Early : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    TemporaryDirectory directory;
    const Authority ca(directory, "ca");
    const KeyPair pair = ca.Issue("server", LeafOptions());
    gnutls_certificate_allocate_credentials(&credentials);
    ASSERT_EQ(gnutls_certificate_set_x509_key_file(credentials, pair.cert_file.c_str(),
                                                   pair.key_file.c_str(), GNUTLS_X509_FMT_PEM),
              0);
  }
  static void TearDownTestSuite() { gnutls_certificate_free_credentials(credentials); }

  void SetUp() override {
    ASSERT_EQ(gnutls_session_ticket_key_generate(&key), 0);
    first = Make(Options());
    Run(first.get());
    EXPECT_EQ(first->world.client.send_keys[QUIC_CRYPTO_EARLY].has_value(), false);
    data.resize(8192);
    size_t size = data.size();
    const std::unique_ptr<Socket> socket = first->world.Client();
    ASSERT_EQ(GetSessionData(first->client.get(), socket.get(), data.data(), &size), 0);
    ASSERT_GT(size, 0U);
    data.resize(size);
  }
  void TearDown() override { gnutls_free(key.data); }

  static SessionPtr NewSession(unsigned int flags, const char *alpn) {
    gnutls_session_t session = nullptr;
    EXPECT_EQ(gnutls_init(&session, flags), 0);
    EXPECT_EQ(gnutls_priority_set_direct(session, QUIC_PRIORITY, nullptr), 0);
    EXPECT_EQ(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials), 0);
    EXPECT_EQ(quic_session_set_alpn(session, alpn, strlen(alpn)), 0);
    return SessionPtr(session);
  }

  // A connection whose client resumes if there is something to resume with.
  std::unique_ptr<Connection> Make(const Options &options) {
    auto c = std::make_unique<Connection>();
    c->world.seen = &seen;
    c->world.server.own_limits.max_data = options.server_max_data;
    c->client = NewSession(GNUTLS_CLIENT | options.client_flags, options.client_alpn);
    c->world.client.version = options.version;
    c->world.server.version = options.version;
    if (!data.empty() && options.client_looks) {
      const std::unique_ptr<Socket> socket = c->world.Client();
      EXPECT_EQ(SetSessionData(c->client.get(), socket.get(), data.data(), data.size()), 0);
    } else if (!data.empty()) {
      EXPECT_EQ(gnutls_session_set_data(c->client.get(), data.data(), data.size()), 0);
    }
    c->server = NewSession(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | options.server_flags,
                           options.server_alpn);
    EXPECT_EQ(gnutls_session_ticket_enable_server(c->server.get(), &key), 0);
    EXPECT_EQ(Handshake::Attach(c->client.get(), c->world.Client()), 0);
    EXPECT_EQ(Handshake::Attach(c->server.get(), c->world.Server()), 0);
    return c;
  }

  static int Do(gnutls_session_t session, HandshakeStep **step) {
    Socket &socket = Handshake::Of(session)->socket();
    if ((*step)->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG)
      (*step)->s_sendmsg.retval = socket.Send((*step)->s_sendmsg.msg, (*step)->s_sendmsg.flags);
    else
      (*step)->s_recvmsg.retval = socket.Receive((*step)->s_recvmsg.msg, (*step)->s_recvmsg.flags);
    return quic_handshake_step(session, step);
  }

  static int StartBoth(Connection *c) {
    int ret = Handshake::Of(c->server.get())->Start(&c->server_step);
    if (ret == 0)
      ret = Handshake::Of(c->client.get())->Start(&c->client_step);
    return ret;
  }

  // Both sides in turns until they are done or one fails.
  static int Go(Connection *c) {
    int ret = StartBoth(c);
    for (int i = 0; i < 60 && ret == 0; i++) {
      if (c->client_step != nullptr)
        ret = Do(c->client.get(), &c->client_step);
      if (c->hello.empty() && !c->world.server.inbox.empty())
        c->hello = c->world.server.inbox.front().bytes;
      if (ret == 0 && c->server_step != nullptr)
        ret = Do(c->server.get(), &c->server_step);
    }
    return ret;
  }

  static void Run(Connection *c) {
    EXPECT_EQ(Go(c), 0);
    EXPECT_EQ(c->client_step, nullptr);
    EXPECT_EQ(c->server_step, nullptr);
  }

  static bool HasKey(const Endpoint &end, uint8_t level) {
    return end.send_keys[level].has_value() || end.receive_keys[level].has_value();
  }

  static void ExpectAccepted(const Connection &c) {
    const Endpoint &client = c.world.client;
    const Endpoint &server = c.world.server;
    ASSERT_TRUE(client.send_keys[QUIC_CRYPTO_EARLY].has_value());
    ASSERT_TRUE(server.receive_keys[QUIC_CRYPTO_EARLY].has_value());
    EXPECT_EQ(memcmp(client.send_keys[QUIC_CRYPTO_EARLY]->secret,
                     server.receive_keys[QUIC_CRYPTO_EARLY]->secret, 32),
              0);
    EXPECT_FALSE(client.receive_keys[QUIC_CRYPTO_EARLY].has_value());
    EXPECT_FALSE(server.send_keys[QUIC_CRYPTO_EARLY].has_value());
    EXPECT_EQ(client.early_verdict, uint8_t{QUIC_EARLY_OP_ACCEPTED});
    EXPECT_NE(gnutls_session_is_resumed(c.server.get()), 0);
  }

  // The session is resumed all the same.
  static void ExpectRejected(const Connection &c) {
    EXPECT_TRUE(c.world.client.send_keys[QUIC_CRYPTO_EARLY].has_value());
    EXPECT_FALSE(HasKey(c.world.server, QUIC_CRYPTO_EARLY));
    EXPECT_EQ(c.world.client.early_verdict, uint8_t{QUIC_EARLY_OP_REJECTED});
    EXPECT_NE(gnutls_session_is_resumed(c.server.get()), 0);
  }

  static gnutls_certificate_credentials_t credentials;
  gnutls_datum_t key = {};
  std::set<Buffer> seen;
  std::unique_ptr<Connection> first;
  Buffer data;
};

gnutls_certificate_credentials_t Early::credentials = nullptr;

TEST_F(Early, AcceptedDataGoWithTheClientHello) {
  const auto c = Make(Options());
  Run(c.get());
  ExpectAccepted(*c);
  // The key before the ClientHello, the verdict before the first 1-RTT key.
  const std::vector<std::string> &journal = c->world.client.journal;
  ASSERT_GE(journal.size(), 2U);
  EXPECT_EQ(journal[0], "key tx 3");
  EXPECT_EQ(journal[1], "send 1");
  const auto verdict = std::find(journal.begin(), journal.end(), "early");
  const auto app = std::find(journal.begin(), journal.end(), "key tx 0");
  EXPECT_LT(verdict - journal.begin(), app - journal.begin());
}

TEST_F(Early, TicketsAreGoodForLaterTicketsToo) {
  const auto c = Make(Options());
  Run(c.get());
  data.resize(8192);
  size_t size = data.size();
  const std::unique_ptr<Socket> socket = c->world.Client();
  ASSERT_EQ(GetSessionData(c->client.get(), socket.get(), data.data(), &size), 0);
  data.resize(size);
  const auto next = Make(Options());
  Run(next.get());
  ExpectAccepted(*next);
}

TEST_F(Early, ReplayedClientHelloIsRejected) {  // [9001-9.2#1]
  const auto c = Make(Options());
  Run(c.get());
  ExpectAccepted(*c);
  ASSERT_FALSE(c->hello.empty());
  // Another server with the same key and the same store: another process, say.
  const auto other = Make(Options());
  ASSERT_EQ(Handshake::Of(other->server.get())->Start(&other->server_step), 0);
  Inject(&other->world.server, QUIC_CRYPTO_INITIAL, c->hello);
  ASSERT_EQ(Do(other->server.get(), &other->server_step), 0);
  EXPECT_NE(gnutls_session_is_resumed(other->server.get()), 0);
  EXPECT_TRUE(HasKey(other->world.server, QUIC_CRYPTO_HANDSHAKE));
  EXPECT_FALSE(HasKey(other->world.server, QUIC_CRYPTO_EARLY));
  // With a store that never heard of it, it would be accepted: the store is what counts.
  seen.clear();
  const auto forgetful = Make(Options());
  ASSERT_EQ(Handshake::Of(forgetful->server.get())->Start(&forgetful->server_step), 0);
  Inject(&forgetful->world.server, QUIC_CRYPTO_INITIAL, c->hello);
  ASSERT_EQ(Do(forgetful->server.get(), &forgetful->server_step), 0);
  EXPECT_TRUE(HasKey(forgetful->world.server, QUIC_CRYPTO_EARLY));
}

TEST_F(Early, ResumptionWithoutEarlyDataAsksNobody) {
  Options options;
  options.client_flags = 0;
  const auto c = Make(options);
  Run(c.get());
  EXPECT_NE(gnutls_session_is_resumed(c->server.get()), 0);
  EXPECT_TRUE(seen.empty());
  EXPECT_FALSE(c->world.client.early_verdict.has_value());
}

TEST_F(Early, TicketsSpeakOfAllEarlyData) {  // [9001-4.6.1#1]
  const Buffer &ticket = first->world.client.ticket;
  const Buffer extension = {0, 8, 0, 42, 0, 4, 0xff, 0xff, 0xff, 0xff};
  ASSERT_GT(ticket.size(), extension.size());
  EXPECT_TRUE(std::equal(extension.rbegin(), extension.rend(), ticket.rbegin()));
}

TEST_F(Early, StoreThatIsFullRejects) {
  const auto c = Make(Options());
  c->world.server.set_errors[QUIC_SOCKOPT_EARLY_DATA] = -ENOSPC;
  Run(c.get());
  ExpectRejected(*c);
}

TEST_F(Early, ServerThatAllowsLessThanTheTicketSaysRejects) {  // [9000-7.4.1#7]
  Options options;
  options.server_max_data = 999;
  const auto c = Make(options);
  Run(c.get());
  ExpectRejected(*c);
  EXPECT_TRUE(seen.empty());
}

TEST_F(Early, ServerThatAllowsMoreAccepts) {
  Options options;
  options.server_max_data = 1001;
  const auto c = Make(options);
  Run(c.get());
  ExpectAccepted(*c);
}

TEST_F(Early, AnotherProtocolRejects) {
  Options options;
  options.client_alpn = "two";
  const auto c = Make(options);
  Run(c.get());
  ExpectRejected(*c);
}

TEST_F(Early, ProtocolTheDataWereNotMeantForEndsTheConnection) {  // [9001-4.6.2]
  Options options;
  options.client_alpn = "three,one";
  const auto c = Make(options);
  EXPECT_EQ(Go(c.get()), -EPROTO);
  ASSERT_TRUE(c->world.client.close.has_value());
  EXPECT_EQ(c->world.client.close->errcode, 0x100U + GNUTLS_A_NO_APPLICATION_PROTOCOL);
}

TEST_F(Early, ServerWithoutTheFlagsRejects) {
  Options options;
  options.server_flags = 0;
  const auto c = Make(options);
  Run(c.get());
  ExpectRejected(*c);
}

TEST_F(Early, TicketUnderAnotherKeyIsNoTicket) {
  gnutls_free(key.data);
  ASSERT_EQ(gnutls_session_ticket_key_generate(&key), 0);
  const auto c = Make(Options());
  Run(c.get());
  EXPECT_EQ(gnutls_session_is_resumed(c->server.get()), 0);
  EXPECT_FALSE(HasKey(c->world.server, QUIC_CRYPTO_EARLY));
  EXPECT_EQ(c->world.client.early_verdict, uint8_t{QUIC_EARLY_OP_REJECTED});
}

TEST_F(Early, SessionOfAnotherVersionIsNotResumed) {  // [9369-5#1]
  Options options;
  options.version = QUIC_VERSION_V2;
  const auto c = Make(options);
  Run(c.get());
  EXPECT_EQ(gnutls_session_is_resumed(c->client.get()), 0);
  EXPECT_FALSE(HasKey(c->world.client, QUIC_CRYPTO_EARLY));
}

TEST_F(Early, ServerRefusesTicketOfAnotherVersion) {  // [9369-5#2]
  Options options;
  options.version = QUIC_VERSION_V2;
  options.client_looks = false;
  const auto c = Make(options);
  Run(c.get());
  EXPECT_EQ(gnutls_session_is_resumed(c->server.get()), 0);
  EXPECT_TRUE(HasKey(c->world.client, QUIC_CRYPTO_EARLY));
  EXPECT_FALSE(HasKey(c->world.server, QUIC_CRYPTO_EARLY));
  EXPECT_EQ(c->world.client.early_verdict, uint8_t{QUIC_EARLY_OP_REJECTED});
  EXPECT_TRUE(c->world.client.ticket.empty());
}

// A compatible version chosen by the server is the ticket's, the client's first one decides
// whether it is good (RFC 9369 5).
TEST_F(Early, TicketIsOfTheVersionNegotiated) {
  const auto c = Make(Options());
  c->world.server.becomes = QUIC_VERSION_V2;
  c->world.client.becomes = QUIC_VERSION_V2;
  Run(c.get());
  ExpectAccepted(*c);
  data.resize(8192);
  size_t size = data.size();
  const std::unique_ptr<Socket> socket = c->world.Client();
  ASSERT_EQ(GetSessionData(c->client.get(), socket.get(), data.data(), &size), 0);
  data.resize(size);
  Options options;
  options.version = QUIC_VERSION_V2;
  const auto next = Make(options);
  Run(next.get());
  ExpectAccepted(*next);
}

TEST_F(Early, SessionDataSayTheirSize) {
  const auto c = Make(Options());
  Run(c.get());
  const std::unique_ptr<Socket> socket = c->world.Client();
  size_t size = 0;
  EXPECT_EQ(GetSessionData(c->client.get(), socket.get(), nullptr, &size), -ENOBUFS);
  Buffer exact(size);
  EXPECT_EQ(GetSessionData(c->client.get(), socket.get(), exact.data(), &size), 0);
  EXPECT_EQ(size, exact.size());
}

TEST_F(Early, SocketThatRemembersNothingSendsNothingEarly) {  // [9001-5.6#1]
  const auto c = Make(Options());
  c->world.client.refuse_early_key = true;
  Run(c.get());
  EXPECT_FALSE(HasKey(c->world.client, QUIC_CRYPTO_EARLY));
  EXPECT_FALSE(c->world.client.early_verdict.has_value());
}

TEST_F(Early, EndOfEarlyDataIsNeverSent) {  // [9001-8.3#1]
  Options options;
  options.client_flags = GNUTLS_ENABLE_EARLY_DATA;
  const auto c = Make(options);
  EXPECT_EQ(Go(c.get()), -EINVAL);
}

TEST_F(Early, DataInFrontOfTheHandshakeStayForTheApplication) {
  const auto c = Make(Options());
  c->world.server.early_data = {1, 2, 3};
  c->world.Enter(2);
  int server_error = -1;
  std::thread server([&] {
    server_error = Drive(Handshake::Of(c->server.get()), 10000);
    c->world.Leave();
  });
  const int client_error = Drive(Handshake::Of(c->client.get()), 10000);
  c->world.Leave();
  server.join();
  EXPECT_EQ(client_error, 0);
  EXPECT_EQ(server_error, 0);
  ExpectAccepted(*c);
  EXPECT_EQ(c->world.server.early_data, (Buffer{1, 2, 3}));
}

TEST_F(Early, EndOfTheConnectionIsSeenBehindData) {
  const auto c = Make(Options());
  ASSERT_EQ(Handshake::Of(c->client.get())->Start(&c->client_step), 0);
  ASSERT_EQ(Do(c->client.get(), &c->client_step), 0);
  c->world.server.early_data = {1, 2, 3};
  c->world.Enter(2);
  int server_error = 0;
  std::thread server([&] {
    server_error = Drive(Handshake::Of(c->server.get()), 10000);
    c->world.Leave();
  });
  const std::unique_ptr<Socket> client = c->world.Client();
  client->Poll(POLLIN, 5000);
  client->Shutdown();
  c->world.Leave();
  server.join();
  EXPECT_EQ(server_error, -ENOTCONN);
}

// ---- terms in tickets ----

Buffer Ticket() {
  // type, length, lifetime, age_add, nonce, ticket, no extensions
  Buffer message = {4, 0, 0, 19, 0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 5, 'a', 'b', 'c', 'd', 'e', 0, 0};
  return message;
}

TEST(EarlyTerms, ComeBackAsTheyWere) {  // and need no client to know of them [9001-9.2#2]
  const std::optional<Secret> key = EarlySealKey(Buffer(64, 7));
  ASSERT_TRUE(key.has_value());
  const EarlyTerms terms = {{1, 2, 3, 4, 5, 6, 7, UINT64_MAX}, "proto", QUIC_VERSION_V2};
  Buffer message = Ticket();
  ASSERT_TRUE(SealTerms(*key, terms, &message));
  NewSessionTicket found;
  ASSERT_TRUE(ParseNewSessionTicket(message, &found));
  EXPECT_EQ(memcmp(found.ticket.data(), "abcde", 5), 0);
  const std::optional<EarlyTerms> back = OpenTerms(*key, found.ticket);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->limits, terms.limits);
  EXPECT_EQ(back->alpn, terms.alpn);
  // Not one bit may be changed, no byte be missing, and no other key will do.
  Buffer ticket(found.ticket.begin(), found.ticket.end());
  for (size_t i = 0; i < ticket.size() * 8; i++) {
    ticket[i / 8] ^= 1 << i % 8;
    EXPECT_FALSE(OpenTerms(*key, ticket).has_value()) << i;
    ticket[i / 8] ^= 1 << i % 8;
  }
  for (size_t size = 0; size < ticket.size(); size++)
    EXPECT_FALSE(OpenTerms(*key, Bytes(ticket).first(size)).has_value()) << size;
  EXPECT_FALSE(OpenTerms(*EarlySealKey(Buffer(64, 8)), ticket).has_value());
}

TEST(EarlyTerms, WhatIsNoTicketIsLeftAlone) {
  const std::optional<Secret> key = EarlySealKey(Buffer(64, 7));
  Buffer message = Ticket();
  message.pop_back();
  const Buffer before = message;
  EXPECT_FALSE(SealTerms(*key, {}, &message));
  EXPECT_EQ(message, before);
}

TEST(EarlyTerms, EveryLimitCounts) {  // [9000-7.4.1#5,6] [9221-3#5]
  EarlyTerms ours;
  ours.limits.fill(10);
  for (size_t i = 0; i < EarlyTerms::kLimits; i++) {
    EarlyTerms theirs = ours;
    EXPECT_TRUE(ours.Cover(theirs));
    theirs.limits.at(i) = 9;
    EXPECT_TRUE(ours.Cover(theirs));
    theirs.limits.at(i) = 11;
    EXPECT_FALSE(ours.Cover(theirs));
  }
}

}  // namespace

}  // namespace quic::test
