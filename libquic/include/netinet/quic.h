/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libquic: TLS 1.3 handshakes for QUIC sockets of the Linux kernel.
 *
 * The kernel runs QUIC; TLS messages are made and read by GnuTLS, here.  This
 * library carries them between a socket(AF_INET, SOCK_DGRAM, IPPROTO_QUIC) and a
 * GnuTLS session: handshake bytes as control messages of sendmsg() and
 * recvmsg(), keys and transport parameters as socket options.
 *
 * Three ways in, from simple to flexible:
 *  - quic_client_handshake() and quic_server_handshake(), or their _ex forms,
 *    do everything: credentials, verification, the handshake, a deadline;
 *  - quic_handshake() runs the handshake of a session the caller made;
 *  - quic_handshake_init(), _step(), _deinit() leave the waiting to the caller.
 *
 * Whenever a handshake fails, the reason is set on the socket as
 * QUIC_SOCKOPT_CONNECTION_CLOSE, for TLS errors as CRYPTO_ERROR 0x100 + alert
 * (RFC 9001 4.8); closing the socket then tells the peer.
 *
 * Unless said otherwise, functions return 0 or a negative errno, and may be
 * called from any thread, one thread at a time per socket or session.
 */
#ifndef _NETINET_QUIC_H
#define _NETINET_QUIC_H

#include <gnutls/abstract.h>
#include <linux/quic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * GnuTLS priorities that fit QUIC: TLS 1.3 only [9001-4.2#1,2], the four QUIC ciphers, no
 * compatibility mode [9001-8.4].
 */
#define QUIC_PRIORITY                                                         \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+PSK:+ECDHE-PSK:-CIPHER-ALL:+AES-128-GCM:"   \
  "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-CCM:-GROUP-ALL:+GROUP-SECP256R1:" \
  "+GROUP-X25519:+GROUP-SECP384R1:+GROUP-SECP521R1:%DISABLE_TLS13_COMPAT_MODE"

/** What the caller of the step API has to do next.  3 is left free. */
enum quic_handshake_step_op {
  QUIC_HANDSHAKE_STEP_OP_SENDMSG = 1,
  QUIC_HANDSHAKE_STEP_OP_RECVMSG,
};

/** sendmsg(fd, msg, flags); put the bytes sent or a negative errno into retval. */
struct quic_handshake_step_sendmsg {
  const struct msghdr *msg;
  int flags;
  ssize_t retval;
};

/** recvmsg(fd, msg, flags); put the bytes received or a negative errno into retval. */
struct quic_handshake_step_recvmsg {
  struct msghdr *msg;
  int flags;
  ssize_t retval;
};

/** One operation on the socket that the handshake needs. */
struct quic_handshake_step {
  enum quic_handshake_step_op op;
  union {
    struct quic_handshake_step_sendmsg s_sendmsg;
    struct quic_handshake_step_recvmsg s_recvmsg;
  };
};

/** quic_handshake_options.flags */
enum quic_handshake_flags {
  /** Server: ask for a client certificate and verify it if one comes. */
  QUIC_HANDSHAKE_REQUEST_CERT = 1 << 0,
  /** Server: refuse clients without a valid certificate. */
  QUIC_HANDSHAKE_REQUIRE_CERT = 1 << 1,
  /** Server: give out no session tickets. */
  QUIC_HANDSHAKE_NO_TICKETS = 1 << 2,
  /** Server: accept early data (0-RTT), each ClientHello once. */
  QUIC_HANDSHAKE_EARLY_DATA = 1 << 3,
};

/** QUIC_HANDSHAKE_DEFAULT_TIMEOUT_MS bounds a handshake as a whole. */
#define QUIC_HANDSHAKE_DEFAULT_TIMEOUT_MS 30000

/**
 * What a handshake is to use.  Set everything to zero, then size, then what is
 * wanted.  Later versions add fields at the end; size tells which are there.
 */
struct quic_handshake_options {
  size_t size;           /**< sizeof(struct quic_handshake_options) */
  uint32_t flags;        /**< enum quic_handshake_flags; unknown bits are -EINVAL */
  uint32_t timeout_ms;   /**< for the whole handshake; 0 is the default */
  const char *hostname;  /**< client: name or address the server must prove; NULL: chain only */
  const char *alpns;     /**< names, separated by commas, first is preferred; NULL: no ALPN */
  const char *ca_file;   /**< PEM, trusted instead of the system's store */
  const char *cert_file; /**< PEM chain of this side, leaf first */
  const char *key_file;  /**< PEM private key of cert_file */
  const char *psk_file;  /**< lines of id:hexkey; excludes certificates */
  const char *priority;  /**< GnuTLS priorities; NULL: QUIC_PRIORITY */
};

