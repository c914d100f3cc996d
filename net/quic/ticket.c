// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ticket.c - TLS session tickets: the one TLS message the kernel reads
 *
 * After the handshake nobody in user space reads TLS messages any more, but a
 * server sends NewSessionTicket then.  It is kept for getsockopt(SESSION_TICKET).
 * A server's ticket key is the application's, or derived from a secret of its
 * listener and the client's address, so that a ticket is good for one client.
 * With the key goes the store that tells replays of early data (replay.c).
 */
#include "event.h"
#include "replay.h"
#include "sockopt.h"
#include "ticket.h"

static const u32 ticket_message_max_bytes = 16384;	/* no sane ticket is that long */
static const u8 ticket_tls_type = 4;			/* new_session_ticket, RFC 8446 4 */
static const u8 ticket_tls_request = 13;		/* certificate_request */
static const u8 ticket_tls_header_bytes = 4;
static const u16 ticket_tls_early_data = 42;		/* RFC 8446 4.2 */
static const u16 ticket_unexpected = QUIC_ERR_CRYPTO + 10;	/* unexpected_message */

void quic_ticket_copy(const struct quic_inqueue *in, u32 off, void *dst, u32 len)
{
	const struct quic_buf *buf;
	u32 i, n;

	for (i = 0; len && (buf = quic_inqueue_peek_at(in, i)); i++) {
		if (off >= buf->len) {
			off -= buf->len;
			continue;
		}
		n = min(len, buf->len - off);
		memcpy(dst, buf->data + off, n);
		dst += n;
		len -= n;
		off = 0;
	}
}

static void ticket_refuse(struct quic_sock *q, u64 code)
{
	quic_conn_close(quic_sock_conn(q), false, code, NULL, 0, quic_timer_now());
}

/* A message that is no ticket: a KeyUpdate, for one, or anything at all from a client. */
static void ticket_refuse_type(struct quic_sock *q, u8 type)
{
	u64 code = ticket_unexpected;			/* [9001-6#2] */

	if (type == ticket_tls_request && !quic_sock_conn(q)->is_server)
		code = QUIC_ERR_PROTOCOL_VIOLATION;	/* [9001-4.4#3] */
	ticket_refuse(q, code);
}

/*
 * Where a ticket speaks of early data it says "as much as flow control allows", and
 * nothing else [9001-4.6.1#2].  What is not a ticket at all is for TLS to find.
 */
static bool ticket_early_is_valid(const u8 *msg, u32 len)
{
	struct quic_reader r, list;
	struct quic_span s, value;
	u16 n, type;
	u8 nonce;
	u32 max;

	quic_wire_read_init(&r, msg, len);
	/* Header, ticket_lifetime, ticket_age_add; nonce; ticket; extensions. */
	if (!quic_wire_skip(&r, ticket_tls_header_bytes + 8) || !quic_wire_get_u8(&r, &nonce) ||
	    !quic_wire_skip(&r, nonce) || !quic_wire_get_u16(&r, &n) || !quic_wire_skip(&r, n) ||
	    !quic_wire_get_u16(&r, &n) || !quic_wire_get_span(&r, n, &s))
		return true;
	quic_wire_read_init(&list, s.data, s.len);
	while (quic_wire_get_u16(&list, &type) && quic_wire_get_u16(&list, &n) &&
	       quic_wire_get_span(&list, n, &value)) {
		if (type != ticket_tls_early_data)
			continue;
		quic_wire_read_init(&r, value.data, value.len);
		return quic_wire_get_u32(&r, &max) && max == U32_MAX;
	}
	return true;
}

static void ticket_keep(struct quic_sock *q, const struct quic_inqueue *in, u32 len)
{
	u8 *msg = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);

	if (!msg)
		return;		/* the next connection does a full handshake */
	quic_ticket_copy(in, 0, msg, len);
	if (!ticket_early_is_valid(msg, len)) {
		kfree(msg);
		ticket_refuse(q, QUIC_ERR_PROTOCOL_VIOLATION);
		return;
	}
	quic_sock_blob_clear(&q->new_ticket);
	q->new_ticket.data = msg;
	q->new_ticket.len = len;
	quic_event_add(q, QUIC_EVENT_NEW_SESSION_TICKET, 0, msg, len);
}

