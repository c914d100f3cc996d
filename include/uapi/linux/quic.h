/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * User interface of QUIC sockets.
 *
 * socket(AF_INET | AF_INET6, SOCK_STREAM | SOCK_DGRAM, IPPROTO_QUIC)
 *
 * Everything a program can hand to or get from such a socket is declared here:
 * message flags, control messages, socket options and events.  Numbers and
 * layouts are ABI.  Structures may only grow at their end; an option set with a
 * shorter structure is filled up with zeros, a longer one is cut, and an option
 * read into a shorter structure is cut.
 *
 * TLS is not in the kernel: a user-space library (libquic) exchanges handshake
 * messages with %QUIC_HANDSHAKE_INFO control messages and installs keys with
 * %QUIC_SOCKOPT_CRYPTO_SECRET.
 */
#ifndef _UAPI_LINUX_QUIC_H
#define _UAPI_LINUX_QUIC_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/socket.h>
#else
#include <sys/socket.h>
#endif

#ifndef IPPROTO_QUIC
enum {
	IPPROTO_QUIC = 261,	/* QUIC: A UDP-Based Multiplexed and Secure Transport */
};

#define IPPROTO_QUIC IPPROTO_QUIC
#endif

#ifndef SOL_QUIC
#define SOL_QUIC	288
#endif

/* QUIC versions (RFC 9000 15, RFC 9369 3.1) */
#define QUIC_VERSION_V1		0x1
#define QUIC_VERSION_V2		0x6b3343cf

/* Stream flags (quic_stream_info.stream_flags), and two msg_flags. */
enum quic_msg_flags {
	/* stream_flags, send: open the stream; recv: never set */
	MSG_QUIC_STREAM_NEW		= MSG_SYN,
	/* stream_flags, send and recv: this is the end of the stream */
	MSG_QUIC_STREAM_FIN		= MSG_FIN,
	/* stream_flags, send: the next stream to open is unidirectional */
	MSG_QUIC_STREAM_UNI		= MSG_CONFIRM,
	/* stream_flags, send: do not sleep for the peer's stream limit */
	MSG_QUIC_STREAM_DONTWAIT	= MSG_WAITFORONE,
	/* stream_flags, send: tell the peer when its limits block us */
	MSG_QUIC_STREAM_SNDBLOCK	= MSG_ERRQUEUE,
	/* msg_flags, send and recv: a datagram (RFC 9221), no stream */
	MSG_QUIC_DATAGRAM		= MSG_RST,
	/* msg_flags, recv: an event, see enum quic_event_type */
	MSG_QUIC_NOTIFICATION		= MSG_MORE,
};

/* The names of the flags in draft-lxin-quic-socket-apis */
#define MSG_STREAM_NEW		MSG_QUIC_STREAM_NEW
#define MSG_STREAM_FIN		MSG_QUIC_STREAM_FIN
#define MSG_STREAM_UNI		MSG_QUIC_STREAM_UNI
#define MSG_STREAM_DONTWAIT	MSG_QUIC_STREAM_DONTWAIT
#define MSG_STREAM_SNDBLOCK	MSG_QUIC_STREAM_SNDBLOCK
#define MSG_DATAGRAM		MSG_QUIC_DATAGRAM
#define MSG_NOTIFICATION	MSG_QUIC_NOTIFICATION

/* Encryption levels as user space names them; not the order of use. */
enum quic_crypto_level {
	QUIC_CRYPTO_APP,
	QUIC_CRYPTO_INITIAL,
	QUIC_CRYPTO_HANDSHAKE,
	QUIC_CRYPTO_EARLY,
	QUIC_CRYPTO_MAX,
};

/* cmsg_type of control messages with cmsg_level SOL_QUIC */
enum quic_cmsg_type {
	QUIC_STREAM_INFO,	/* struct quic_stream_info */
	QUIC_HANDSHAKE_INFO,	/* struct quic_handshake_info */
};

/* Low bits of a stream ID (RFC 9000 2.1) */
#define QUIC_STREAM_TYPE_SERVER_MASK	0x01
#define QUIC_STREAM_TYPE_UNI_MASK	0x02
#define QUIC_STREAM_TYPE_MASK		0x03

