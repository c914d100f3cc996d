/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * early.h - 0-RTT: data of a client before the handshake is over (RFC 9001 4.6)
 *
 *   client  remember --> 0-RTT key --> judged --> first 1-RTT key: settled
 *   server  0-RTT key --> first 1-RTT packet --> 3 PTO later: key gone
 *
 * A client's 0-RTT obeys the parameters remembered from an earlier connection,
 * which stand in conn->remote until 1-RTT keys come.  Then the server's new ones
 * take over: raised limits if it accepted, new ones and streams begun anew if it
 * did not.  Whether it did is TLS's word, by quic_early_judge().
 *
 * A server accepts by installing the 0-RTT key and rejects by not doing so.
 * Which tickets are good and what is a replay is for others to know.
 */
#ifndef _QUIC_EARLY_H
#define _QUIC_EARLY_H

#include "core/tparam.h"

struct quic_conn;

/* What TLS said about a client's early data. */
enum quic_early_verdict {
	QUIC_EARLY_OPEN,	/* nothing yet */
	QUIC_EARLY_ACCEPTED,
	QUIC_EARLY_REJECTED,
};

/**
 * struct quic_early_attempt - a client that may send 0-RTT, until it is settled
 * @verdict: enum quic_early_verdict
 * @tried: a 0-RTT key was installed
 * @fresh: the server's parameters in this handshake, once they came
 */
struct quic_early_attempt {
	u8 verdict;
	bool tried;
	struct quic_tparams fresh;
};

/**
 * quic_early_remember() - the server's parameters as an earlier connection had them
 * @conn: a client's, started
 * @p: the parameters; what may not be remembered is not looked at
 *
 * May be repeated until keys are installed.  From here on streams can be opened
 * and written to, and datagrams queued, within these limits: to ask for that is how
 * an application says that it wants its data to go as 0-RTT [9001-5.6#1].
 *
 * Return: 0; -EINVAL: not a client, too late, or more streams are open than that;
 * -ENOMEM.
 */
int quic_early_remember(struct quic_conn *conn, const struct quic_tparams *p);

/* Whether a 0-RTT key of that direction may be installed now; a client's attempt begins. */
bool quic_early_start(struct quic_conn *conn, bool send);

/**
 * quic_early_judge() - the server accepted or rejected the early data
 * @conn: a client's, with a 0-RTT key, before its first 1-RTT key
 * @accepted: which
 *
 * After a rejection no 0-RTT packet leaves any more.  A client that is told
 * nothing counts on acceptance; what the server threw away is then lost and sent
 * again as such.
 *
 * Return: 0, -EINVAL in any other situation.
 */
int quic_early_judge(struct quic_conn *conn, bool accepted);

/*
 * Another version begins, for which neither what is remembered nor a ticket counts
 * [9369-5#1]: as after a rejection, all of it goes as 1-RTT data.
 */
void quic_early_refuse(struct quic_conn *conn);

/**
 * quic_early_settle() - 1-RTT keys are about to be installed: 0-RTT is over
 * @conn: either role
 * @now: time
 *
 * Return: 0; -EPIPE: the connection is closed, since the server broke the rules or
 * allows less than what the application did already.
 */
int quic_early_settle(struct quic_conn *conn, quic_us now);

/* A server's end of an aggregate: has 1-RTT begun? */
void quic_early_on_received(struct quic_conn *conn, quic_us now);

#endif /* _QUIC_EARLY_H */
