// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * token.c - the keys of a netns that address-validation tokens are sealed with
 *
 * Two keys: the current one seals, both open.  Every hour a fresh one takes the
 * place of the older, so that a token can be opened for an hour at least, which is
 * longer than it is good for.  Keys are never derived or stored: a restarted host
 * takes no token of before.
 *
 * Tokens are sealed and opened in softirq, under RCU; keys are made in process
 * context, by the first listener and by delayed work.
 */
#include "admit.h"
#include "token.h"

/**
 * struct quic_tokens - keys and what was used
 * @key: see above; RCU
 * @current_key: index of the key that seals
 * @used_lock: protects the next field
 * @used: NEW_TOKEN tokens that were accepted
 * @rotate: makes the next key
 */
struct quic_tokens {
	struct quic_aead __rcu *key[2];
	unsigned int current_key;
	spinlock_t used_lock;	/* protects the next field */
	struct quic_token_used used;
	struct delayed_work rotate;
};

static DEFINE_MUTEX(token_setup_lock);	/* one listener makes the keys */

static void token_rotate_later(struct quic_tokens *t)
{
	queue_delayed_work(quic_net_wq, &t->rotate, QUIC_TOKEN_KEY_US / QUIC_US_PER_SEC * HZ);
}

static void token_rotate(struct work_struct *work)
{
	struct quic_tokens *t = container_of(work, struct quic_tokens, rotate.work);
	unsigned int next = !t->current_key;
	struct quic_aead *fresh, *old;

	fresh = quic_crypto_token_key();
	if (fresh) {
		old = rcu_replace_pointer(t->key[next], fresh, true);
		/* Pairs with smp_load_acquire() in quic_edge_token_seal(). */
		smp_store_release(&t->current_key, next);
		synchronize_rcu();
		quic_edge_aead_free(old);
	}
	token_rotate_later(t);
}

static struct quic_tokens *token_alloc(void)
{
	struct quic_tokens *t = kvzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	struct quic_aead *key;

	if (!t)
		return NULL;
	key = quic_crypto_token_key();
	if (!key) {
		kvfree(t);
		return NULL;
	}
	RCU_INIT_POINTER(t->key[0], key);
	spin_lock_init(&t->used_lock);
	INIT_DELAYED_WORK(&t->rotate, token_rotate);
	return t;
}

int quic_token_setup_net(struct quic_sock_net *sn)
{
	struct quic_tokens *t;

	mutex_lock(&token_setup_lock);
	if (!sn->tokens) {
		t = token_alloc();
		/* Pairs with smp_load_acquire() in quic_edge_tokens(). */
		smp_store_release(&sn->tokens, t);
		if (t)
			token_rotate_later(t);
	}
	mutex_unlock(&token_setup_lock);
	return sn->tokens ? 0 : -ENOMEM;
}

void quic_token_exit_net(struct quic_sock_net *sn)
{
	struct quic_tokens *t = sn->tokens;

	if (!t)
		return;
	cancel_delayed_work_sync(&t->rotate);
	sn->tokens = NULL;
	synchronize_rcu();
	quic_edge_aead_free(rcu_dereference_protected(t->key[0], true));
	quic_edge_aead_free(rcu_dereference_protected(t->key[1], true));
	kvfree(t);
}

struct quic_tokens *quic_edge_tokens(struct quic_conn *conn)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_host(conn)->sk));

	/* Pairs with smp_store_release() in quic_token_setup_net(). */
	return smp_load_acquire(&sn->tokens);
}

int quic_edge_token_seal(struct quic_tokens *t, const u8 *nonce, const u8 *aad, u32 aad_len,
			 u8 *text, u32 len)
{
	struct quic_aead *key;
	unsigned int i;
	int err;

	rcu_read_lock();
	/* Pairs with smp_store_release() in token_rotate(). */
	i = smp_load_acquire(&t->current_key);
	key = rcu_dereference(t->key[i]);
	err = quic_crypto_token_run(key, nonce, aad, aad_len, text, len, true);
	rcu_read_unlock();
	return err ?: i;
}

int quic_edge_token_open(struct quic_tokens *t, unsigned int key, const u8 *nonce, const u8 *aad,
			 u32 aad_len, const u8 *sealed, u32 len, u8 *text)
{
	u8 buf[QUIC_TOKEN_TEXT_MAX_BYTES + QUIC_TAG_BYTES];
	struct quic_aead *aead;
	int err = -EBADMSG;

	if (len < QUIC_TAG_BYTES || len > sizeof(buf))
		return -EBADMSG;
	memcpy(buf, sealed, len);
	rcu_read_lock();
	aead = rcu_dereference(t->key[key]);
	if (aead)
		err = quic_crypto_token_run(aead, nonce, aad, aad_len, buf, len, false);
	rcu_read_unlock();
	if (!err)
		memcpy(text, buf, len - QUIC_TAG_BYTES);
	return err;
}

bool quic_edge_token_spend(struct quic_tokens *t, const u8 *nonce, quic_us now)
{
	bool first;

	spin_lock_bh(&t->used_lock);
	first = quic_token_spend(&t->used, nonce, now);
	spin_unlock_bh(&t->used_lock);
	return first;
}