/**
 * struct quic_handshake_info - control message QUIC_HANDSHAKE_INFO
 * @crypto_level: enum quic_crypto_level the handshake bytes belong to
 */
struct quic_handshake_info {
	__u8	crypto_level;
};

/**
 * struct quic_stream_info - control message QUIC_STREAM_INFO
 * @stream_id: stream ID; -1 on send means the active or the next stream
 * @stream_flags: MSG_QUIC_STREAM_* of enum quic_msg_flags
 */
struct quic_stream_info {
	__s64	stream_id;
	__u32	stream_flags;
};

/* Socket options of level SOL_QUIC */
#define QUIC_SOCKOPT_EVENT			0
#define QUIC_SOCKOPT_STREAM_OPEN		1
#define QUIC_SOCKOPT_STREAM_RESET		2
#define QUIC_SOCKOPT_STREAM_STOP_SENDING	3
#define QUIC_SOCKOPT_CONNECTION_ID		4
#define QUIC_SOCKOPT_CONNECTION_CLOSE		5
#define QUIC_SOCKOPT_CONNECTION_MIGRATION	6
#define QUIC_SOCKOPT_KEY_UPDATE			7
#define QUIC_SOCKOPT_TRANSPORT_PARAM		8
#define QUIC_SOCKOPT_CONFIG			9
#define QUIC_SOCKOPT_TOKEN			10
#define QUIC_SOCKOPT_ALPN			11
#define QUIC_SOCKOPT_SESSION_TICKET		12
#define QUIC_SOCKOPT_CRYPTO_SECRET		13
#define QUIC_SOCKOPT_TRANSPORT_PARAM_EXT	14
/* 15 is left free: others use it for peeling off a stream. */
#define QUIC_SOCKOPT_INFO			64
#define QUIC_SOCKOPT_STREAM_PRIORITY		65
#define QUIC_SOCKOPT_CONGESTION			66
#define QUIC_SOCKOPT_EARLY_DATA			67

/**
 * struct quic_transport_param - QUIC_SOCKOPT_TRANSPORT_PARAM (RFC 9000 18.2)
 * @remote: 0 for our own parameters, 1 for the peer's
 * @disable_active_migration: the peer must not migrate
 * @grease_quic_bit: the QUIC bit may be cleared (RFC 9287)
 * @stateless_reset: a server gives out stateless reset tokens
 * @disable_1rtt_encryption: ask for 1-RTT packets without encryption
 * @disable_compatible_version: send no version_information (RFC 9368)
 * @active_connection_id_limit: connection IDs we store
 * @ack_delay_exponent: scale of ACK Delay
 * @max_datagram_frame_size: largest DATAGRAM frame taken, bytes; 0 is none
 * @max_udp_payload_size: largest UDP payload taken, bytes
 * @max_idle_timeout: microseconds
 * @max_ack_delay: microseconds
 * @max_streams_bidi: bidirectional streams the other side may open
 * @max_streams_uni: unidirectional streams the other side may open
 * @max_data: connection flow-control window, bytes
 * @max_stream_data_bidi_local: window of streams opened by this side, bytes
 * @max_stream_data_bidi_remote: window of streams opened by the other, bytes
 * @max_stream_data_uni: window of unidirectional streams, bytes
 *
 * A zero on set keeps the current value.
 */
struct quic_transport_param {
	__u8	remote;
	__u8	disable_active_migration;
	__u8	grease_quic_bit;
	__u8	stateless_reset;
	__u8	disable_1rtt_encryption;
	__u8	disable_compatible_version;
	__u8	active_connection_id_limit;
	__u8	ack_delay_exponent;
	__u16	max_datagram_frame_size;
	__u16	max_udp_payload_size;
	__u32	max_idle_timeout;
	__u32	max_ack_delay;
	__u16	max_streams_bidi;
	__u16	max_streams_uni;
	__u64	max_data;
	__u64	max_stream_data_bidi_local;
	__u64	max_stream_data_bidi_remote;
	__u64	max_stream_data_uni;
};

