// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Making certificates with GnuTLS.
#include "certificates.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace quic::test {

namespace {

void Check(int ret) {
  if (ret < 0)
    throw std::runtime_error(gnutls_strerror(ret));
}

gnutls_x509_privkey_t NewKey() {
  gnutls_x509_privkey_t key = nullptr;
  Check(gnutls_x509_privkey_init(&key));
  Check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
  return key;
}

gnutls_x509_crt_t NewCertificate(const std::string &name, gnutls_x509_privkey_t key,
                                 time_t lifetime_s) {
  static unsigned char serial = 0;
  serial++;
  gnutls_x509_crt_t crt = nullptr;
  Check(gnutls_x509_crt_init(&crt));
  Check(gnutls_x509_crt_set_version(crt, 3));
  Check(gnutls_x509_crt_set_serial(crt, &serial, sizeof(serial)));
  const time_t now = time(nullptr);
  Check(gnutls_x509_crt_set_activation_time(crt, lifetime_s < 0 ? now - 86400 : now - 60));
  Check(gnutls_x509_crt_set_expiration_time(crt, now + lifetime_s));
  Check(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name.data(),
                                      static_cast<unsigned int>(name.size())));
  Check(gnutls_x509_crt_set_key(crt, key));
  return crt;
}

std::string Pem(gnutls_x509_crt_t crt) {
  gnutls_datum_t text = {};
  Check(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text));
  std::string pem(reinterpret_cast<const char *>(text.data), text.size);
  gnutls_free(text.data);
  return pem;
}

std::string Pem(gnutls_x509_privkey_t key) {
  gnutls_datum_t text = {};
  Check(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text));
  std::string pem(reinterpret_cast<const char *>(text.data), text.size);
  gnutls_free(text.data);
  return pem;
}

void AddName(gnutls_x509_crt_t crt, const std::string &name) {
  Check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name.data(),
                                             static_cast<unsigned int>(name.size()),
                                             GNUTLS_FSAN_APPEND));
}

void AddAddress(gnutls_x509_crt_t crt, const std::string &address) {
  std::array<unsigned char, sizeof(in6_addr)> bytes = {};
  const bool is_v4 = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  if (!is_v4)
    inet_pton(AF_INET6, address.c_str(), bytes.data());
  Check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, bytes.data(),
                                             is_v4 ? sizeof(in_addr) : sizeof(in6_addr),
                                             GNUTLS_FSAN_APPEND));
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "libquic-test-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(const std::string &name, const std::string &text) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path) << text;
  return path;
}

Authority::Authority(const TemporaryDirectory &directory, const std::string &name)
    : directory_(directory), key_(NewKey()), crt_(NewCertificate(name, key_, 86400)) {
  Check(gnutls_x509_crt_set_ca_status(crt_, 1));
  Check(gnutls_x509_crt_set_key_usage(crt_, GNUTLS_KEY_KEY_CERT_SIGN));
  Check(gnutls_x509_crt_sign2(crt_, crt_, key_, GNUTLS_DIG_SHA256, 0));
  ca_file_ = directory_.Write(name + ".pem", Pem(crt_));
}

Authority::~Authority() {
  gnutls_x509_crt_deinit(crt_);
  gnutls_x509_privkey_deinit(key_);
}

KeyPair Authority::Issue(const std::string &name, const LeafOptions &options) const {
  gnutls_x509_privkey_t key = NewKey();
  gnutls_x509_crt_t crt = NewCertificate(name, key, options.lifetime_s);
  for (const std::string &dns : options.names)
    AddName(crt, dns);
  const std::string padding(options.padding, 'x');
  if (!padding.empty())
    Check(
        gnutls_x509_crt_set_extension_by_oid(crt, "1.2.3.4.5", padding.data(), padding.size(), 0));
  if (!options.address.empty())
    AddAddress(crt, options.address);
  Check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
  Check(gnutls_x509_crt_set_key_purpose_oid(
      crt, options.for_client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0));
  Check(gnutls_x509_crt_sign2(crt, crt_, key_, GNUTLS_DIG_SHA256, 0));
  KeyPair pair = {directory_.Write(name + ".crt", Pem(crt) + Pem(crt_)),
                  directory_.Write(name + ".key", Pem(key))};
  gnutls_x509_crt_deinit(crt);
  gnutls_x509_privkey_deinit(key);
  return pair;
}

}  // namespace quic::test
