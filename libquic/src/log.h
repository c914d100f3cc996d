// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Log lines of the library.  The receiver and the level are the only state that
// is shared by all sessions of a process; the public interface makes them so.
#ifndef LIBQUIC_SRC_LOG_H_
#define LIBQUIC_SRC_LOG_H_

namespace quic {

// printf-like; level as in syslog(3).  Never give it secrets.
void Log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace quic

#endif  // LIBQUIC_SRC_LOG_H_
