// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs a handshake to its end: does the steps, waits with poll, keeps the
// deadline.
#ifndef LIBQUIC_SRC_DRIVER_H_
#define LIBQUIC_SRC_DRIVER_H_

#include <gnutls/gnutls.h>

#include <cstdint>

#include "handshake.h"

namespace quic {

// Runs the handshake attached to a session, timeout_ms from now at most.  On
// failure the reason is recorded and the socket is shut down.  Returns 0 or a
// negative errno; -ETIMEDOUT after the deadline.
int Drive(Handshake *handshake, uint32_t timeout_ms);

}  // namespace quic

#endif  // LIBQUIC_SRC_DRIVER_H_
