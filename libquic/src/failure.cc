// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From GnuTLS errors, certificate status and alerts to one Failure.
#include "failure.h"

#include <linux/quic.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace quic {

namespace {

constexpr uint32_t kCryptoErrorLast = QUIC_TRANSPORT_ERROR_CRYPTO + 0xff;

struct StatusAlert {
  unsigned int status;
  int alert;
};

// The first that matches counts: a chain that leads nowhere says nothing about
// names or dates, a revoked certificate is worse than an expired one.
constexpr StatusAlert kStatusAlerts[] = {
    {GNUTLS_CERT_SIGNER_NOT_FOUND, GNUTLS_A_UNKNOWN_CA},
    {GNUTLS_CERT_SIGNER_NOT_CA, GNUTLS_A_UNKNOWN_CA},
    {GNUTLS_CERT_REVOKED, GNUTLS_A_CERTIFICATE_REVOKED},
    {GNUTLS_CERT_EXPIRED, GNUTLS_A_CERTIFICATE_EXPIRED},
    {GNUTLS_CERT_NOT_ACTIVATED, GNUTLS_A_CERTIFICATE_EXPIRED},
    {GNUTLS_CERT_PURPOSE_MISMATCH, GNUTLS_A_UNSUPPORTED_CERTIFICATE},
    {GNUTLS_CERT_UNEXPECTED_OWNER, GNUTLS_A_BAD_CERTIFICATE},
};

int ErrnoOfTlsError(int tls_error) {
  switch (tls_error) {
    case GNUTLS_E_MEMORY_ERROR:
      return -ENOMEM;
    case GNUTLS_E_CERTIFICATE_ERROR:
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
    case GNUTLS_E_CERTIFICATE_REQUIRED:
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_PK_SIG_VERIFY_FAILED:
    case GNUTLS_E_INSUFFICIENT_CREDENTIALS:
      return -EACCES;
    default:
      return -EPROTO;
  }
}

}  // namespace

Failure LocalFailure(int error, std::string message) {
  Failure failure;
  failure.error = error;
  failure.message = std::move(message);
  return failure;
}

Failure AlertFailure(int error, int alert, std::string message) {
  Failure failure = LocalFailure(error, std::move(message));
  failure.alert = alert;
  failure.close_code = QUIC_TRANSPORT_ERROR_CRYPTO + static_cast<uint32_t>(alert);
  return failure;
}

Failure TlsFailure(gnutls_session_t session, int tls_error, int alert) {
  std::string message = gnutls_strerror(tls_error);
  if (alert == Failure::kNoAlert) {
    int level = 0;
    alert = gnutls_error_to_alert(tls_error, &level);
  }
  if (tls_error == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR) {
    const unsigned int status = gnutls_session_get_verify_cert_status(session);
    if (status != 0 && status != ~0U) {
      alert = AlertOfCertificateStatus(status);
      message = TextOfCertificateStatus(status);
    }
  }
  Failure failure = AlertFailure(ErrnoOfTlsError(tls_error), alert, std::move(message));
  failure.tls_error = tls_error;
  return failure;
}

int AlertOfCertificateStatus(unsigned int status) {
  const auto *const found =
      std::find_if(std::begin(kStatusAlerts), std::end(kStatusAlerts),
                   [status](const StatusAlert &row) { return (status & row.status) != 0; });
  return found == std::end(kStatusAlerts) ? GNUTLS_A_BAD_CERTIFICATE : found->alert;
}

std::string TextOfCertificateStatus(unsigned int status) {
  gnutls_datum_t text = {};
  if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
    return "the certificate is not trusted";
  std::string line(reinterpret_cast<const char *>(text.data), text.size);
  gnutls_free(text.data);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\0'))
    line.pop_back();
  return line;
}

std::string TextOfAlert(int alert) {
  const char *name = gnutls_alert_get_name(static_cast<gnutls_alert_description_t>(alert));
  return "TLS alert " + std::to_string(alert) + " (" + (name != nullptr ? name : "unknown") + ")";
}

int AlertOfCloseCode(uint32_t code) {
  if (code < QUIC_TRANSPORT_ERROR_CRYPTO || code > kCryptoErrorLast)
    return Failure::kNoAlert;
  return static_cast<int>(code - QUIC_TRANSPORT_ERROR_CRYPTO);
}

std::string TextOfCloseCode(uint32_t code) {
  const int alert = AlertOfCloseCode(code);
  if (alert != Failure::kNoAlert)
    return TextOfAlert(alert);
  char text[32];
  snprintf(text, sizeof(text), "error 0x%x", code);
  return text;
}

}  // namespace quic
