// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quicperf over QUIC: control on the client's first bidirectional stream, bulk
// on unidirectional streams of the sender.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "quicperf.h"

namespace quicperf {

namespace {

using tools::ErrnoError;
using tools::Error;
using tools::UniqueFd;

constexpr int64_t kControlStream = 0;
constexpr const char kAlpn[] = "quicperf";

bool IsUnidirectional(int64_t sid) {
  return (sid & QUIC_STREAM_TYPE_UNI_MASK) != 0;
}

class QuicLink final : public Link {
 public:
  QuicLink(UniqueFd fd, const Settings &settings) : fd_(std::move(fd)) {
    if (settings.fixed_secret)
      FixedSecretHandshake(fd_.get(), settings.is_server);
    else
      RunTls(settings);
    if (!settings.is_server && tools::OpenStream(fd_.get(), false) != kControlStream)
      throw Error("the first stream has an odd number");
  }

  void SendControl(const void *data, size_t size) override {
    tools::SendAll(fd_.get(), kControlStream, data, size, 0);
  }

  // Bulk bytes that come before are counted for ReceiveBulk().
  void ReceiveControl(void *data, size_t size) override {
    std::vector<uint8_t> buffer(64U << 10);
    while (control_.size() < size)
      Receive(&buffer);
    memcpy(data, control_.data(), size);
    control_.erase(control_.begin(), control_.begin() + static_cast<ptrdiff_t>(size));
  }

  void SendBulk(const Request &request) override {
    const std::vector<uint8_t> message(request.message_bytes);
    struct Stream {
      int64_t sid;
      uint64_t left;
    };
    std::vector<Stream> streams;
    for (uint32_t i = 0; i < request.streams; i++) {
      const uint64_t share =
          request.bytes / request.streams + (i < request.bytes % request.streams ? 1 : 0);
      if (share > 0)
        streams.push_back({tools::OpenStream(fd_.get(), true), share});
    }
    for (size_t next = 0; !streams.empty();) {
      Stream &stream = streams[next];
      const size_t size = std::min<uint64_t>(stream.left, message.size());
      stream.left -= size;
      tools::SendAll(fd_.get(), stream.sid, message.data(), size,
                     stream.left == 0 ? static_cast<uint32_t>(MSG_QUIC_STREAM_FIN) : 0);
      if (stream.left == 0)
        streams.erase(streams.begin() + static_cast<ptrdiff_t>(next));
      else
        next++;
      if (next >= streams.size())
        next = 0;
    }
  }

  uint64_t ReceiveBulk(const Request &request) override {
    std::vector<uint8_t> buffer(std::max<uint64_t>(request.message_bytes, 64U << 10));
    while (bulk_ < request.bytes)
      Receive(&buffer);
    return bulk_;
  }

  [[nodiscard]] std::string Describe(bool json) const override {
    const std::optional<quic_info> info = tools::GetInfo(fd_.get());
    if (!info)
      return "";
    char text[512];
    snprintf(text, sizeof(text),
             json ? ",\"cipher\":\"%s\",\"rtt_us\":%u,\"cwnd\":%llu,\"pmtu\":%u,"
                    "\"packets_sent\":%llu,\"packets_received\":%llu,\"packets_lost\":%llu"
                  : "\n  %s, rtt %u us, cwnd %llu, packet size %u, packets sent %llu, "
                    "received %llu, lost %llu",
             tools::CipherName(info->cipher_type).c_str(), info->smoothed_rtt_us,
             static_cast<unsigned long long>(info->cwnd_bytes), info->pmtu_bytes,
             static_cast<unsigned long long>(info->packets_sent),
             static_cast<unsigned long long>(info->packets_received),
             static_cast<unsigned long long>(info->packets_lost));
    return text;
  }

  void WaitForClose() override {
    uint8_t byte = 0;
    uint32_t flags = 0;
    int64_t sid = -1;
    while (quic_recvmsg(fd_.get(), &byte, sizeof(byte), &sid, &flags) > 0)
      flags = 0;
  }

 private:
  void RunTls(const Settings &settings) {
    const auto given = [](const std::string &s) { return s.empty() ? nullptr : s.c_str(); };
    quic_handshake_options options = {};
    options.size = sizeof(options);
    options.alpns = kAlpn;
    options.ca_file = given(settings.ca);
    options.cert_file = given(settings.cert);
    options.key_file = given(settings.key);
    options.psk_file = given(settings.psk);
    if (!settings.is_server && settings.psk.empty())
      options.hostname = given(settings.name);
    quic_handshake_result result = {};
    result.size = sizeof(result);
    const int ret = settings.is_server ? quic_server_handshake_ex(fd_.get(), &options, &result)
                                       : quic_client_handshake_ex(fd_.get(), &options, &result);
    if (ret < 0)
      throw Error(std::string("handshake: ") + result.message);
  }

  void Receive(std::vector<uint8_t> *buffer) {
    int64_t sid = -1;
    uint32_t flags = 0;
    const ssize_t got = quic_recvmsg(fd_.get(), buffer->data(), buffer->size(), &sid, &flags);
    if (got < 0 && errno == EINTR)
      return;
    if (got < 0)
      throw Error(std::string("receiving: ") + strerror(errno) + tools::CloseReason(fd_.get()));
    if (got == 0 && (flags & static_cast<uint32_t>(MSG_QUIC_STREAM_FIN)) == 0)
      throw Error("the connection ended early");
    if (IsUnidirectional(sid))
      bulk_ += static_cast<uint64_t>(got);
    else if (control_.size() < Request::kWireBytes)
      control_.insert(control_.end(), buffer->begin(), buffer->begin() + got);
  }

  UniqueFd fd_;
  std::vector<uint8_t> control_;
  uint64_t bulk_ = 0;
};

}  // namespace

std::unique_ptr<Link> MakeQuicLink(UniqueFd fd, const Settings &settings) {
  return std::make_unique<QuicLink>(std::move(fd), settings);
}

}  // namespace quicperf
