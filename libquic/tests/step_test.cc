// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The step API, its misuse, and peers that break the rules of TLS in QUIC.
#include <gnutls/crypto.h>
#include <gtest/gtest.h>
#include <handshake.h>
#include <netinet/quic.h>
#include <session.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "certificates.h"
#include "driver.h"
#include "fake_socket.h"

namespace quic::test {

namespace {

struct SessionDeleter {
  void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
};
using SessionPtr = std::unique_ptr<gnutls_session_int, SessionDeleter>;

constexpr size_t kClientHelloSessionId = 4 + 2 + 32;

// A client and a server session with anonymous-looking X.509 credentials: the
// step API leaves verification to its caller, and these tests do not verify.
class Step : public testing::Test {
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

  static SessionPtr NewSession(unsigned int flags, const char *priority = QUIC_PRIORITY) {
    gnutls_session_t session = nullptr;
    EXPECT_EQ(gnutls_init(&session, flags), 0);
    EXPECT_EQ(gnutls_priority_set_direct(session, priority, nullptr), 0);
    EXPECT_EQ(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials), 0);
    return SessionPtr(session);
  }

  // Does the step on the endpoint's socket and takes the next one.
  static int Do(gnutls_session_t session, HandshakeStep **step) {
    Socket &socket = Handshake::Of(session)->socket();
    if ((*step)->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG)
      (*step)->s_sendmsg.retval = socket.Send((*step)->s_sendmsg.msg, (*step)->s_sendmsg.flags);
    else
      (*step)->s_recvmsg.retval = socket.Receive((*step)->s_recvmsg.msg, (*step)->s_recvmsg.flags);
    return quic_handshake_step(session, step);
  }

  void StartClient() {
    client = NewSession(GNUTLS_CLIENT);
    ASSERT_EQ(Handshake::Attach(client.get(), world.Client()), 0);
    ASSERT_EQ(Handshake::Of(client.get())->Start(&client_step), 0);
  }
  void StartServer(unsigned int flags = 0) {
    server = NewSession(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | flags);
    ASSERT_EQ(Handshake::Attach(server.get(), world.Server()), 0);
    ASSERT_EQ(Handshake::Of(server.get())->Start(&server_step), 0);
  }

  // Both sides in turns until they are done or one fails.
  void RunBoth() {
    int ret = 0;
    for (int i = 0; i < 100 && ret == 0 && (client_step != nullptr || server_step != nullptr);
         i++) {
      if (client_step != nullptr)
        ret = Do(client.get(), &client_step);
      if (ret == 0 && server_step != nullptr)
        ret = Do(server.get(), &server_step);
    }
    EXPECT_EQ(ret, 0);
    EXPECT_EQ(client_step, nullptr);
    EXPECT_EQ(server_step, nullptr);
  }

  // A first connection with a ticket at its end; returns the data to resume with.
  Buffer GetResumptionData(const gnutls_datum_t &key) {
    StartClient();
    StartServer();
    EXPECT_EQ(gnutls_session_ticket_enable_server(server.get(), &key), 0);
    RunBoth();
    Buffer data(8192);
    size_t size = 1;
    const std::unique_ptr<Socket> socket = world.Client();
    EXPECT_EQ(GetSessionData(client.get(), socket.get(), data.data(), &size), -ENOBUFS);
    quic_handshake_deinit(client.get());
    EXPECT_EQ(GetSessionData(client.get(), socket.get(), data.data(), &size), 0);  // then, too
    EXPECT_GT(size, 0U);
    data.resize(size);
    return data;
  }

  // Bytes of the ClientHello a client of ours would send.
  Buffer TakeClientHello() {
    StartClient();
    EXPECT_EQ(Do(client.get(), &client_step), 0);
    Buffer hello = world.server.inbox.front().bytes;
    world.server.inbox.clear();
    return hello;
  }

