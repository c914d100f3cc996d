// SPDX-License-Identifier: GPL-2.0-or-later
//
// A client's Initial packets by hand (RFC 9000 17.2.2, RFC 9001 5): what ours never sends.
//
// One datagram has one packet of version 1, padded to 1200 bytes, with whatever frames a
// test wants.  What the server answers is nobody's business here.
#ifndef TESTS_SELFTESTS_INITIAL_H_
#define TESTS_SELFTESTS_INITIAL_H_

#include <gnutls/crypto.h>

#include "harness.h"

namespace harness {

using Bytes = std::vector<uint8_t>;

class InitialClient {
 public:
  explicit InitialClient(const Address &server) {
    if (connect(udp_, server.sa(), server.size) != 0)
      Die("connect");
    gnutls_rnd(GNUTLS_RND_NONCE, dcid_.data(), dcid_.size());
    gnutls_rnd(GNUTLS_RND_NONCE, scid_.data(), scid_.size());
    static const Bytes salt = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                               0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    Bytes initial(32);
    const gnutls_datum_t id = Datum(dcid_), s = Datum(salt);
    gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &id, &s, initial.data());
    const Bytes secret = Expand(initial, "client in", 32);
    key_ = Expand(secret, "quic key", 16);
    iv_ = Expand(secret, "quic iv", 12);
    hp_ = Expand(secret, "quic hp", 16);
  }

  void Send(const Bytes &frames) {
    constexpr size_t kDatagram = 1200, kTag = 16, kPn = 4;
    Bytes packet = {0xc0 | (kPn - 1), 0, 0, 0, 1};
    packet.push_back(dcid_.size());
    packet.insert(packet.end(), dcid_.begin(), dcid_.end());
    packet.push_back(scid_.size());
    packet.insert(packet.end(), scid_.begin(), scid_.end());
    packet.push_back(0);  // no token
    const size_t rest = kDatagram - packet.size() - 2, pn_at = packet.size() + 2;
    packet.push_back(0x40 | rest >> 8);
    packet.push_back(rest & 0xff);
    const uint32_t pn = next_pn_++;
    for (int shift = 24; shift >= 0; shift -= 8)
      packet.push_back(pn >> shift & 0xff);
    Bytes text = frames;
    text.resize(rest - kPn - kTag);  // PADDING
    if (text.size() < frames.size())
      Die("too many frames");
    packet = Seal(packet, text, pn);
    Mask(&packet, pn_at);
    if (send(udp_, packet.data(), packet.size(), 0) != static_cast<ssize_t>(packet.size()))
      Die("send");
  }

 private:
  static gnutls_datum_t Datum(const Bytes &b) {
    return {const_cast<uint8_t *>(b.data()), static_cast<unsigned int>(b.size())};
  }

  // HKDF-Expand-Label, RFC 8446 7.1.
  static Bytes Expand(const Bytes &secret, const std::string &label, uint8_t size) {
    const std::string full = "tls13 " + label;
    Bytes info = {0, size, static_cast<uint8_t>(full.size())};
    info.insert(info.end(), full.begin(), full.end());
    info.push_back(0);
    Bytes out(size);
    const gnutls_datum_t key = Datum(secret), i = Datum(info);
    gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &key, &i, out.data(), out.size());
    return out;
  }

  [[nodiscard]] Bytes Seal(const Bytes &header, const Bytes &text, uint32_t pn) const {
    gnutls_aead_cipher_hd_t aead = nullptr;
    const gnutls_datum_t key = Datum(key_);
    Bytes nonce = iv_, out(text.size() + 16);
    for (int i = 0; i < 4; i++)
      nonce[8 + i] ^= pn >> (24 - 8 * i) & 0xff;
    size_t size = out.size();
    if (gnutls_aead_cipher_init(&aead, GNUTLS_CIPHER_AES_128_GCM, &key) != 0 ||
        gnutls_aead_cipher_encrypt(aead, nonce.data(), nonce.size(), header.data(), header.size(),
                                   16, text.data(), text.size(), out.data(), &size) != 0)
      Die("AES-GCM");
    gnutls_aead_cipher_deinit(aead);
    out.insert(out.begin(), header.begin(), header.end());
    return out;
  }

  // One block of CBC from zero is what ECB gives.
  void Mask(Bytes *packet, size_t pn_at) const {
    gnutls_cipher_hd_t cipher = nullptr;
    const Bytes zero(16);
    const gnutls_datum_t key = Datum(hp_), iv = Datum(zero);
    Bytes mask(16);
    if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_CBC, &key, &iv) != 0 ||
        gnutls_cipher_encrypt2(cipher, packet->data() + pn_at + 4, 16, mask.data(), 16) != 0)
      Die("AES");
    gnutls_cipher_deinit(cipher);
    (*packet)[0] ^= mask[0] & 0x0f;
    for (size_t i = 0; i < 4; i++)
      (*packet)[pn_at + i] ^= mask[1 + i];
  }

  const Fd udp_{socket(AF_INET, SOCK_DGRAM, 0)};
  Bytes dcid_ = Bytes(8), scid_ = Bytes(8);
  Bytes key_, iv_, hp_;
  uint32_t next_pn_ = 0;
};

// A CRYPTO frame with bytes [from, to) of a message.
inline Bytes CryptoFrame(const Bytes &message, size_t from, size_t to) {
  Bytes frame = {0x06};
  for (const size_t value : {from, to - from}) {
    frame.push_back(0x40 | value >> 8);
    frame.push_back(value & 0xff);
  }
  frame.insert(frame.end(), message.begin() + static_cast<ptrdiff_t>(from),
               message.begin() + static_cast<ptrdiff_t>(to));
  return frame;
}

}  // namespace harness

#endif  // TESTS_SELFTESTS_INITIAL_H_