/*
 * quic_config.congestion_control_algo.  On set 0 keeps what is in force; Reno
 * and everything else is chosen by name with QUIC_SOCKOPT_CONGESTION.
 */
enum quic_cong_algo {
	QUIC_CONG_ALG_RENO,
	QUIC_CONG_ALG_CUBIC,
	QUIC_CONG_ALG_MAX,
	QUIC_CONG_ALG_BBR = 64,
};

/**
 * struct quic_config - QUIC_SOCKOPT_CONFIG
 * @version: QUIC version a client starts with
 * @plpmtud_probe_interval: microseconds; 0 automatic, U32_MAX off
 * @initial_smoothed_rtt: RTT before the first sample, microseconds
 * @payload_cipher_type: TLS_CIPHER_* to prefer, a hint for the TLS library
 * @congestion_control_algo: enum quic_cong_algo
 * @validate_peer_address: a server answers with Retry
 * @stream_data_nodelay: do not wait to fill packets
 * @receive_session_ticket: hint for the TLS library of kernel consumers
 * @certificate_request: hint for the TLS library of kernel consumers
 * @reserved: zero
 * @keepalive_probe_interval: microseconds; 0 off
 *
 * A zero on set keeps the current value.
 */
struct quic_config {
	__u32	version;
	__u32	plpmtud_probe_interval;
	__u32	initial_smoothed_rtt;
	__u32	payload_cipher_type;
	__u8	congestion_control_algo;
	__u8	validate_peer_address;
	__u8	stream_data_nodelay;
	__u8	receive_session_ticket;
	__u8	certificate_request;
	__u8	reserved[3];
	__u32	keepalive_probe_interval;
};

#define QUIC_CRYPTO_SECRET_BUFFER_SIZE	48

/**
 * struct quic_crypto_secret - QUIC_SOCKOPT_CRYPTO_SECRET (RFC 9001 5.1)
 * @send: 1 for the write secret, 0 for the read secret
 * @level: enum quic_crypto_level, all but INITIAL
 * @reserved: zero
 * @type: TLS_CIPHER_* of <linux/tls.h>
 * @secret: 48 bytes with AES-256-GCM, else 32
 */
struct quic_crypto_secret {
	__u8	send;
	__u8	level;
	__u16	reserved;
	__u32	type;
	__u8	secret[QUIC_CRYPTO_SECRET_BUFFER_SIZE];
};

/**
 * struct quic_errinfo - QUIC_SOCKOPT_STREAM_RESET, _STREAM_STOP_SENDING
 * @stream_id: the stream
 * @errcode: application error code
 */
struct quic_errinfo {
	__s64	stream_id;
	__u32	errcode;
};

/**
 * struct quic_connection_id_info - QUIC_SOCKOPT_CONNECTION_ID and its event
 * @dest: 0 for the IDs we gave out, 1 for those the peer gave us
 * @reserved: zero
 * @active: sequence number in use
 * @prior_to: lowest sequence number held; on set, retire all below it
 */
struct quic_connection_id_info {
	__u8	dest;
	__u8	reserved[3];
	__u32	active;
	__u32	prior_to;
};

/**
 * struct quic_event_option - QUIC_SOCKOPT_EVENT
 * @type: enum quic_event_type
 * @on: nonzero subscribes
 */
struct quic_event_option {
	__u8	type;
	__u8	on;
};

/**
 * struct quic_stream_priority - QUIC_SOCKOPT_STREAM_PRIORITY
 * @stream_id: the stream; read by get, too
 * @urgency: 0 (first) to 7 (last), 3 by default (RFC 9218 4.1)
 * @incremental: share with other incremental streams of this urgency (4.2)
 * @reserved: zero
 */
struct quic_stream_priority {
	__s64	stream_id;
	__u8	urgency;
	__u8	incremental;
	__u8	reserved[6];
};

/* quic_early.op */
enum quic_early_op {
	QUIC_EARLY_OP_REGISTER = 1,	/* server: store @id; EEXIST if seen */
	QUIC_EARLY_OP_ACCEPTED,		/* client: early data were accepted */
	QUIC_EARLY_OP_REJECTED,		/* client: early data were rejected */
};

