// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Resumption data of a session, with the socket as an argument.
#ifndef LIBQUIC_SRC_SESSION_H_
#define LIBQUIC_SRC_SESSION_H_

#include <gnutls/gnutls.h>

#include "socket.h"

namespace quic {

// quic_session_get_data().
int GetSessionData(gnutls_session_t session, Socket *socket, void *data, size_t *size);
// quic_session_set_data().
int SetSessionData(gnutls_session_t session, Socket *socket, const void *data, size_t size);

}  // namespace quic

#endif  // LIBQUIC_SRC_SESSION_H_
