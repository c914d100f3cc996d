// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Why a handshake failed: errno, TLS alert, QUIC error code, and one line for
// humans.  The first cause wins; what follows from it must not hide it.
#ifndef LIBQUIC_SRC_FAILURE_H_
#define LIBQUIC_SRC_FAILURE_H_

#include <gnutls/gnutls.h>

#include <cstdint>
#include <string>

namespace quic {

struct Failure {
  static constexpr int kNoAlert = -1;

  int error = 0;            // negative errno, 0: none
  int tls_error = 0;        // GnuTLS error code
  int alert = kNoAlert;     // TLS alert, sent or received
  bool by_peer = false;     // the other side, or the network, ended it
  uint32_t close_code = 0;  // QUIC error code
  std::string message;

  explicit operator bool() const { return error != 0; }
};

// A failure of this side that no TLS alert describes.
Failure LocalFailure(int error, std::string message);

// A failure that a TLS alert describes; the QUIC error code follows from it
// (RFC 9001 4.8).
Failure AlertFailure(int error, int alert, std::string message);

// A failure GnuTLS reported as error code.  Authentication gives -EACCES, lack
// of memory -ENOMEM, everything else -EPROTO.  alert is the one the TLS library
// raised itself, or kNoAlert.
Failure TlsFailure(gnutls_session_t session, int tls_error, int alert);

// The alert for the GNUTLS_CERT_* bits of a failed verification, and their
// text, which names what is wrong.
int AlertOfCertificateStatus(unsigned int status);
std::string TextOfCertificateStatus(unsigned int status);

// The TLS alert of a QUIC error code, kNoAlert if it is none (RFC 9001 4.8).
int AlertOfCloseCode(uint32_t code);

// "TLS alert 48 (Unknown CA)"
std::string TextOfAlert(int alert);

// "TLS alert 48 (Unknown CA)" or "error 0xa"
std::string TextOfCloseCode(uint32_t code);

}  // namespace quic

#endif  // LIBQUIC_SRC_FAILURE_H_