  static gnutls_certificate_credentials_t credentials;
  World world;
  SessionPtr client;
  SessionPtr server;
  HandshakeStep *client_step = nullptr;
  HandshakeStep *server_step = nullptr;
};

gnutls_certificate_credentials_t Step::credentials = nullptr;

TEST_F(Step, FirstStepsAndCompletion) {
  StartClient();
  ASSERT_NE(client_step, nullptr);
  EXPECT_EQ(client_step->op, QUIC_HANDSHAKE_STEP_OP_SENDMSG);
  EXPECT_EQ(client_step->s_sendmsg.flags, MSG_NOSIGNAL);
  EXPECT_EQ(client_step->s_sendmsg.retval, -EUCLEAN);
  StartServer();
  ASSERT_NE(server_step, nullptr);
  EXPECT_EQ(server_step->op, QUIC_HANDSHAKE_STEP_OP_RECVMSG);
  EXPECT_EQ(server_step->s_recvmsg.flags, MSG_DONTWAIT);
  EXPECT_EQ(server_step->s_recvmsg.msg->msg_iov->iov_len, 65536U);
  RunBoth();
}

TEST_F(Step, FlightIsCorkedButForItsEnd) {
  StartClient();
  StartServer();
  ASSERT_EQ(Do(client.get(), &client_step), 0);
  ASSERT_EQ(Do(server.get(), &server_step), 0);
  ASSERT_EQ(server_step->op, QUIC_HANDSHAKE_STEP_OP_SENDMSG);
  EXPECT_EQ(server_step->s_sendmsg.flags, MSG_NOSIGNAL | static_cast<int>(MSG_MORE));
  ASSERT_EQ(Do(server.get(), &server_step), 0);
  ASSERT_EQ(server_step->op, QUIC_HANDSHAKE_STEP_OP_SENDMSG);
  EXPECT_EQ(server_step->s_sendmsg.flags, MSG_NOSIGNAL);
}

TEST_F(Step, InitRefusesMisuse) {
  EXPECT_EQ(quic_handshake_init(nullptr, &client_step), -EINVAL);
  SessionPtr session = NewSession(GNUTLS_CLIENT);
  EXPECT_EQ(quic_handshake_init(session.get(), nullptr), -EINVAL);
  HandshakeStep other = {};
  HandshakeStep *step = &other;
  EXPECT_EQ(quic_handshake_init(session.get(), &step), -EINVAL);
  step = nullptr;
  gnutls_transport_set_int(session.get(), -1);
  EXPECT_EQ(quic_handshake_init(session.get(), &step), -EBADF);
  EXPECT_EQ(step, nullptr);
  quic_handshake_deinit(session.get());
  quic_handshake_deinit(session.get());
  quic_handshake_deinit(nullptr);
}

TEST_F(Step, SecondInitOnOneSessionIsRefusedUntilDeinit) {
  StartClient();
  HandshakeStep *step = nullptr;
  EXPECT_EQ(quic_handshake_init(client.get(), &step), -EINVAL);
  EXPECT_EQ(Handshake::Attach(client.get(), world.Client()), -EINVAL);
  quic_handshake_deinit(client.get());
  EXPECT_EQ(Handshake::Of(client.get()), nullptr);
  EXPECT_EQ(quic_handshake_step(client.get(), &client_step), -EINVAL);
}

TEST_F(Step, OnlyTheStepGivenOutIsTaken) {
  StartClient();
  HandshakeStep copy = *client_step;
  HandshakeStep *wrong = &copy;
  EXPECT_EQ(quic_handshake_step(client.get(), &wrong), -EINVAL);
  HandshakeStep *none = nullptr;
  EXPECT_EQ(quic_handshake_step(client.get(), &none), -EINVAL);
  EXPECT_EQ(quic_handshake_step(client.get(), nullptr), -EINVAL);
  EXPECT_EQ(quic_handshake_step(nullptr, &client_step), -EINVAL);
}

TEST_F(Step, StepNobodyDidCanStillBeDone) {
  StartClient();
  EXPECT_EQ(quic_handshake_step(client.get(), &client_step), -EUCLEAN);
  StartServer();
  RunBoth();
}

TEST_F(Step, AgainGivesTheSameStepAgain) {
  StartClient();
  HandshakeStep *const first = client_step;
  client_step->s_sendmsg.retval = -EAGAIN;
  EXPECT_EQ(quic_handshake_step(client.get(), &client_step), 0);
  EXPECT_EQ(client_step, first);
  EXPECT_EQ(client_step->op, QUIC_HANDSHAKE_STEP_OP_SENDMSG);
  EXPECT_EQ(client_step->s_sendmsg.retval, -EUCLEAN);
  StartServer();
  server_step->s_recvmsg.retval = -EINTR;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), 0);
  EXPECT_EQ(server_step->op, QUIC_HANDSHAKE_STEP_OP_RECVMSG);
  RunBoth();
}

TEST_F(Step, ShortSendIsAnError) {
  StartClient();
  client_step->s_sendmsg.retval = 10;
  EXPECT_EQ(quic_handshake_step(client.get(), &client_step), -EMSGSIZE);
  EXPECT_EQ(quic_handshake_step(client.get(), &client_step), -EMSGSIZE);  // and stays one
  ASSERT_TRUE(world.client.close.has_value());
  EXPECT_EQ(world.client.close->errcode, 0x100U + GNUTLS_A_INTERNAL_ERROR);
}