/**
 * struct quic_early - QUIC_SOCKOPT_EARLY_DATA
 * @op: enum quic_early_op
 * @reserved: zero
 * @lifetime_ms: how long @id is remembered, milliseconds
 * @id: hash of the PSK binder of the ClientHello
 */
struct quic_early {
	__u8	op;
	__u8	reserved[3];
	__u32	lifetime_ms;
	__u8	id[32];
};

/* Stream states: sending part (RFC 9000 3.1), then receiving part (3.2) */
enum {
	QUIC_STREAM_SEND_STATE_READY,
	QUIC_STREAM_SEND_STATE_SEND,
	QUIC_STREAM_SEND_STATE_SENT,
	QUIC_STREAM_SEND_STATE_RECVD,
	QUIC_STREAM_SEND_STATE_RESET_SENT,
	QUIC_STREAM_SEND_STATE_RESET_RECVD,

	QUIC_STREAM_RECV_STATE_RECV,
	QUIC_STREAM_RECV_STATE_SIZE_KNOWN,
	QUIC_STREAM_RECV_STATE_RECVD,
	QUIC_STREAM_RECV_STATE_READ,
	QUIC_STREAM_RECV_STATE_RESET_RECVD,
	QUIC_STREAM_RECV_STATE_RESET_READ,
};

/* First byte of a message with MSG_QUIC_NOTIFICATION; new ones start at 64. */
enum quic_event_type {
	QUIC_EVENT_NONE,
	QUIC_EVENT_STREAM_UPDATE,
	QUIC_EVENT_STREAM_MAX_DATA,
	QUIC_EVENT_STREAM_MAX_STREAM,
	QUIC_EVENT_CONNECTION_ID,
	QUIC_EVENT_CONNECTION_CLOSE,
	QUIC_EVENT_CONNECTION_MIGRATION,
	QUIC_EVENT_KEY_UPDATE,
	QUIC_EVENT_NEW_TOKEN,
	QUIC_EVENT_NEW_SESSION_TICKET,
	QUIC_EVENT_MAX,
};

/**
 * struct quic_stream_update - QUIC_EVENT_STREAM_UPDATE
 * @id: the stream
 * @state: QUIC_STREAM_SEND_STATE_* or QUIC_STREAM_RECV_STATE_*
 * @reserved: zero
 * @errcode: application error code of a reset
 * @finalsz: final size of the stream, bytes
 */
struct quic_stream_update {
	__s64	id;
	__u8	state;
	__u8	reserved[3];
	__u32	errcode;
	__u64	finalsz;
};

/**
 * struct quic_stream_max_data - QUIC_EVENT_STREAM_MAX_DATA
 * @id: the stream
 * @max_data: new limit, bytes from the start of the stream
 */
struct quic_stream_max_data {
	__s64	id;
	__u64	max_data;
};

#define QUIC_CLOSE_PHRASE_BUFFER_SIZE	64

/**
 * struct quic_connection_close - QUIC_SOCKOPT_CONNECTION_CLOSE and its event
 * @errcode: error code
 * @frame: type of the frame that was wrong; 0 if unknown, always 0 on set
 * @reserved: zero
 * @phrase: reason, always terminated by a NUL
 */
struct quic_connection_close {
	__u32	errcode;
	__u8	frame;
	__u8	reserved[3];
	__u8	phrase[QUIC_CLOSE_PHRASE_BUFFER_SIZE];
};

/**
 * union quic_event - what follows the type byte of an event, unaligned
 * @update: QUIC_EVENT_STREAM_UPDATE
 * @max_data: QUIC_EVENT_STREAM_MAX_DATA
 * @close: QUIC_EVENT_CONNECTION_CLOSE
 * @info: QUIC_EVENT_CONNECTION_ID
 * @max_stream: QUIC_EVENT_STREAM_MAX_STREAM: highest stream ID now allowed
 * @local_migration: QUIC_EVENT_CONNECTION_MIGRATION: 1 if our address changed
 * @key_update_phase: QUIC_EVENT_KEY_UPDATE: the new key phase
 */
