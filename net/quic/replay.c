// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replay.c - which ClientHellos with early data were seen (RFC 8446 8.2)
 *
 *   ticket key --> store --> hash of ids, each until it expires
 *
 * A full store refuses, and so does one that may have forgotten: early data are
 * then rejected, which costs a round trip and nothing else.  Expired ids are
 * freed by whoever comes by; when the store is full, all of them, now and then.
 */
#include <linux/jhash.h>

#include "replay.h"

#define REPLAY_BUCKETS		1000	/* the store then takes two pages */
#define REPLAY_KEY_HASH_BYTES	32

static const quic_us replay_sweep_gap_us = 100000;	/* a full store is searched no more often */
static const u32 replay_max_ids = 32768;	/* 2 MiB; 1600 per second if each lives for 20 s */

/**
 * struct replay_id - one ClientHello
 * @entry: in its bucket
 * @expires: it can not be replayed any more
 * @id: what it is known by
 */
struct replay_id {
	struct hlist_node entry;
	quic_us expires;
	u8 id[QUIC_REPLAY_ID_BYTES];
};

/**
 * struct quic_replay - the store of one ticket key
 * @refs: sockets that have the key
 * @entry: in quic_sock_net.replays if the key was given; else unlinked
 * @key_hash: of the key, if it was given
 * @known_from: what was seen before that is not known; 0: nothing was
 * @lock: protects the next 3 fields
 * @nr: ids in @buckets
 * @full_until: it was full, and is not looked through again before that
 * @buckets: ids by hash
 * @seed: of the hash
 */
struct quic_replay {
	refcount_t refs;
	struct list_head entry;
	u8 key_hash[REPLAY_KEY_HASH_BYTES];
	quic_us known_from;
	spinlock_t lock;	/* protects the next 3 fields */
	u32 nr;
	quic_us full_until;
	struct hlist_head buckets[REPLAY_BUCKETS];
	u32 seed;
};

struct quic_replay *quic_replay_new(void)
{
	struct quic_replay *r = kvzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (!r)
		return NULL;
	refcount_set(&r->refs, 1);
	INIT_LIST_HEAD(&r->entry);
	spin_lock_init(&r->lock);
	r->seed = get_random_u32();
	return r;
}

static struct quic_replay *replay_lookup(struct quic_sock_net *sn, const u8 *key_hash)
{
	struct quic_replay *r;

	list_for_each_entry(r, &sn->replays, entry)
		if (!memcmp(r->key_hash, key_hash, sizeof(r->key_hash)))
			return quic_replay_get(r);
	return NULL;
}

int quic_replay_find(struct quic_sock_net *sn, const u8 *key, u32 len, struct quic_replay **out)
{
	static const u8 label[] = "QUIC replay store";
	u8 key_hash[REPLAY_KEY_HASH_BYTES];
	struct quic_replay *fresh;
	int err;

	err = quic_crypto_hmac_sha256(label, sizeof(label), key, len, NULL, 0, key_hash);
	if (err)
		return err;
	fresh = quic_replay_new();
	if (!fresh)
		return -ENOMEM;
	memcpy(fresh->key_hash, key_hash, sizeof(key_hash));
	fresh->known_from = quic_timer_now();
	spin_lock_bh(&sn->replay_lock);
	*out = replay_lookup(sn, key_hash);
	if (!*out) {
		list_add(&fresh->entry, &sn->replays);
		*out = fresh;
		fresh = NULL;
	}
	spin_unlock_bh(&sn->replay_lock);
	quic_replay_put(sn, fresh);
	return 0;
}

struct quic_replay *quic_replay_get(struct quic_replay *r)
{
	if (r)
		refcount_inc(&r->refs);
	return r;
}

static void replay_drop(struct quic_replay *r, struct replay_id *i)
{
	hlist_del(&i->entry);
	r->nr--;
	kfree(i);
}

void quic_replay_put(struct quic_sock_net *sn, struct quic_replay *r)
{
	struct hlist_node *tmp;
	struct replay_id *i;
	unsigned int b;
	bool last;

	if (!r)
		return;
	/* Under the lock: who finds it there may take a reference. */
	spin_lock_bh(&sn->replay_lock);
	last = refcount_dec_and_test(&r->refs);
	if (last)
		list_del(&r->entry);
	spin_unlock_bh(&sn->replay_lock);
	if (!last)
		return;
	for (b = 0; b < REPLAY_BUCKETS; b++)
		hlist_for_each_entry_safe(i, tmp, &r->buckets[b], entry)
			replay_drop(r, i);
	kvfree_sensitive(r, sizeof(*r));
}

/* Frees what has expired in one bucket: the earliest end of the others. */
static quic_us replay_expire(struct quic_replay *r, struct hlist_head *bucket, quic_us now)
{
	quic_us next = QUIC_US_NEVER;
	struct hlist_node *tmp;
	struct replay_id *i;

	hlist_for_each_entry_safe(i, tmp, bucket, entry) {
		if (i->expires <= now)
			replay_drop(r, i);
		else
			next = min(next, i->expires);
	}
	return next;
}

static bool replay_is_full(struct quic_replay *r, quic_us now)
{
	quic_us next = QUIC_US_NEVER;
	unsigned int b;

	if (r->nr < replay_max_ids)
		return false;
	if (now < r->full_until)
		return true;
	for (b = 0; b < REPLAY_BUCKETS; b++)
		next = min(next, replay_expire(r, &r->buckets[b], now));
	r->full_until = max(next, now + replay_sweep_gap_us);
	return r->nr >= replay_max_ids;
}

static int replay_add(struct quic_replay *r, struct replay_id *fresh, quic_us now)
{
	struct hlist_head *bucket;
	struct replay_id *i;

	bucket = &r->buckets[jhash(fresh->id, sizeof(fresh->id), r->seed) % REPLAY_BUCKETS];
	replay_expire(r, bucket, now);
	hlist_for_each_entry(i, bucket, entry)
		if (!memcmp(i->id, fresh->id, sizeof(i->id)))
			return -EEXIST;
	if (replay_is_full(r, now))
		return -ENOSPC;
	hlist_add_head(&fresh->entry, bucket);
	r->nr++;
	return 0;
}

int quic_replay_register(struct quic_replay *r, const u8 *id, quic_us lifetime, quic_us now)
{
	struct replay_id *fresh;
	int err;

	if (r->known_from && now < r->known_from + lifetime)
		return -ENOSPC;
	fresh = kmalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;
	fresh->expires = now + lifetime;
	memcpy(fresh->id, id, sizeof(fresh->id));
	spin_lock_bh(&r->lock);
	err = replay_add(r, fresh, now);
	spin_unlock_bh(&r->lock);
	if (err)
		kfree(fresh);
	return err;
}
