// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lookup.c - tables that find connections
 *
 * Ids: one resizable RCU hash table per netns; entries are listed in their
 * connection too, so that it can leave as a whole.  Readers take a socket
 * reference or fail; an entry's host and socket live for a grace period after
 * it was removed.
 *
 * Paths: one fixed table for all netns, sized for 100k connections.  An entry
 * that moves to another chain may lead a reader there; readers compare every
 * field and lose at most what they looked for, which the peer will send again.
 */
#include <linux/jhash.h>

#include "crypto.h"
#include "family.h"
#include "lookup.h"

#define LOOKUP_PATH_BUCKETS	8192	/* 12 connections each at 100k */
#define LOOKUP_RESET_MAX	64	/* connections of one path whose tokens are compared */

/**
 * struct lookup_cid - one id in the table
 * @node: in quic_net.cids
 * @entry: in quic_host.cids
 * @cid: key, zero-padded
 * @host: its connection
 * @rcu: for freeing
 */
struct lookup_cid {
	struct rhash_head node;
	struct hlist_node entry;
	struct quic_cid cid;
	struct quic_host *host;
	struct rcu_head rcu;
};

static struct kmem_cache *lookup_cid_cache;
static struct hlist_head *lookup_paths;
static DEFINE_SPINLOCK(lookup_path_lock);	/* protects the chains of lookup_paths */
static u32 lookup_seed;

static const struct rhashtable_params lookup_cid_params = {
	.head_offset = offsetof(struct lookup_cid, node),
	.key_offset = offsetof(struct lookup_cid, cid),
	.key_len = sizeof(struct quic_cid),
	.hashfn = jhash,
	.automatic_shrinking = true,
};

static void lookup_key(struct quic_cid *key, const u8 *data, u8 len)
{
	memset(key, 0, sizeof(*key));
	key->len = len;
	memcpy(key->data, data, len);
}

struct sock *quic_lookup_cid(struct quic_net *qn, const u8 *data, u8 len)
{
	struct lookup_cid *c;
	struct quic_cid key;

	if (len > QUIC_CID_MAX_BYTES)
		return NULL;
	lookup_key(&key, data, len);
	c = rhashtable_lookup(&qn->cids, &key, lookup_cid_params);
	if (!c || !refcount_inc_not_zero(&c->host->sk->sk_refcnt))
		return NULL;
	return c->host->sk;
}

bool quic_lookup_cid_is_live(struct quic_net *qn, const u8 *data, u8 len)
{
	struct quic_cid key;
	bool live;

	if (len > QUIC_CID_MAX_BYTES)
		return false;
	lookup_key(&key, data, len);
	rcu_read_lock();
	live = rhashtable_lookup(&qn->cids, &key, lookup_cid_params);
	rcu_read_unlock();
	return live;
}

int quic_edge_cid_add(struct quic_conn *conn, const struct quic_cid *cid)
{
	struct quic_host *host = quic_host(conn);
	struct lookup_cid *c;
	int err;

	c = kmem_cache_alloc(lookup_cid_cache, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!c)
		return -ENOMEM;
	lookup_key(&c->cid, cid->data, cid->len);
	c->host = host;
	err = rhashtable_lookup_insert_fast(&host->qn->cids, &c->node, lookup_cid_params);
	if (err) {
		kmem_cache_free(lookup_cid_cache, c);
		return err == -EEXIST ? err : -ENOMEM;
	}
	hlist_add_head(&c->entry, &host->cids);
	return 0;
}

static void lookup_cid_free(struct rcu_head *rcu)
{
	kmem_cache_free(lookup_cid_cache, container_of(rcu, struct lookup_cid, rcu));
}

static void lookup_cid_del(struct quic_net *qn, struct lookup_cid *c)
{
	rhashtable_remove_fast(&qn->cids, &c->node, lookup_cid_params);
	hlist_del(&c->entry);
	call_rcu(&c->rcu, lookup_cid_free);
}

void quic_edge_cid_del(struct quic_conn *conn, const struct quic_cid *cid)
{
	struct quic_host *host = quic_host(conn);
	struct lookup_cid *c;

	hlist_for_each_entry(c, &host->cids, entry) {
		if (quic_cid_equal(&c->cid, cid)) {
			lookup_cid_del(host->qn, c);
			return;
		}
	}
}

void quic_lookup_cid_del_all(struct quic_host *host)
{
	struct hlist_node *next;
	struct lookup_cid *c;

	hlist_for_each_entry_safe(c, next, &host->cids, entry)
		lookup_cid_del(host->qn, c);
}