union quic_event {
	struct quic_stream_update	update;
	struct quic_stream_max_data	max_data;
	struct quic_connection_close	close;
	struct quic_connection_id_info	info;
	__u64				max_stream;
	__u8				local_migration;
	__u8				key_update_phase;
};

/* Transport error codes (RFC 9000 20.1, RFC 9368 10) */
enum {
	QUIC_TRANSPORT_ERROR_NONE			= 0x00,
	QUIC_TRANSPORT_ERROR_INTERNAL			= 0x01,
	QUIC_TRANSPORT_ERROR_CONNECTION_REFUSED		= 0x02,
	QUIC_TRANSPORT_ERROR_FLOW_CONTROL		= 0x03,
	QUIC_TRANSPORT_ERROR_STREAM_LIMIT		= 0x04,
	QUIC_TRANSPORT_ERROR_STREAM_STATE		= 0x05,
	QUIC_TRANSPORT_ERROR_FINAL_SIZE			= 0x06,
	QUIC_TRANSPORT_ERROR_FRAME_ENCODING		= 0x07,
	QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM		= 0x08,
	QUIC_TRANSPORT_ERROR_CONNECTION_ID_LIMIT	= 0x09,
	QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION		= 0x0a,
	QUIC_TRANSPORT_ERROR_INVALID_TOKEN		= 0x0b,
	QUIC_TRANSPORT_ERROR_APPLICATION		= 0x0c,
	QUIC_TRANSPORT_ERROR_CRYPTO_BUF_EXCEEDED	= 0x0d,
	QUIC_TRANSPORT_ERROR_KEY_UPDATE			= 0x0e,
	QUIC_TRANSPORT_ERROR_AEAD_LIMIT_REACHED		= 0x0f,
	QUIC_TRANSPORT_ERROR_NO_VIABLE_PATH		= 0x10,
	QUIC_TRANSPORT_ERROR_VERSION_NEGOTIATION	= 0x11,

	/* 0x100 + TLS alert (RFC 9001 4.8) */
	QUIC_TRANSPORT_ERROR_CRYPTO			= 0x100,
};

#define QUIC_CONG_NAME_SIZE	16

/* quic_info.flags */
enum quic_info_flags {
	QUIC_INFO_SERVER		= 1 << 0, /* this side is the server */
	QUIC_INFO_CONFIRMED		= 1 << 1, /* handshake confirmed (RFC 9001 4.1.2) */
	QUIC_INFO_ADDR_VALIDATED	= 1 << 2, /* peer address validated (RFC 9000 8) */
	QUIC_INFO_RETRY			= 1 << 3, /* there was a Retry */
	QUIC_INFO_EARLY_ACCEPTED	= 1 << 4, /* 0-RTT data were accepted */
	QUIC_INFO_ECN			= 1 << 5, /* ECN validated on the path */
	QUIC_INFO_UNENCRYPTED		= 1 << 6, /* 1-RTT packets are not encrypted */
	QUIC_INFO_APP_LIMITED		= 1 << 7, /* now limited by the application */
};

