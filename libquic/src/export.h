// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The border between C++ inside and the C ABI outside.
#ifndef LIBQUIC_SRC_EXPORT_H_
#define LIBQUIC_SRC_EXPORT_H_

#include <cerrno>
#include <new>
#include <utility>

#define QUIC_EXPORT extern "C" __attribute__((visibility("default")))

namespace quic {

// Runs body, which returns an int; nothing thrown leaves.  Used by every
// function of the C ABI, and by the callbacks GnuTLS calls, with their idea of
// an error.
template <typename Body>
int Guard(Body &&body, int no_memory = -ENOMEM, int other = -EIO) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc &) {
    return no_memory;
  } catch (...) {
    return other;
  }
}

}  // namespace quic

#endif  // LIBQUIC_SRC_EXPORT_H_