TEST_F(Step, EndOfConnectionIsReset) {
  StartServer();
  server_step->s_recvmsg.retval = 0;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), -ECONNRESET);
}

TEST_F(Step, OtherErrorsPassThrough) {
  StartServer();
  server_step->s_recvmsg.retval = -ENETUNREACH;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), -ENETUNREACH);
}

TEST_F(Step, SomethingElseThanHandshakeBytesIsABadMessage) {
  StartServer();
  server_step->s_recvmsg.msg->msg_controllen = 0;
  server_step->s_recvmsg.retval = 5;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), -EBADMSG);
}

TEST_F(Step, MoreThanTheBufferIsRefused) {
  StartServer();
  server_step->s_recvmsg.retval = 65537;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), -EINVAL);
}

TEST_F(Step, PeersCloseIsExplained) {
  StartServer();
  quic_connection_close close = {};
  close.errcode = 0x100 + GNUTLS_A_UNKNOWN_CA;
  memcpy(close.phrase, "who are you", sizeof("who are you"));
  world.server.peer_close = close;
  EXPECT_EQ(Do(server.get(), &server_step), -ENOTCONN);
  const Failure &failure = Handshake::Of(server.get())->failure();
  EXPECT_TRUE(failure.by_peer);
  EXPECT_EQ(failure.alert, GNUTLS_A_UNKNOWN_CA);
  EXPECT_NE(failure.message.find("48"), std::string::npos) << failure.message;
  EXPECT_NE(failure.message.find("who are you"), std::string::npos) << failure.message;
  EXPECT_FALSE(world.server.close.has_value());  // not ours to say
}

TEST_F(Step, EndWithoutACloseIsTheSocketsError) {
  StartServer();
  world.server.is_shut = true;
  world.server.error = ETIMEDOUT;
  EXPECT_EQ(Do(server.get(), &server_step), -ETIMEDOUT);
  EXPECT_TRUE(Handshake::Of(server.get())->failure().by_peer);
}

TEST_F(Step, CloseEventEndsTheHandshakeAndOthersDoNot) {
  StartServer();
  static_cast<uint8_t *>(server_step->s_recvmsg.msg->msg_iov->iov_base)[0] =
      QUIC_EVENT_CONNECTION_ID;
  server_step->s_recvmsg.msg->msg_flags = MSG_QUIC_NOTIFICATION;
  server_step->s_recvmsg.retval = 13;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), 0);
  static_cast<uint8_t *>(server_step->s_recvmsg.msg->msg_iov->iov_base)[0] =
      QUIC_EVENT_CONNECTION_CLOSE;
  server_step->s_recvmsg.msg->msg_flags = MSG_QUIC_NOTIFICATION;
  server_step->s_recvmsg.retval = 73;
  EXPECT_EQ(quic_handshake_step(server.get(), &server_step), -ECONNRESET);
}

TEST_F(Step, SessionFreedInTheMiddleLeaksNothing) {
  StartClient();
  client.reset();
}

TEST_F(Step, SocketThatGivesNoParametersFails) {
  world.client.get_errors[QUIC_SOCKOPT_TRANSPORT_PARAM_EXT] = -EINVAL;
  client = NewSession(GNUTLS_CLIENT);
  ASSERT_EQ(Handshake::Attach(client.get(), world.Client()), 0);
  EXPECT_EQ(Handshake::Of(client.get())->Start(&client_step), -EINVAL);
  EXPECT_EQ(client_step, nullptr);
}

TEST_F(Step, RefusedParametersFailWithTheirErrno) {
  world.server.set_errors[QUIC_SOCKOPT_TRANSPORT_PARAM_EXT] = -EPROTONOSUPPORT;
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, TakeClientHello());
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTONOSUPPORT);
  EXPECT_EQ(world.server.close->errcode,
            static_cast<uint32_t>(QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM));
}

TEST_F(Step, RefusedKeyFails) {
  world.server.set_errors[QUIC_SOCKOPT_CRYPTO_SECRET] = -ENOMEM;
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, TakeClientHello());
  EXPECT_EQ(Do(server.get(), &server_step), -ENOMEM);
}

TEST_F(Step, SessionIdInClientHelloIsAViolation) {  // [9001-8.4]
  Buffer hello = TakeClientHello();
  ASSERT_EQ(hello[kClientHelloSessionId], 0);
  hello[kClientHelloSessionId] = 1;
  hello.insert(hello.begin() + kClientHelloSessionId + 1, 0xaa);
  const size_t body = hello.size() - 4;
  hello[2] = static_cast<uint8_t>(body >> 8);
  hello[3] = static_cast<uint8_t>(body);
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, hello);
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode,
            static_cast<uint32_t>(QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION));
}