/* The next message, if it is complete: true when there may be another one. */
static bool ticket_next(struct quic_sock *q, struct quic_inqueue *in)
{
	u8 header[4];
	u64 len;

	if (quic_inqueue_readable(in) < ticket_tls_header_bytes)
		return false;
	quic_ticket_copy(in, 0, header, sizeof(header));
	len = header[1] << 16 | header[2] << 8 | header[3];
	if (quic_sock_conn(q)->is_server || header[0] != ticket_tls_type) {
		ticket_refuse_type(q, header[0]);
		return false;
	}
	len += ticket_tls_header_bytes;
	if (len > ticket_message_max_bytes) {
		ticket_refuse(q, QUIC_ERR_CRYPTO_BUFFER_EXCEEDED);
		return false;
	}
	if (quic_inqueue_readable(in) < len)
		return false;
	ticket_keep(q, in, len);
	quic_sock_conn(q)->rmem -= quic_inqueue_consume(in, len);
	return true;
}

void quic_ticket_collect(struct quic_sock *q)
{
	struct quic_inqueue *in = &quic_sock_conn(q)->crypto[QUIC_SPACE_APP].rcv;

	while (quic_conn_is_open(quic_sock_conn(q)) && ticket_next(q, in))
		;
}

/* HKDF-Expand of the listener's secret over the client's address, two blocks. */
static int ticket_derive(struct quic_sock *q, u8 *key)
{
	const struct quic_addr *peer = &quic_sock_conn(q)->path->remote;
	u8 info[sizeof("session_ticket") + sizeof(peer->ip)] = "session_ticket";
	int err;

	memcpy(info + sizeof("session_ticket"), peer->ip, sizeof(peer->ip));
	err = quic_crypto_hmac_sha256(q->ticket_secret, sizeof(q->ticket_secret), info,
				      sizeof(info), "\x01", 1, key);
	if (err)
		return err;
	return quic_crypto_hmac_sha256(q->ticket_secret, sizeof(q->ticket_secret), info,
				       sizeof(info), "\x02", 1, key + 32);
}

int quic_ticket_get(struct quic_sock *q, u8 *key, struct quic_span *out)
{
	const struct quic_sock_blob *b = &q->ticket;
	bool is_server = quic_sock_conn(q)->is_server;
	int err;

	if (quic_sock_is_listening(q) || (is_server && !quic_sock_is_connected(q)))
		return -EPIPE;
	if (!is_server && q->was_established)
		b = &q->new_ticket;
	*out = (struct quic_span){ .data = b->data, .len = b->len };
	if (!is_server || b->len)
		return 0;
	err = ticket_derive(q, key);
	*out = (struct quic_span){ .data = key, .len = QUIC_TICKET_KEY_BYTES };
	return err;
}

int quic_ticket_set_store(struct quic_sock *q)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	struct quic_replay *r;
	int err = 0;

	if (q->ticket.len)
		err = quic_replay_find(sn, q->ticket.data, q->ticket.len, &r);
	else
		r = quic_replay_new();
	if (err || !r)
		return err ?: -ENOMEM;
	quic_replay_put(sn, q->replay);
	q->replay = r;
	return 0;
}

static bool ticket_is_server(struct quic_sock *q)
{
	return quic_sock_is_listening(q) || (q->started && quic_sock_conn(q)->is_server);
}

int quic_ticket_set(struct quic_sock *q, const void *val, u32 len)
{
	int err;

	if (len < QUIC_SOCK_TICKET_MIN_BYTES || len > QUIC_SOCK_TICKET_MAX_BYTES)
		return -EINVAL;
	err = quic_sock_blob_set(&q->ticket, val, len, GFP_KERNEL);
	if (err || !ticket_is_server(q))
		return err;
	err = quic_ticket_set_store(q);
	if (err)	/* never a key without its store */
		quic_sock_blob_clear(&q->ticket);
	return err;
}

static int ticket_register(struct quic_sock *q, const struct quic_early *e)
{
	if (!ticket_is_server(q) || !q->replay || !e->lifetime_ms)
		return -EINVAL;
	return quic_replay_register(q->replay, e->id, e->lifetime_ms * QUIC_US_PER_MS,
				    quic_timer_now());
}

int quic_ticket_set_early(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_early e;

	quic_sockopt_copy(&e, sizeof(e), val, len);
	if (quic_sock_sk(q)->sk_state != TCP_SYN_RECV ||
	    memchr_inv(e.reserved, 0, sizeof(e.reserved)))
		return -EINVAL;
	switch (e.op) {
	case QUIC_EARLY_OP_REGISTER:
		return ticket_register(q, &e);
	case QUIC_EARLY_OP_ACCEPTED:
	case QUIC_EARLY_OP_REJECTED:
		return quic_early_judge(quic_sock_conn(q), e.op == QUIC_EARLY_OP_ACCEPTED);
	default:
		return -EINVAL;
	}
}
