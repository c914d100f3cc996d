// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whole handshakes: a client and a server of this library, each in a thread,
// over sockets in memory.
#include <connect.h>
#include <gtest/gtest.h>
#include <linux/tls.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "certificates.h"
#include "fake_socket.h"

namespace quic::test {

namespace {

// Made once for all tests of this file; keys cost time.
class Credentials : public testing::Environment {
 public:
  void SetUp() override {
    directory = std::make_unique<TemporaryDirectory>();
    ca = std::make_unique<Authority>(*directory, "ca");
    other_ca = std::make_unique<Authority>(*directory, "other-ca");
    server = ca->Issue("server", {.address = "192.0.2.1"});
    expired = ca->Issue("expired", {.lifetime_s = -3600});
    client = ca->Issue("client", {.names = {}, .for_client = true});
    stranger = other_ca->Issue("stranger", {.names = {}, .for_client = true});
    big = ca->Issue("big", {.padding = 20000});
    psk = directory->Write("psk",
                           "# keys\n\nalice:00112233445566778899aabbccddeeff\n"
                           "bob:ffeeddccbbaa99887766554433221100\n");
    psk_wrong = directory->Write("psk-wrong", "alice:10112233445566778899aabbccddeeff\n");
    psk_unknown = directory->Write("psk-unknown", "mallory:00112233445566778899aabbccddeeff\n");
  }
  void TearDown() override {
    ca.reset();
    other_ca.reset();
    directory.reset();
  }

  std::unique_ptr<TemporaryDirectory> directory;
  std::unique_ptr<Authority> ca;
  std::unique_ptr<Authority> other_ca;
  KeyPair server;
  KeyPair expired;
  KeyPair client;
  KeyPair stranger;
  KeyPair big;
  std::string psk;
  std::string psk_wrong;
  std::string psk_unknown;
};

Credentials *const credentials =
    static_cast<Credentials *>(testing::AddGlobalTestEnvironment(new Credentials));

Options ClientOptions() {
  Options options;
  options.ca_file = credentials->ca->ca_file();
  options.hostname = "server.example";
  return options;
}

Options ServerOptions(const KeyPair &pair = credentials->server) {
  Options options;
  options.cert_file = pair.cert_file;
  options.key_file = pair.key_file;
  return options;
}

Options PskOptions(const std::string &file) {
  Options options;
  options.psk_file = file;
  return options;
}

struct Pair {
  World world;
  Outcome client;
  Outcome server;

  void Run(const Options &client_options, const Options &server_options) {
    world.Enter(2);
    std::thread thread([&] {
      server = Connect(true, world.Server(), server_options);
      world.Leave();
    });
    client = Connect(false, world.Client(), client_options);
    world.Leave();
    thread.join();
  }

  void ExpectSuccess() {
    EXPECT_EQ(client.failure.error, 0) << client.failure.message;
    EXPECT_EQ(server.failure.error, 0) << server.failure.message;
    EXPECT_FALSE(world.client.saw_wrong_secret);
    EXPECT_FALSE(world.server.saw_wrong_secret);
    for (const int level : {QUIC_CRYPTO_HANDSHAKE, QUIC_CRYPTO_APP}) {
      ExpectSameKey(world.client.send_keys[level], world.server.receive_keys[level]);
      ExpectSameKey(world.server.send_keys[level], world.client.receive_keys[level]);
    }
    EXPECT_EQ(world.client.peer_parameters, world.server.parameters);
    EXPECT_EQ(world.server.peer_parameters, world.client.parameters);
    EXPECT_FALSE(world.client.close.has_value());
    EXPECT_FALSE(world.server.close.has_value());
  }

  static void ExpectSameKey(const std::optional<quic_crypto_secret> &a,
                            const std::optional<quic_crypto_secret> &b) {
    ASSERT_TRUE(a.has_value() && b.has_value());
    EXPECT_EQ(a->type, b->type);
    EXPECT_TRUE(std::equal(std::begin(a->secret), std::end(a->secret), std::begin(b->secret)));
  }