TEST_F(Step, BytesLeftWhenKeysChangeAreAViolation) {  // [9001-4.1.3#3]
  Buffer hello = TakeClientHello();
  hello.push_back(11);
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, hello);
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode,
            static_cast<uint32_t>(QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION));
  EXPECT_TRUE(world.server.journal.empty() || world.server.journal.back() == "parameters");
}

TEST_F(Step, BytesAtAnOldLevelAreAViolation) {  // [9001-4.1.3#2]
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, TakeClientHello());
  while (world.server.inbox.size() + (server_step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG) > 0)
    ASSERT_EQ(Do(server.get(), &server_step), 0);
  Inject(&world.server, QUIC_CRYPTO_INITIAL, {1, 0, 0, 0});
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
}

TEST_F(Step, HugeMessageIsRefusedByItsHeader) {
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, {1, 0xff, 0xff, 0xff});
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode, 0x100U + GNUTLS_A_DECODE_ERROR);
}

TEST_F(Step, GarbageGetsAnAlert) {  // [9001-4.8]
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, {1, 0, 0, 3, 9, 9, 9});
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode & ~0xffU, 0x100U);
}

TEST_F(Step, KeyUpdateMessageIsRefused) {  // [9001-6#2]
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, {24, 0, 0, 1, 0});
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode, 0x100U + GNUTLS_A_UNEXPECTED_MESSAGE);
}

// A TLS client that is no QUIC client: no transport parameters.
TEST_F(Step, MissingParametersAreAMissingExtension) {  // [9001-8.2#1]
  static Buffer hello;
  hello.clear();
  SessionPtr plain = NewSession(GNUTLS_CLIENT);
  gnutls_handshake_set_read_function(
      plain.get(), [](gnutls_session_t, gnutls_record_encryption_level_t,
                      gnutls_handshake_description_t, const void *data, size_t size) {
        const auto *bytes = static_cast<const uint8_t *>(data);
        hello.insert(hello.end(), bytes, bytes + size);
        return 0;
      });
  ASSERT_EQ(gnutls_handshake(plain.get()), GNUTLS_E_AGAIN);
  StartServer();
  Inject(&world.server, QUIC_CRYPTO_INITIAL, hello);
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode, 0x100U + GNUTLS_A_MISSING_EXTENSION);
  EXPECT_TRUE(world.server.journal.empty());  // nothing was sent, no key installed
}

TEST_F(Step, TlsHelloWithNoCommonSuiteIsAHandshakeFailure) {  // [9001-5.3#1]
  client = NewSession(GNUTLS_CLIENT, QUIC_PRIORITY ":-CIPHER-ALL:+AES-256-GCM");
  ASSERT_EQ(Handshake::Attach(client.get(), world.Client()), 0);
  ASSERT_EQ(Handshake::Of(client.get())->Start(&client_step), 0);
  ASSERT_EQ(Do(client.get(), &client_step), 0);
  server = NewSession(GNUTLS_SERVER, QUIC_PRIORITY ":-CIPHER-ALL:+AES-128-GCM");
  ASSERT_EQ(Handshake::Attach(server.get(), world.Server()), 0);
  ASSERT_EQ(Handshake::Of(server.get())->Start(&server_step), 0);
  EXPECT_EQ(Do(server.get(), &server_step), -EPROTO);
  EXPECT_EQ(world.server.close->errcode, 0x100U + GNUTLS_A_HANDSHAKE_FAILURE);
}

// A peer that sends a byte now and then must not stretch the deadline.
TEST_F(Step, TricklingPeerMeetsTheDeadline) {
  class Trickle final : public Socket {
   public:
    int SetOption(int, const void *, socklen_t) override { return 0; }
    int GetOption(int, void *, socklen_t *) override { return -EINVAL; }
    ssize_t Send(const msghdr *msg, int) override {
      return static_cast<ssize_t>(msg->msg_iov->iov_len);
    }
    ssize_t Receive(msghdr *msg, int) override {
      now += 500;
      // A ClientHello of 64 KiB that never ends.
      static_cast<uint8_t *>(msg->msg_iov->iov_base)[0] = count++ < 2 ? 1 : 0;
      cmsghdr *const cmsg = CMSG_FIRSTHDR(msg);
      cmsg->cmsg_level = SOL_QUIC;
      cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
      cmsg->cmsg_len = CMSG_LEN(1);
      *CMSG_DATA(cmsg) = QUIC_CRYPTO_INITIAL;
      return 1;
    }
    int Poll(short, int) override { return 1; }
    void Shutdown() override {}
    int TakeError() override { return 0; }
    uint64_t NowMs() override { return now; }

   private:
    uint64_t now = 0;
    int count = 0;
  };
  server = NewSession(GNUTLS_SERVER);
  ASSERT_EQ(Handshake::Attach(server.get(), std::make_unique<Trickle>()), 0);
  const int ret = Drive(Handshake::Of(server.get()), 1000);
  EXPECT_EQ(ret, -ETIMEDOUT);
}