/**
 * How a handshake ended.  Set size before the call; the rest is filled, for
 * failures too.  No secrets in it.
 */
struct quic_handshake_result {
  size_t size;         /**< sizeof(struct quic_handshake_result) */
  int error;           /**< 0 or what the function returned */
  int tls_error;       /**< GnuTLS error code, 0 if none */
  int alert;           /**< TLS alert that ended it, -1 if none */
  int by_peer;         /**< 1 if the peer ended it */
  uint32_t close_code; /**< QUIC error code of the close, 0 if none */
  uint32_t reserved;   /**< 0 */
  char message[192];   /**< one line for humans, "" on success */
  char alpn[64];       /**< protocol chosen, "" if none */
};

/**
 * Client handshake on a connected socket.
 *
 * Without a PSK file the server's certificate chain is verified against the
 * system's trust store, and its name when @p hostname is given.
 *
 * @param sockfd connected QUIC socket
 * @param pkey_file file of "id:hexkey" lines, of which the first is used, or NULL for certificates
 * @param hostname name or address to verify, also sent as SNI; may be NULL
 * @param alpns protocols offered, separated by commas; may be NULL
 * @return 0, -EACCES (not authentic), -EPROTO (TLS failed), -ETIMEDOUT, or another negative errno
 */
int quic_client_handshake(int sockfd, const char *pkey_file, const char *hostname,
                          const char *alpns);

/**
 * Server handshake on an accepted socket.
 *
 * @param sockfd accepted QUIC socket
 * @param pkey_file private key of @p cert_file, or the PSK file if that is NULL
 * @param cert_file certificate chain, or NULL for PSK
 * @param alpns protocols served, separated by commas; may be NULL
 * @return as quic_client_handshake()
 */
int quic_server_handshake(int sockfd, const char *pkey_file, const char *cert_file,
                          const char *alpns);

/**
 * quic_client_handshake() with all options.
 *
 * @param options what to use; NULL for defaults
 * @param result filled unless NULL
 * @return as quic_client_handshake(); -EINVAL for options that contradict each other
 */
int quic_client_handshake_ex(int sockfd, const struct quic_handshake_options *options,
                             struct quic_handshake_result *result);

/**
 * quic_server_handshake() with all options.  Clients' certificates are asked
 * for only with a flag; they are verified against ca_file.
 *
 * @param options what to use; certificate and key, or PSK file, are needed
 * @param result filled unless NULL
 * @return as quic_client_handshake()
 */
int quic_server_handshake_ex(int sockfd, const struct quic_handshake_options *options,
                             struct quic_handshake_result *result);

/** Flags of gnutls_init() for sessions that send or accept early data. */
#define QUIC_EARLY_DATA_FLAGS (GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA)

/**
 * Start a handshake by steps.
 *
 * The session needs credentials, priorities, and its transport set to the
 * socket with gnutls_transport_set_int(); the hooks of the library are
 * installed on it.  Whether it is client or server is asked from the socket.
 * Verification is up to the session's own verify function.
 *
 * Early data (0-RTT).  A client that resumes a session made with
 * QUIC_EARLY_DATA_FLAGS sets the server's parameters of then with
 * QUIC_SOCKOPT_TRANSPORT_PARAM, remote = 1, and may then send on streams before
 * the handshake is over, or before it begins.  They must be meant for the first
 * protocol it offers.  If the server rejects them they are sent again; what
 * happened is in struct quic_info.  A server accepts early data if its session
 * has the flags, the ticket was given out under limits that still hold and for
 * the same protocol, and the socket has not seen this ClientHello.  It must be
 * ready for early data in front of handshake messages: when recvmsg() delivers
 * something without QUIC_HANDSHAKE_INFO it is the application's, to be kept, and
 * retval of the step is -EAGAIN.
 *
 * @param session a session that has not been used yet
 * @param pstep must point to NULL; set to the first step
 * @return 0; -EINVAL: *pstep is not NULL, or a handshake is already going on; others as errors of
 *   the socket and of TLS
 */
