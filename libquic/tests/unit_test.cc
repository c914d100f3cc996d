// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The small parts: message assembly, a look into a ClientHello, PSK lines,
// failures, the C structures with a size in them, logging, plain messages.
#include <failure.h>
#include <gtest/gtest.h>
#include <netinet/quic.h>
#include <psk.h>
#include <sys/socket.h>
#include <tls_message.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

namespace quic::test {

namespace {

using Buffer = std::vector<uint8_t>;

Buffer Copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(MessageAssembler, GivesWholeMessagesOnly) {
  const Buffer stream = {1, 0, 0, 2, 7, 8, 20, 0, 0, 0, 11, 0, 0, 1, 9};
  for (size_t piece = 1; piece <= stream.size(); piece++) {
    MessageAssembler assembler;
    std::vector<Buffer> messages;
    for (size_t at = 0; at < stream.size(); at += piece) {
      ASSERT_TRUE(assembler.Append(Bytes(stream).subspan(at, std::min(piece, stream.size() - at))));
      for (Bytes message = assembler.Next(); !message.empty(); message = assembler.Next())
        messages.push_back(Copy(message));
    }
    ASSERT_EQ(messages.size(), 3U) << piece;
    EXPECT_EQ(messages[0], (Buffer{1, 0, 0, 2, 7, 8}));
    EXPECT_EQ(messages[1], (Buffer{20, 0, 0, 0}));
    EXPECT_EQ(messages[2], (Buffer{11, 0, 0, 1, 9}));
    EXPECT_TRUE(assembler.IsEmpty());
  }
}

TEST(MessageAssembler, KnowsWhatIsLeft) {
  MessageAssembler assembler;
  ASSERT_TRUE(assembler.Append(Buffer{1, 0, 0, 0, 1}));
  EXPECT_EQ(assembler.Next().size(), 4U);
  EXPECT_TRUE(assembler.Next().empty());
  EXPECT_FALSE(assembler.IsEmpty());
}

TEST(MessageAssembler, LimitIsInclusive) {
  MessageAssembler assembler;
  EXPECT_TRUE(assembler.Append(Buffer{1, 2, 0, 0}));
  MessageAssembler larger;
  EXPECT_FALSE(larger.Append(Buffer{1, 2, 0, 1}));
}

Buffer Hello(const Buffer &session_id, const Buffer &extensions) {
  Buffer body = {3, 3};
  body.insert(body.end(), 32, 0xab);
  body.push_back(static_cast<uint8_t>(session_id.size()));
  body.insert(body.end(), session_id.begin(), session_id.end());
  body.insert(body.end(), {0, 2, 0x13, 0x01, 1, 0, 0, static_cast<uint8_t>(extensions.size())});
  body.insert(body.end(), extensions.begin(), extensions.end());
  const Buffer header = {1, 0, 0, static_cast<uint8_t>(body.size())};
  body.insert(body.begin(), header.begin(), header.end());
  return body;
}

TEST(ClientHello, SessionIdAndAlpn) {
  ClientHello hello;
  ASSERT_TRUE(ParseClientHello(Hello({}, {0, 57, 0, 0}), &hello));
  EXPECT_FALSE(hello.has_session_id);
  EXPECT_FALSE(hello.has_alpn);
  ASSERT_TRUE(ParseClientHello(Hello({1, 2}, {0, 57, 0, 0, 0, 16, 0, 1, 0}), &hello));
  EXPECT_TRUE(hello.has_session_id);
  EXPECT_TRUE(hello.has_alpn);
}

TEST(ClientHello, EveryTruncationIsRefusedAndChangesNothing) {
  const Buffer whole = Hello({1}, {0, 16, 0, 1, 0});
  for (size_t size = 0; size < whole.size(); size++) {
    ClientHello hello;
    EXPECT_FALSE(ParseClientHello(Bytes(whole).first(size), &hello)) << size;
    EXPECT_FALSE(hello.has_alpn || hello.has_session_id);
  }
  ClientHello hello;
  EXPECT_FALSE(ParseClientHello(Hello({}, {0, 16, 0, 9, 0}), &hello));
  Buffer server_hello = whole;
  server_hello[0] = 2;
  EXPECT_FALSE(ParseClientHello(server_hello, &hello));
}

TEST(Psk, Lines) {
  const auto entry = ParsePskLine("a:b:00fF");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->identity, "a:b");
  ASSERT_EQ(entry->key.size(), 2U);
  EXPECT_EQ(entry->key.data()[0], 0x00);
  EXPECT_EQ(entry->key.data()[1], 0xff);
  for (const char *bad : {"", "alice", ":00", "alice:", "alice:0", "alice:0g", "alice:-1"})
    EXPECT_FALSE(ParsePskLine(bad).has_value()) << bad;
}

TEST(Failure, CertificateStatusToAlert) {
  EXPECT_EQ(AlertOfCertificateStatus(GNUTLS_CERT_INVALID | GNUTLS_CERT_SIGNER_NOT_FOUND |
                                     GNUTLS_CERT_EXPIRED),
            GNUTLS_A_UNKNOWN_CA);
  EXPECT_EQ(AlertOfCertificateStatus(GNUTLS_CERT_INVALID | GNUTLS_CERT_REVOKED),
            GNUTLS_A_CERTIFICATE_REVOKED);
  EXPECT_EQ(AlertOfCertificateStatus(GNUTLS_CERT_INVALID | GNUTLS_CERT_UNEXPECTED_OWNER),
            GNUTLS_A_BAD_CERTIFICATE);
  EXPECT_EQ(AlertOfCertificateStatus(GNUTLS_CERT_INVALID), GNUTLS_A_BAD_CERTIFICATE);
}

TEST(Failure, CloseCodesAsText) {
  EXPECT_EQ(TextOfCloseCode(0xa), "error 0xa");
  EXPECT_EQ(TextOfCloseCode(0x200), "error 0x200");
  EXPECT_NE(TextOfCloseCode(0x130).find("TLS alert 48"), std::string::npos);
}

TEST(Options, SizeTellsTheVersion) {
  quic_handshake_result result = {};
  result.size = sizeof(result);
  quic_handshake_options options = {};
  options.size = 4;  // shorter than the first version
  EXPECT_EQ(quic_client_handshake_ex(-1, &options, &result), -EINVAL);

  struct Longer {
    quic_handshake_options known;
    uint64_t unknown;
  } longer = {};
  longer.known.size = sizeof(longer);
  longer.known.ca_file = "/dev/null";
  longer.unknown = 1;
  EXPECT_EQ(quic_client_handshake_ex(-1, &longer.known, &result), -EINVAL);
  EXPECT_STREQ(result.message, "unknown handshake options");
  longer.unknown = 0;
  EXPECT_EQ(quic_client_handshake_ex(-1, &longer.known, &result), -EINVAL);
  EXPECT_STRNE(result.message, "unknown handshake options");  // it went on, to the empty file

  options = {};
  options.size = sizeof(options);
  options.flags = 1U << 31;
  EXPECT_EQ(quic_server_handshake_ex(-1, &options, nullptr), -EINVAL);
}

TEST(Options, ShorterResultIsNotOverrun) {
  struct {
    quic_handshake_result result;
    char canary;
  } area = {};
  memset(&area, 0x77, sizeof(area));
  area.result.size = offsetof(quic_handshake_result, tls_error);
  EXPECT_EQ(quic_server_handshake_ex(-1, nullptr, &area.result), -EINVAL);
  EXPECT_EQ(area.result.error, -EINVAL);
  EXPECT_EQ(area.result.tls_error, 0x77777777);
  EXPECT_EQ(area.canary, 0x77);
}

std::string *logged = nullptr;

TEST(Log, SilentByDefaultAndSwitchable) {
  std::string lines;
  logged = &lines;
  const quic_set_log_func_t before = quic_set_log_func(
      [](int level, const char *line) { *logged += std::to_string(level) + " " + line + "\n"; });
  EXPECT_EQ(before, nullptr);
  quic_handshake_options options = {};
  options.size = sizeof(options);
  options.psk_file = "/nonexistent";
  EXPECT_EQ(quic_client_handshake_ex(-1, &options, nullptr), -ENOENT);
  EXPECT_EQ(lines, "");
  EXPECT_EQ(quic_set_log_level(3), -1);
  EXPECT_EQ(quic_client_handshake_ex(-1, &options, nullptr), -ENOENT);
  EXPECT_NE(lines.find("/nonexistent"), std::string::npos);
  EXPECT_EQ(quic_set_log_level(-1), 3);
  EXPECT_NE(quic_set_log_func(nullptr), nullptr);
}

// Control messages of foreign levels pass a UNIX socket unseen; the data and
// the flags can be watched there.
TEST(Messages, DataAndFlags) {
  int fds[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
  EXPECT_EQ(quic_sendmsg(fds[0], "abc", 3, 4, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN), 3);
  char buffer[2] = {};
  int64_t sid = 77;
  uint32_t flags = MSG_DONTWAIT;
  EXPECT_EQ(quic_recvmsg(fds[1], buffer, sizeof(buffer), &sid, &flags), 2);
  EXPECT_NE(flags & MSG_TRUNC, 0U);
  EXPECT_EQ(sid, 77);  // no stream was named
  flags = MSG_DONTWAIT;
  EXPECT_EQ(quic_recvmsg(fds[1], buffer, sizeof(buffer), nullptr, &flags), -1);
  EXPECT_EQ(errno, EAGAIN);
  close(fds[0]);
  close(fds[1]);
  EXPECT_EQ(quic_sendmsg(-1, "abc", 3, 0, 0), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(Abi, NotAQuicSocket) {
  int fds[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  gnutls_session_t session = nullptr;
  ASSERT_EQ(gnutls_init(&session, GNUTLS_CLIENT), 0);
  ASSERT_EQ(gnutls_priority_set_direct(session, QUIC_PRIORITY, nullptr), 0);
  gnutls_transport_set_int(session, fds[0]);
  EXPECT_EQ(quic_handshake(session), -EOPNOTSUPP);
  gnutls_deinit(session);
  close(fds[0]);
  close(fds[1]);
}

}  // namespace

}  // namespace quic::test