TEST_F(Step, ResumptionWorksAndTheCallersAntiReplayIsNotBelieved) {
  gnutls_datum_t key = {};
  ASSERT_EQ(gnutls_session_ticket_key_generate(&key), 0);
  gnutls_anti_replay_t trusting = nullptr;  // the caller's: it sees no replays
  ASSERT_EQ(gnutls_anti_replay_init(&trusting), 0);
  gnutls_anti_replay_set_add_function(
      trusting, [](void *, time_t, const gnutls_datum_t *, const gnutls_datum_t *) { return 0; });
  const Buffer data = GetResumptionData(key);

  World second;
  client = NewSession(GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA);
  ASSERT_EQ(quic_session_set_data(client.get(), data.data(), data.size()), 0);
  server = NewSession(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_ENABLE_EARLY_DATA |
                      GNUTLS_NO_END_OF_EARLY_DATA);
  ASSERT_EQ(gnutls_session_ticket_enable_server(server.get(), &key), 0);
  gnutls_anti_replay_enable(server.get(), trusting);
  ASSERT_EQ(Handshake::Attach(client.get(), second.Client()), 0);
  ASSERT_EQ(Handshake::Attach(server.get(), second.Server()), 0);
  ASSERT_EQ(Handshake::Of(client.get())->Start(&client_step), 0);
  ASSERT_EQ(Handshake::Of(server.get())->Start(&server_step), 0);
  RunBoth();
  EXPECT_NE(gnutls_session_is_resumed(client.get()), 0);
  EXPECT_NE(gnutls_session_is_resumed(server.get()), 0);
  EXPECT_EQ(gnutls_session_get_flags(server.get()) & GNUTLS_SFLAGS_EARLY_DATA, 0U);
  EXPECT_FALSE(second.server.receive_keys[QUIC_CRYPTO_EARLY].has_value());
  server.reset();
  gnutls_anti_replay_deinit(trusting);
  gnutls_free(key.data);
}

TEST_F(Step, OnlyATicketIsTakenAsOne) {
  StartClient();
  StartServer();
  RunBoth();
  std::array<uint8_t, 8192> data = {};
  const std::unique_ptr<Socket> socket = world.Client();
  size_t size = data.size();
  world.client.ticket.clear();
  EXPECT_EQ(GetSessionData(client.get(), socket.get(), data.data(), &size), 0);
  EXPECT_EQ(size, 0U);
  for (const Buffer &wrong : {Buffer{24, 0, 0, 1, 0}, Buffer{4, 0, 0, 9, 0}, Buffer{4, 0, 0},
                              Buffer{4, 0, 0, 0, 4, 0, 0, 0}}) {
    world.client.ticket = wrong;
    size = data.size();
    EXPECT_EQ(GetSessionData(client.get(), socket.get(), data.data(), &size), -EBADMSG);
  }
}

TEST_F(Step, AlpnOfASession) {
  SessionPtr session = NewSession(GNUTLS_CLIENT);
  const auto set = [&](const std::string &list) {
    return quic_session_set_alpn(session.get(), list.data(), list.size());
  };
  EXPECT_EQ(set("h3"), 0);
  EXPECT_EQ(set("a, b,c,d,e"), 0);
  EXPECT_EQ(set("a,b,c,d,e,f"), -EINVAL);
  EXPECT_EQ(set(""), -EINVAL);
  EXPECT_EQ(set("a,,b"), -EINVAL);
  EXPECT_EQ(set(","), -EINVAL);
  EXPECT_EQ(set(std::string(64, 'x')), -EINVAL);
  char name[8] = {};
  size_t size = sizeof(name);
  EXPECT_EQ(quic_session_get_alpn(session.get(), name, &size), -ENOENT);
  EXPECT_EQ(quic_session_get_alpn(nullptr, name, &size), -EINVAL);
}

}  // namespace

}  // namespace quic::test