int quic_handshake_init(gnutls_session_t session, struct quic_handshake_step **pstep);

/**
 * Take the result of the step done and give the next one.
 *
 * The caller does the operation of *pstep and stores its result in retval.  A
 * step that ended with -EAGAIN or -EINTR is given again.  Steps belong to the
 * library and are valid until the next call.
 *
 * @param pstep the step that was done; set to the next one, or to NULL when the handshake is over
 * @return 0; -EINVAL: not the step given out; -EUCLEAN: retval was not set; -EMSGSIZE: sent in
 *   part; -ECONNRESET: end of connection; -EBADMSG: not a handshake message; -EACCES: not
 *   authentic; -EPROTO: TLS failed; the socket's SO_ERROR; or the negative retval.
 *   -EPROTONOSUPPORT from sendmsg() or recvmsg(): the server speaks another version of QUIC only.
 *   The session is bound to the version tried first, the socket has changed already: a handshake
 *   of a new session on it goes on.  quic_client_handshake() does so itself.
 */
int quic_handshake_step(gnutls_session_t session, struct quic_handshake_step **pstep);

/** End a handshake by steps, finished or not, and free what it held.  The session stays. */
void quic_handshake_deinit(gnutls_session_t session);

/**
 * Run the whole handshake of a session, waiting with poll(), at most
 * QUIC_HANDSHAKE_DEFAULT_TIMEOUT_MS.  On failure the socket is shut down, unless
 * a new session is to be tried on it.
 *
 * @param session as for quic_handshake_init()
 * @return as quic_handshake_step(), or -ETIMEDOUT
 */
int quic_handshake(gnutls_session_t session);

/**
 * Client: what is needed to resume this session later.  Only after the
 * handshake, and only once the server's ticket has come.
 *
 * @param data buffer
 * @param size its size; set to the size used, 0 if no ticket has come yet
 * @return 0, -ENOBUFS (*size says what is needed), or a negative errno
 */
int quic_session_get_data(gnutls_session_t session, void *data, size_t *size);

/**
 * Client: resume the session @p data came from.  Before the handshake, with the
 * session's transport set to the socket.  Data that came from a connection of
 * another version of QUIC are not used: the handshake is then a full one.
 *
 * @param data from quic_session_get_data()
 * @param size of data
 */
int quic_session_set_data(gnutls_session_t session, const void *data, size_t size);

/**
 * The protocol that was negotiated.
 *
 * @param data buffer; no NUL is added
 * @param size its size; set to the length
 * @return 0, -ENOENT if there is none, -ENOBUFS
 */
int quic_session_get_alpn(gnutls_session_t session, void *data, size_t *size);

/**
 * Set the protocols to offer or serve; the handshake fails if none matches.
 *
 * @param data up to 5 names, separated by commas; blanks are skipped
 * @param size its length, 1 to 63
 */
int quic_session_set_alpn(gnutls_session_t session, const void *data, size_t size);

/**
 * sendmsg() on a stream.
 *
 * @param sid stream ID, -1 for the active or the next stream
 * @param flags MSG_QUIC_STREAM_* and flags of sendmsg(), together
 * @return bytes taken, or -1 and errno
 */
ssize_t quic_sendmsg(int sockfd, const void *msg, size_t len, int64_t sid, uint32_t flags);

/**
 * recvmsg() with the stream it came from.
 *
 * @param sid set to the stream ID; untouched for datagrams and events; may be NULL
 * @param flags flags of recvmsg(); set to its msg_flags and stream flags together; may be NULL
 * @return bytes received, or -1 and errno
 */
ssize_t quic_recvmsg(int sockfd, void *msg, size_t len, int64_t *sid, uint32_t *flags);

/** Receiver of log lines; level as in syslog(3), msg without a newline. */
typedef void (*quic_set_log_func_t)(int level, const char *msg);

/** Set the receiver of log lines, NULL for stderr.  @return the one before */
quic_set_log_func_t quic_set_log_func(quic_set_log_func_t func);

/**
 * Log up to this level (LOG_ERR 3 to LOG_DEBUG 7); -1, the default, is silence.
 * @return the one before
 */
int quic_set_log_level(int level);

#ifdef __cplusplus
}
#endif

#endif /* _NETINET_QUIC_H */