  // failing found the fault and told the other.
  void ExpectAlert(const Outcome &failing, const Outcome &other, int error, int alert) {
    EXPECT_EQ(failing.failure.error, error) << failing.failure.message;
    EXPECT_EQ(failing.failure.alert, alert) << failing.failure.message;
    EXPECT_FALSE(failing.failure.by_peer);
    EXPECT_NE(failing.failure.message, "");
    EXPECT_NE(other.failure.error, 0);
    EXPECT_TRUE(other.failure.by_peer) << other.failure.message;
    EXPECT_EQ(other.failure.alert, alert) << other.failure.message;
    EXPECT_EQ(other.failure.close_code, 0x100U + static_cast<uint32_t>(alert));
    const Endpoint &endpoint = &failing == &client ? world.client : world.server;
    ASSERT_TRUE(endpoint.close.has_value());
    EXPECT_EQ(endpoint.close->errcode, 0x100U + static_cast<uint32_t>(alert));
    EXPECT_NE(endpoint.close->phrase[0], 0);
    EXPECT_TRUE(endpoint.is_shut);
  }
};

struct Suite {
  const char *cipher;
  uint32_t type;
};

using SuiteAndGroup = std::tuple<Suite, const char *>;

class EverySuite : public testing::TestWithParam<SuiteAndGroup> {};

TEST_P(EverySuite, Completes) {
  const auto &[suite, group] = GetParam();
  Pair pair;
  Options server = ServerOptions();
  server.priority = std::string("NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+") + suite.cipher +
                    ":-GROUP-ALL:+GROUP-" + group + ":%DISABLE_TLS13_COMPAT_MODE";
  pair.Run(ClientOptions(), server);
  pair.ExpectSuccess();
  EXPECT_EQ(pair.world.client.send_keys[QUIC_CRYPTO_APP]->type, suite.type);
}

INSTANTIATE_TEST_SUITE_P(
    Suites, EverySuite,
    testing::Combine(testing::Values(Suite{"AES-128-GCM", TLS_CIPHER_AES_GCM_128},
                                     Suite{"AES-256-GCM", TLS_CIPHER_AES_GCM_256},
                                     Suite{"AES-128-CCM", TLS_CIPHER_AES_CCM_128},
                                     Suite{"CHACHA20-POLY1305", TLS_CIPHER_CHACHA20_POLY1305}),
                     testing::Values("SECP256R1", "X25519", "SECP384R1", "SECP521R1")));

// A side counts as established with both application keys: its last handshake
// message has to be on its way by then.
TEST(Connect, ApplicationKeysFollowTheHandshakeFlight) {
  Pair pair;
  pair.Run(ClientOptions(), ServerOptions());
  pair.ExpectSuccess();
  // Parameters come with EncryptedExtensions, under handshake keys.
  const std::vector<std::string> wanted = {"send 1", "key tx 2", "key rx 2", "parameters",
                                           "send 2", "key tx 0", "key rx 0"};
  EXPECT_EQ(pair.world.client.journal, wanted);
  const std::vector<std::string> server = {"parameters", "key tx 2", "key rx 2", "send 1",
                                           "send 2",     "key tx 0", "key rx 0", "send 0"};
  EXPECT_EQ(pair.world.server.journal, server);
}

TEST(Connect, ServerSendsOneTicket) {
  Pair pair;
  pair.Run(ClientOptions(), ServerOptions());
  pair.ExpectSuccess();
  EXPECT_FALSE(pair.world.client.ticket.empty());

  Pair without;
  Options server = ServerOptions();
  server.flags = QUIC_HANDSHAKE_NO_TICKETS;
  without.Run(ClientOptions(), server);
  without.ExpectSuccess();
  EXPECT_TRUE(without.world.client.ticket.empty());
}

TEST(Connect, AlpnIsChosenByTheClientsPreference) {
  Pair pair;
  Options client = ClientOptions();
  client.alpns = "x, b ,a";
  Options server = ServerOptions();
  server.alpns = "a,b";
  pair.Run(client, server);
  pair.ExpectSuccess();
  EXPECT_EQ(pair.client.alpn, "b");
  EXPECT_EQ(pair.server.alpn, "b");
  EXPECT_EQ(pair.world.client.alpn, "b");
  EXPECT_EQ(pair.world.server.alpn, "b");
}

TEST(Connect, AlpnMismatchIsRefused) {  // [9000-7#2] [9001-8.1#2,5]
  Pair pair;
  Options client = ClientOptions();
  client.alpns = "a";
  Options server = ServerOptions();
  server.alpns = "b";
  pair.Run(client, server);
  pair.ExpectAlert(pair.server, pair.client, -EPROTO, GNUTLS_A_NO_APPLICATION_PROTOCOL);
}

TEST(Connect, ServerWithAlpnRefusesClientWithout) {  // [9001-8.1#1]
  Pair pair;
  Options server = ServerOptions();
  server.alpns = "b";
  pair.Run(ClientOptions(), server);
  pair.ExpectAlert(pair.server, pair.client, -EPROTO, GNUTLS_A_NO_APPLICATION_PROTOCOL);
}

TEST(Connect, ClientWithAlpnRefusesServerWithout) {  // [9001-8.1#3]
  Pair pair;
  Options client = ClientOptions();
  client.alpns = "a";
  pair.Run(client, ServerOptions());
  pair.ExpectAlert(pair.client, pair.server, -EPROTO, GNUTLS_A_NO_APPLICATION_PROTOCOL);
}

TEST(Connect, WrongNameIsRefused) {  // [9000-7#1] [9001-4.4#1]
  Pair pair;
  Options client = ClientOptions();
  client.hostname = "elsewhere.example";
  pair.Run(client, ServerOptions());
  pair.ExpectAlert(pair.client, pair.server, -EACCES, GNUTLS_A_BAD_CERTIFICATE);
  EXPECT_NE(pair.client.failure.message.find("name"), std::string::npos)
      << pair.client.failure.message;
  EXPECT_FALSE(pair.world.client.send_keys[QUIC_CRYPTO_APP].has_value());
}

TEST(Connect, AddressesAreVerifiedAsAddresses) {
  Pair right;
  Options client = ClientOptions();
  client.hostname = "192.0.2.1";
  right.Run(client, ServerOptions());
  right.ExpectSuccess();

  Pair wrong;
  client.hostname = "192.0.2.2";
  wrong.Run(client, ServerOptions());
  wrong.ExpectAlert(wrong.client, wrong.server, -EACCES, GNUTLS_A_BAD_CERTIFICATE);
}

TEST(Connect, WithoutHostnameTheChainIsStillVerified) {
  Pair good;
  Options client = ClientOptions();
  client.hostname = "";
  good.Run(client, ServerOptions());
  good.ExpectSuccess();

  Pair bad;
  client.ca_file = credentials->other_ca->ca_file();
  bad.Run(client, ServerOptions());
  bad.ExpectAlert(bad.client, bad.server, -EACCES, GNUTLS_A_UNKNOWN_CA);
}

TEST(Connect, ExpiredCertificateIsRefused) {  // [9001-4.4#1]
  Pair pair;
  pair.Run(ClientOptions(), ServerOptions(credentials->expired));
  pair.ExpectAlert(pair.client, pair.server, -EACCES, GNUTLS_A_CERTIFICATE_EXPIRED);
}

TEST(Connect, ClientsCertificateIsNoServersCertificate) {
  Pair pair;
  Options client = ClientOptions();
  client.hostname = "";
  pair.Run(client, ServerOptions(credentials->client));
  pair.ExpectAlert(pair.client, pair.server, -EACCES, GNUTLS_A_UNSUPPORTED_CERTIFICATE);
}

TEST(Connect, SystemTrustDoesNotKnowTheTestAuthority) {
  Pair pair;
  Options client = ClientOptions();
  client.ca_file = "";
  pair.Run(client, ServerOptions());
  EXPECT_NE(pair.client.failure.error, 0);
  EXPECT_FALSE(pair.world.client.send_keys[QUIC_CRYPTO_APP].has_value());
}

TEST(Connect, ClientCertificateRequired) {
  Options server = ServerOptions();
  server.flags = QUIC_HANDSHAKE_REQUIRE_CERT;
  server.ca_file = credentials->ca->ca_file();
  Options client = ClientOptions();

  Pair none;
  none.Run(client, server);
  EXPECT_EQ(none.server.failure.error, -EACCES) << none.server.failure.message;
  EXPECT_EQ(none.server.failure.alert, GNUTLS_A_CERTIFICATE_REQUIRED);
  EXPECT_FALSE(none.world.server.receive_keys[QUIC_CRYPTO_APP].has_value());

  Pair good;
  client.cert_file = credentials->client.cert_file;
  client.key_file = credentials->client.key_file;
  good.Run(client, server);
  good.ExpectSuccess();

  Pair stranger;
  client.cert_file = credentials->stranger.cert_file;
  client.key_file = credentials->stranger.key_file;
  stranger.Run(client, server);
  EXPECT_EQ(stranger.server.failure.error, -EACCES) << stranger.server.failure.message;
  EXPECT_FALSE(stranger.world.server.receive_keys[QUIC_CRYPTO_APP].has_value());
}

TEST(Connect, ClientCertificateOptional) {
  Options server = ServerOptions();
  server.flags = QUIC_HANDSHAKE_REQUEST_CERT;
  server.ca_file = credentials->ca->ca_file();
  Options client = ClientOptions();

  Pair none;
  none.Run(client, server);
  none.ExpectSuccess();

  Pair purpose;
  client.cert_file = credentials->server.cert_file;
  client.key_file = credentials->server.key_file;
  purpose.Run(client, server);
  EXPECT_EQ(purpose.server.failure.error, -EACCES) << purpose.server.failure.message;
  EXPECT_EQ(purpose.server.failure.alert, GNUTLS_A_UNSUPPORTED_CERTIFICATE);
}

TEST(Connect, PskRight) {
  Pair pair;
  pair.Run(PskOptions(credentials->psk), PskOptions(credentials->psk));
  pair.ExpectSuccess();
}

TEST(Connect, PskWrongKeyAndUnknownIdentityLookAlike) {
  for (const std::string &file : {credentials->psk_wrong, credentials->psk_unknown}) {
    Pair pair;
    pair.Run(PskOptions(file), PskOptions(credentials->psk));
    pair.ExpectAlert(pair.server, pair.client, -EACCES, GNUTLS_A_DECRYPT_ERROR);
  }
}

TEST(Connect, PskClientRefusesServerWithCertificate) {
  Pair pair;
  pair.Run(PskOptions(credentials->psk), ServerOptions());
  EXPECT_NE(pair.client.failure.error, 0);
  EXPECT_NE(pair.server.failure.error, 0);
  EXPECT_FALSE(pair.world.client.send_keys[QUIC_CRYPTO_APP].has_value());
  EXPECT_FALSE(pair.world.server.receive_keys[QUIC_CRYPTO_APP].has_value());
}

TEST(Connect, CertificateClientRefusesPskServer) {
  Pair pair;
  pair.Run(ClientOptions(), PskOptions(credentials->psk));
  EXPECT_NE(pair.client.failure.error, 0);
  EXPECT_NE(pair.server.failure.error, 0);
}

class Pieces : public testing::TestWithParam<size_t> {};

TEST_P(Pieces, MessagesMaySplitAnywhere) {
  Pair pair;
  pair.world.client.deliver_bytes = GetParam();
  pair.world.server.deliver_bytes = GetParam();
  pair.Run(ClientOptions(), ServerOptions());
  pair.ExpectSuccess();
}

INSTANTIATE_TEST_SUITE_P(Sizes, Pieces, testing::Values(1, 2, 3, 7, 100, 1200));

TEST(Connect, ChainOver16KiB) {
  Pair pair;
  pair.Run(ClientOptions(), ServerOptions(credentials->big));
  pair.ExpectSuccess();
  const auto &journal = pair.world.server.journal;
  EXPECT_GT(std::count(journal.begin(), journal.end(), "send 2"), 1);
}

TEST(Connect, SilentPeerMeetsTheDeadline) {
  Pair pair;
  pair.world.client.is_mute = true;
  Options client = ClientOptions();
  client.timeout_ms = 5000;
  pair.Run(client, ServerOptions());
  EXPECT_EQ(pair.client.failure.error, -ETIMEDOUT);
  EXPECT_TRUE(pair.world.client.is_shut);
  EXPECT_GE(pair.world.now_ms, 6000U);
  EXPECT_LE(pair.world.now_ms, 6100U);
}

TEST(Connect, LocalMistakesLeaveTheConnectionAlone) {
  World world;
  Options options = ServerOptions();
  options.cert_file = "/nonexistent";
  Outcome outcome = Connect(true, world.Server(), options);
  EXPECT_EQ(outcome.failure.error, -EINVAL);
  EXPECT_NE(outcome.failure.message.find("/nonexistent"), std::string::npos);

  outcome = Connect(true, world.Server(), Options());
  EXPECT_EQ(outcome.failure.error, -EINVAL);

  options = PskOptions(credentials->directory->path() + "/none");
  outcome = Connect(false, world.Client(), options);
  EXPECT_EQ(outcome.failure.error, -ENOENT);

  options = PskOptions(credentials->directory->Write("bad", "alice:xyz\n"));
  outcome = Connect(false, world.Client(), options);
  EXPECT_EQ(outcome.failure.error, -EINVAL);
  EXPECT_NE(outcome.failure.message.find("bad:1"), std::string::npos);
  EXPECT_EQ(outcome.failure.message.find("xyz"), std::string::npos);  // no secrets in messages

  EXPECT_FALSE(world.client.is_shut);
  EXPECT_FALSE(world.server.is_shut);
}

// ---- versions ----

// A ClientHello is for one version of QUIC [9368-2.1#4].
TEST(Connect, ServerOfAnotherVersionIsTriedWithANewSession) {
  Pair pair;
  pair.world.client.refused_hellos = 1;
  pair.Run(ClientOptions(), ServerOptions());
  pair.ExpectSuccess();
  EXPECT_FALSE(pair.world.client.is_shut);
}

TEST(Connect, ButOnlyOnce) {
  Pair pair;
  pair.world.client.refused_hellos = 2;
  Options server = ServerOptions();
  server.timeout_ms = 100;
  pair.Run(ClientOptions(), server);
  EXPECT_EQ(pair.client.failure.error, -EPROTONOSUPPORT);
}

}  // namespace

}  // namespace quic::test
