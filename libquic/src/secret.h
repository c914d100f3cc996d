// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bytes that are wiped when they go.
#ifndef LIBQUIC_SRC_SECRET_H_
#define LIBQUIC_SRC_SECRET_H_

#include <string.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace quic {

// Never grows in place: a reallocation would leave a copy behind.
class Secret {
 public:
  explicit Secret(size_t size) : bytes_(size) {}
  Secret(const Secret &) = delete;
  Secret &operator=(const Secret &) = delete;
  Secret(Secret &&other) noexcept : bytes_(std::move(other.bytes_)) {}
  Secret &operator=(Secret &&) = delete;
  ~Secret() {
    if (!bytes_.empty())
      explicit_bzero(bytes_.data(), bytes_.size());
  }

  [[nodiscard]] uint8_t *data() { return bytes_.data(); }
  [[nodiscard]] const uint8_t *data() const { return bytes_.data(); }
  [[nodiscard]] size_t size() const { return bytes_.size(); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace quic

#endif  // LIBQUIC_SRC_SECRET_H_
