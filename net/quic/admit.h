/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admit.h - what a server does with the first packet of a client (RFC 9000 8.1)
 *
 *   Initial --no token, or a worthless one----> accept, or Retry
 *           --a token of ours, good-----------> accept, address validated
 *           --our Retry token, but not good---> refuse: INVALID_TOKEN
 *
 * Without state: all there is about a client before it is accepted is in its
 * token.  Made for the listener, which asks and acts.
 */
#ifndef _QUIC_ADMIT_H
#define _QUIC_ADMIT_H

#include "core/token.h"
#include "edge.h"

/* Enough for every Retry packet we make. */
#define QUIC_ADMIT_RETRY_BYTES	(7 + 2 * QUIC_CID_MAX_BYTES + QUIC_TOKEN_MAX_BYTES + \
				 QUIC_TAG_BYTES)

enum quic_admit {
	QUIC_ADMIT_DROP,	/* can not be judged here and now: the client will repeat it */
	QUIC_ADMIT_ACCEPT,
	QUIC_ADMIT_RETRY,	/* answer with quic_admit_retry() */
	QUIC_ADMIT_REFUSE,	/* close with INVALID_TOKEN */
};

/**
 * struct quic_admission - what is known of a client that is accepted
 * @odcid: its first Destination Connection ID
 * @retried: it answers a Retry whose source id is the Initial's destination id
 * @validated: its token proves its address
 */
struct quic_admission {
	struct quic_cid odcid;
	bool retried;
	bool validated;
};

/**
 * quic_admit_initial() - judge an Initial that belongs to no connection
 * @t: sealing keys of the server
 * @h: its header; nothing of it is authentic yet
 * @remote: where it came from
 * @validate: only clients with validated addresses are wanted
 * @now: time
 * @a: filled for ACCEPT and REFUSE
 *
 * Accepting a NEW_TOKEN token uses it up.
 *
 * Context: any.
 * Return: what to do.
 */
enum quic_admit quic_admit_initial(struct quic_tokens *t, const struct quic_header *h,
				   const struct quic_addr *remote, bool validate, quic_us now,
				   struct quic_admission *a);

/**
 * quic_admit_retry() - write the Retry packet that answers an Initial
 * @t: sealing keys of the server
 * @h: header of the Initial
 * @remote: where it came from
 * @now: time
 * @w: where to; QUIC_ADMIT_RETRY_BYTES are enough
 *
 * Context: any.
 * Return: 0; -EAGAIN no cipher can be used here and now, -ENOMEM.
 */
int quic_admit_retry(struct quic_tokens *t, const struct quic_header *h,
		     const struct quic_addr *remote, quic_us now, struct quic_writer *w);

/**
 * quic_admit_token() - write a token for another connection of a client
 * @t: sealing keys of the server
 * @version: of this connection: the token is good for no other
 * @remote: the client's address
 * @now: time
 * @w: where to; QUIC_TOKEN_MAX_BYTES are enough
 *
 * Context: any.
 * Return: as quic_admit_retry().
 */
int quic_admit_token(struct quic_tokens *t, u32 version, const struct quic_addr *remote,
		     quic_us now, struct quic_writer *w);

#endif /* _QUIC_ADMIT_H */
