// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Certificates made for a test run, in files of a directory that goes with it.
#ifndef LIBQUIC_TESTS_CERTIFICATES_H_
#define LIBQUIC_TESTS_CERTIFICATES_H_

#include <gnutls/gnutls.h>

#include <cstddef>
#include <ctime>
#include <string>
#include <vector>

namespace quic::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] std::string Write(const std::string &name, const std::string &text) const;
  [[nodiscard]] const std::string &path() const { return path_; }

 private:
  std::string path_;
};

struct LeafOptions {
  std::vector<std::string> names = {"server.example"};
  std::string address;        // one IPv4 or IPv6 address
  time_t lifetime_s = 86400;  // negative: expired
  bool for_client = false;    // purpose: client instead of server
  size_t padding = 0;         // bytes of an extension that only makes it big
};

struct KeyPair {
  std::string cert_file;
  std::string key_file;
};

// A certificate authority of its own.
class Authority {
 public:
  Authority(const TemporaryDirectory &directory, const std::string &name);
  Authority(const Authority &) = delete;
  Authority &operator=(const Authority &) = delete;
  ~Authority();

  [[nodiscard]] KeyPair Issue(const std::string &name, const LeafOptions &options) const;
  [[nodiscard]] const std::string &ca_file() const { return ca_file_; }

 private:
  const TemporaryDirectory &directory_;
  gnutls_x509_privkey_t key_ = nullptr;
  gnutls_x509_crt_t crt_ = nullptr;
  std::string ca_file_;
};

}  // namespace quic::test

#endif  // LIBQUIC_TESTS_CERTIFICATES_H_