/**
 * struct quic_info - QUIC_SOCKOPT_INFO: one consistent look at a connection
 * @state: TCP state number: TCP_CLOSE, _LISTEN, _SYN_RECV, _ESTABLISHED
 * @key_phase: key phase bit of what is sent now (RFC 9001 6)
 * @reserved: zero
 * @flags: enum quic_info_flags
 * @version: QUIC version in use
 * @cipher_type: TLS_CIPHER_* of the 1-RTT keys; 0 before there are any
 * @cong_name: congestion control algorithm, terminated by a NUL
 * @latest_rtt_us: last RTT sample (RFC 9002 5.1)
 * @smoothed_rtt_us: smoothed RTT (5.3)
 * @rttvar_us: RTT variation (5.3)
 * @min_rtt_us: least RTT seen on this path (5.2)
 * @pto_us: current probe timeout without backoff (6.2.1)
 * @pto_count: probe timeouts in a row since the last acknowledgment
 * @pmtu_bytes: largest UDP payload known to reach the peer
 * @mss_bytes: most stream bytes one packet of @pmtu_bytes carries
 * @cwnd_bytes: congestion window
 * @ssthresh_bytes: slow-start threshold; U64_MAX before the first loss
 * @bytes_in_flight: sent, neither acknowledged nor lost
 * @pacing_rate: bytes per second; U64_MAX when not paced
 * @delivery_rate: latest estimate, bytes per second; 0 when unknown
 * @packets_sent: packets of all packet number spaces
 * @packets_received: packets that were authentic and no duplicates
 * @packets_lost: packets declared lost
 * @packets_spurious: packets declared lost, then acknowledged
 * @packets_dropped: datagram parts dropped: undecryptable, duplicate, malformed
 * @bytes_sent: UDP payload bytes
 * @bytes_received: UDP payload bytes
 * @bytes_lost: UDP payload bytes declared lost
 * @bytes_retrans: stream and handshake bytes sent again
 * @stream_bytes_sent: stream bytes first sent (no retransmissions)
 * @stream_bytes_acked: stream bytes acknowledged
 * @stream_bytes_received: stream bytes received in order or not, once each
 * @stream_bytes_read: stream bytes given to the application
 * @ect0_sent: packets sent with ECT(0) (RFC 9000 13.4)
 * @ect0_received: packets received with ECT(0)
 * @ect1_received: packets received with ECT(1)
 * @ce_received: packets received with ECN-CE
 * @ce_reported: packets the peer reported as ECN-CE
 * @congestion_events: times the congestion window was cut
 * @persistent_congestion: times it fell to the minimum (RFC 9002 7.6)
 * @data_credit_send: connection bytes we may still send (RFC 9000 4.1)
 * @data_credit_recv: connection bytes the peer may still send
 * @send_queued_bytes: stream bytes written, not yet acknowledged
 * @recv_queued_bytes: stream bytes received, not yet read
 * @streams_bidi_open: bidirectional streams not yet closed
 * @streams_uni_open: unidirectional streams not yet closed
 * @streams_bidi_credit: bidirectional streams we may still open
 * @streams_uni_credit: unidirectional streams we may still open
 * @key_updates: key updates completed
 * @migrations: path changes completed
 * @age_us: time since connect() or the first Initial packet
 * @handshake_us: time until the handshake completed; 0 before
 *
 * Grows at the end only; what a kernel does not know reads as zero.  Byte and
 * packet counters never wrap within a connection.
 */
struct quic_info {
	__u8	state;
	__u8	key_phase;
	__u16	reserved;
	__u32	flags;
	__u32	version;
	__u32	cipher_type;
	char	cong_name[QUIC_CONG_NAME_SIZE];

	__u32	latest_rtt_us;
	__u32	smoothed_rtt_us;
	__u32	rttvar_us;
	__u32	min_rtt_us;
	__u32	pto_us;
	__u32	pto_count;
	__u32	pmtu_bytes;
	__u32	mss_bytes;

	__u64	cwnd_bytes;
	__u64	ssthresh_bytes;
	__u64	bytes_in_flight;
	__u64	pacing_rate;
	__u64	delivery_rate;

	__u64	packets_sent;
	__u64	packets_received;
	__u64	packets_lost;
	__u64	packets_spurious;
	__u64	packets_dropped;
	__u64	bytes_sent;
	__u64	bytes_received;
	__u64	bytes_lost;
	__u64	bytes_retrans;
	__u64	stream_bytes_sent;
	__u64	stream_bytes_acked;
	__u64	stream_bytes_received;
	__u64	stream_bytes_read;

	__u64	ect0_sent;
	__u64	ect0_received;
	__u64	ect1_received;
	__u64	ce_received;
	__u64	ce_reported;
	__u64	congestion_events;
	__u64	persistent_congestion;

	__u64	data_credit_send;
	__u64	data_credit_recv;
	__u64	send_queued_bytes;
	__u64	recv_queued_bytes;
	__u64	streams_bidi_open;
	__u64	streams_uni_open;
	__u64	streams_bidi_credit;
	__u64	streams_uni_credit;

	__u64	key_updates;
	__u64	migrations;
	__u64	age_us;
	__u64	handshake_us;
};

#endif /* _UAPI_LINUX_QUIC_H */