void quic_edge_reset_token(struct quic_conn *conn, const struct quic_cid *cid, u8 *token)
{
	/* Without a hash there is nothing better than a token that nobody can know. */
	if (quic_crypto_reset_token(quic_host(conn)->qn, cid, token))
		get_random_bytes(token, QUIC_RESET_TOKEN_BYTES);
}

static u32 lookup_path_hash(const struct quic_net *qn, u16 local_port,
			    const struct quic_addr *remote)
{
	return quic_family_hash(remote, lookup_seed ^ local_port ^ hash_ptr(qn, 32)) %
	       LOOKUP_PATH_BUCKETS;
}

unsigned int quic_lookup_paths(struct quic_net *qn, u16 local_port, const struct quic_addr *remote,
			       struct sock **sks, unsigned int max)
{
	u32 hash = lookup_path_hash(qn, local_port, remote);
	struct quic_host *host;
	unsigned int n = 0;

	hlist_for_each_entry_rcu(host, &lookup_paths[hash], path_node.entry) {
		if (n == max)
			break;
		if (host->qn != qn || host->path_node.local_port != local_port ||
		    !quic_addr_equal(&host->path_node.remote, remote) ||
		    !refcount_inc_not_zero(&host->sk->sk_refcnt))
			continue;
		sks[n++] = host->sk;
	}
	return n;
}

struct sock *quic_lookup_reset(struct quic_net *qn, u16 local_port, const struct quic_addr *remote,
			       const u8 *token)
{
	u32 hash = lookup_path_hash(qn, local_port, remote);
	struct quic_host *host;
	unsigned int n = 0;

	hlist_for_each_entry_rcu(host, &lookup_paths[hash], path_node.entry) {
		if (host->qn != qn || host->path_node.local_port != local_port ||
		    !quic_addr_equal(&host->path_node.remote, remote))
			continue;
		if (n++ == LOOKUP_RESET_MAX)
			break;
		/* data_race: torn at worst, and the connection decides with its lock held. */
		if (data_race(quic_connid_remote_is_reset(&host->conn.remote_ids, token)) &&
		    refcount_inc_not_zero(&host->sk->sk_refcnt))
			return host->sk;
	}
	return NULL;
}

void quic_lookup_path_update(struct quic_host *host, const struct quic_path *path)
{
	struct quic_path_node *node = &host->path_node;

	if (node->local_port == path->local.port && quic_addr_equal(&node->remote, &path->remote) &&
	    !hlist_unhashed_lockless(&node->entry))
		return;
	spin_lock_bh(&lookup_path_lock);
	if (!hlist_unhashed(&node->entry))
		hlist_del_init_rcu(&node->entry);
	node->local_port = path->local.port;
	node->remote = path->remote;
	hlist_add_head_rcu(&node->entry, &lookup_paths[lookup_path_hash(host->qn, node->local_port,
									&node->remote)]);
	spin_unlock_bh(&lookup_path_lock);
}

void quic_lookup_path_del(struct quic_host *host)
{
	spin_lock_bh(&lookup_path_lock);
	if (!hlist_unhashed(&host->path_node.entry))
		hlist_del_init_rcu(&host->path_node.entry);
	spin_unlock_bh(&lookup_path_lock);
}

int quic_lookup_init(struct quic_net *qn)
{
	return rhashtable_init(&qn->cids, &lookup_cid_params);
}

void quic_lookup_exit(struct quic_net *qn)
{
	WARN_ON_ONCE(atomic_read(&qn->cids.nelems));
	rhashtable_destroy(&qn->cids);
}

int quic_lookup_setup(void)
{
	unsigned int i;

	lookup_seed = get_random_u32();
	lookup_cid_cache = KMEM_CACHE(lookup_cid, SLAB_HWCACHE_ALIGN);
	if (!lookup_cid_cache)
		return -ENOMEM;
	lookup_paths = kvmalloc_array(LOOKUP_PATH_BUCKETS, sizeof(*lookup_paths), GFP_KERNEL);
	if (!lookup_paths) {
		kmem_cache_destroy(lookup_cid_cache);
		return -ENOMEM;
	}
	for (i = 0; i < LOOKUP_PATH_BUCKETS; i++)
		INIT_HLIST_HEAD(&lookup_paths[i]);
	return 0;
}

/* After rcu_barrier(): entries are freed by RCU. */
void quic_lookup_cleanup(void)
{
	kvfree(lookup_paths);
	kmem_cache_destroy(lookup_cid_cache);
}
