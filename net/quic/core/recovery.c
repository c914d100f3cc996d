// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/recovery.c - RTT, loss detection and probe timeouts (RFC 9002)
 *
 *	base        lost_scan    largest_acked            next
 *	 | settled ... | judged next ... | outstanding ...... |
 *
 * Send times grow with packet numbers, so what is lost by time or by packets
 * is a prefix of what is unacknowledged: loss detection goes on where it
 * stopped (lost_scan) and looks at each record once.  All but the last
 * packet_threshold - 1 numbers below the largest acknowledged are settled when
 * an ACK is done, so old ranges of an ACK cost nothing.
 *
 * A run of lost packets without an acknowledged one between them
 * (persistent_from) is seen by the same walk.
 *
 * Numbers declared lost are remembered for a while.  When one of them is
 * acknowledged after all, the network reorders: the thresholds grow to what
 * would have been enough [9002-6.1.1, 6.1.2], within bounds and until losses
 * have been real for some time; and when that is so for all losses behind a
 * congestion event, there was none.
 *
 * Sends nothing and knows no frames; congestion windows are core/cong's.
 */
#include "recovery.h"

/* --- RTT, RFC 9002 5 ----------------------------------------------------- */

/**
 * quic_rtt_init() - before the first sample of a path
 * @rtt: estimates
 * @initial: the guess, microseconds; 0: kInitialRtt
 */
void quic_rtt_init(struct quic_rtt *rtt, quic_us initial)
{
	rtt->latest = 0;
	rtt->smoothed = initial ? initial : QUIC_INITIAL_RTT_US;
	rtt->var = rtt->smoothed >> 1;
	rtt->min = 0;
	rtt->first_sample_at = QUIC_US_NEVER;
}

void quic_rtt_sample(struct quic_rtt *rtt, quic_us latest, quic_us ack_delay, quic_us now)
{
	quic_us adjusted, error;

	latest = max(latest, 1ULL);
	rtt->latest = latest;
	if (rtt->first_sample_at == QUIC_US_NEVER) {
		rtt->first_sample_at = now;
		rtt->min = latest;			/* [9002-5.2#1] */
		rtt->smoothed = latest;
		rtt->var = latest >> 1;
		return;
	}
	/* min_rtt ignores the delay; a sample is never taken below it. */
	rtt->min = min(rtt->min, latest);		/* [9002-5.2#2] */
	/* [9002-5.3#2] */
	adjusted = latest - rtt->min >= ack_delay ? latest - ack_delay : latest;
	error = rtt->smoothed > adjusted ? rtt->smoothed - adjusted : adjusted - rtt->smoothed;
	rtt->var = (3 * rtt->var + error) >> 2;
	rtt->smoothed = max((7 * rtt->smoothed + adjusted) >> 3, 1ULL);
}

quic_us quic_rtt_pto(const struct quic_rtt *rtt)
{
	return rtt->smoothed + max(4 * rtt->var, QUIC_GRANULARITY_US);	/* [9002-6.2.1#1] */
}

/* How long after a later one was acknowledged a packet is lost [9002-6.1.2]. */
static quic_us quic_recovery_loss_delay(const struct quic_recovery *r, const struct quic_rtt *rtt)
{
	quic_us delay = r->time_threshold_num * max(rtt->latest, rtt->smoothed);

	/* [9002-6.1.2] */
	return max(div_u64(delay, QUIC_TIME_THRESHOLD_DEN), QUIC_GRANULARITY_US);
}

/* --- state --------------------------------------------------------------- */

/**
 * quic_recovery_init() - nothing sent in any space
 * @r: recovery
 */
void quic_recovery_init(struct quic_recovery *r)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->recovery_start = QUIC_US_NEVER;
	r->packet_threshold = QUIC_PACKET_THRESHOLD;
	r->time_threshold_num = QUIC_TIME_THRESHOLD_NUM;
	for (i = 0; i < QUIC_NR_SPACES; i++) {
		quic_sent_init(&r->space[i].sent);
		r->space[i].loss_at = QUIC_US_NEVER;
		r->space[i].persistent_from = QUIC_US_NEVER;
	}
}

/**
 * quic_recovery_exit() - give back memory
 * @r: recovery
 */
void quic_recovery_exit(struct quic_recovery *r)
{
	unsigned int i;

	for (i = 0; i < QUIC_NR_SPACES; i++)
		quic_sent_exit(&r->space[i].sent);
}

void quic_recovery_on_sent(struct quic_recovery *r, enum quic_space space, struct quic_cong *cong,
			   struct quic_sent_pkt *pkt)
{
	struct quic_recovery_space *sp = &r->space[space];

	sp->nr_ecn_sent += pkt->ecn;
	if (!pkt->in_flight)
		return;
	r->armed_at = pkt->sent_at;
	if (pkt->eliciting)
		sp->last_eliciting_at = pkt->sent_at;
	quic_cong_on_sent(cong, pkt);
}

void quic_recovery_set_path(struct quic_recovery *r, u8 path, const struct quic_cong *cong)
{
	unsigned int i;

	r->path = path;
	r->pto_count = 0;
	r->nr_ecn_lost = 0;
	r->ecn_acked = false;
	r->recovery_start = cong->recovery_start;
	r->undo_left = 0;
	for (i = 0; i < QUIC_NR_SPACES; i++)
		r->space[i].persistent_from = QUIC_US_NEVER;
}

void quic_recovery_forget_space(struct quic_recovery *r, enum quic_space space,
				struct quic_cong *cong)
{
	struct quic_recovery_space *sp = &r->space[space];
	struct quic_sent_pkt *pkt;
	quic_pn pn;

	for (pn = sp->sent.base; pn < sp->sent.next; pn++) {
		pkt = quic_sent_find(&sp->sent, pn);
		if (pkt->state == QUIC_SENT_OUT && pkt->in_flight)	/* [9002-6.4] */
			cong->in_flight -= min_t(u64, pkt->bytes, cong->in_flight);
	}
	quic_sent_exit(&sp->sent);
	sp->loss_at = QUIC_US_NEVER;
	sp->last_eliciting_at = 0;
	sp->persistent_from = QUIC_US_NEVER;
}

void quic_recovery_discard_space(struct quic_recovery *r, enum quic_space space,
				 struct quic_cong *cong)
{
	quic_recovery_forget_space(r, space, cong);
	r->space[space].discarded = true;
	r->pto_count = 0;				/* [9002-6.2.2] */
}

/* --- spurious losses ----------------------------------------------------- */

static void quic_recovery_log_lost(struct quic_recovery *r, quic_pn pn, quic_us sent_at)
{
	struct quic_lost_window *w = &r->lost_log[r->lost_log_next];
	quic_pn first = pn & ~63ULL;

	/* Losses come in ascending order: a number belongs to the last window or to a new one. */
	if (!w->lost || w->first != first) {
		if (w->lost)
			r->lost_log_next = (r->lost_log_next + 1) % QUIC_RECOVERY_LOST_LOG;
		w = &r->lost_log[r->lost_log_next];
		r->lost_log_used += !w->lost;
		*w = (struct quic_lost_window){ .first = first, .sent_at = sent_at };
	}
	w->lost |= BIT_ULL(pn & 63);
}

/* Bits of the numbers in [@start, @end) of the window that begins at @first. */
static u64 quic_recovery_window_mask(quic_pn first, quic_pn start, quic_pn end)
{
	u64 from = start > first ? start - first : 0, to = end > first ? end - first : 0;

	if (from >= 64 || !to || from >= to)
		return 0;
	return (to >= 64 ? U64_MAX : BIT_ULL(to) - 1) & (U64_MAX << from);
}

/* What was given up arrived after all: patience that would have been enough. */
static void quic_recovery_adapt(struct quic_recovery *r, const struct quic_recovery_ack *a,
				const struct quic_rtt *rtt)
{
	quic_us eighth = max(rtt->latest, rtt->smoothed) >> 3;

	r->packet_threshold = clamp_t(u64, a->overtaken + 1, r->packet_threshold,
				      QUIC_PACKET_THRESHOLD_MAX);
	while (r->time_threshold_num < QUIC_TIME_THRESHOLD_NUM_MAX &&
	       r->time_threshold_num * eighth < a->late)
		r->time_threshold_num++;
	r->reorder_left = QUIC_RECOVERY_REORDER_EVENTS;
}

/* Packets of @range that were declared lost before were not. */
static void quic_recovery_note_spurious(struct quic_recovery *r, struct quic_recovery_ack *a,
					const struct quic_range *range)
{
	unsigned int i;

	for (i = 0; r->lost_log_used && i < QUIC_RECOVERY_LOST_LOG; i++) {
		struct quic_lost_window *w = &r->lost_log[i];
		u64 hit = w->lost & quic_recovery_window_mask(w->first, range->start, range->end);

		if (!hit)
			continue;
		w->lost &= ~hit;
		r->lost_log_used -= !w->lost;
		r->nr_spurious += hweight64(hit);
		r->space[QUIC_SPACE_APP].persistent_from = QUIC_US_NEVER;
		a->overtaken = max(a->overtaken, r->space[QUIC_SPACE_APP].sent.largest_acked -
						 w->first - __ffs64(hit));
		a->late = max(a->late, a->now - w->sent_at);
		/* Those of the last congestion event. */
		hit &= quic_recovery_window_mask(w->first, r->undo_from, QUIC_PN_NONE);
		if (!r->undo_left)
			continue;
		r->undo_left -= min_t(u32, hweight64(hit), r->undo_left);
		a->spurious |= !r->undo_left && !r->undo_void;
	}
}

/* Keeps account of the losses behind the congestion event that may prove to be none. */
static void quic_recovery_note_event(struct quic_recovery *r, const struct quic_recovery_ack *a,
				     bool event)
{
	bool real = a->ce_increased || a->persistent;

	if (event) {
		r->undo_from = a->first_lost;
		r->undo_left = 0;
		r->undo_void = false;
		if (r->reorder_left && !--r->reorder_left) {
			r->packet_threshold = QUIC_PACKET_THRESHOLD;
			r->time_threshold_num = QUIC_TIME_THRESHOLD_NUM;
		}
	}
	r->undo_left += a->nr_lost;
	r->undo_void |= real || (a->nr_lost && a->space != QUIC_SPACE_APP);
}

/* --- acknowledgments ----------------------------------------------------- */

/* A peer that acknowledges a number we skipped acknowledges what it did not see [9000-21.4]. */
static bool quic_recovery_tells_skipped(const struct quic_sent *s, const struct quic_frame_ack *ack)
{
	quic_pn skipped = quic_sent_prev_skipped(s, QUIC_PN_NONE);
	struct quic_frame_ack_iter it;
	struct quic_range range;

	if (skipped == QUIC_PN_NONE)
		return false;
	/* Both go downwards. */
	quic_frame_ack_iter_init(&it, ack);
	while (quic_frame_ack_next(&it, &range)) {
		while (skipped >= range.end) {
			skipped = quic_sent_prev_skipped(s, skipped);
			if (skipped == QUIC_PN_NONE)
				return false;
		}
		if (skipped >= range.start)
			return true;
	}
	return false;
}

int quic_recovery_ack_begin(struct quic_recovery *r, struct quic_recovery_ack *a,
			    enum quic_space space, const struct quic_frame_ack *ack, quic_us now)
{
	const struct quic_sent *s = &r->space[space].sent;

	memset(a, 0, sizeof(*a));
	a->space = space;
	a->now = now;
	a->largest = ack->largest;
	a->first_lost = QUIC_PN_NONE;
	if (ack->largest >= s->next || quic_recovery_tells_skipped(s, ack))
		return QUIC_VIOLATION_ACK_UNSENT;
	quic_frame_ack_iter_init(&a->it, ack);
	return 0;
}

/* The next range with something to look at; its part below the records is cut off. */
static bool quic_recovery_next_range(struct quic_recovery *r, struct quic_recovery_ack *a)
{
	const struct quic_sent *s = &r->space[a->space].sent;
	bool spurious = a->space == QUIC_SPACE_APP && r->lost_log_used;

	while (quic_frame_ack_next(&a->it, &a->range)) {
		if (spurious)
			quic_recovery_note_spurious(r, a, &a->range);
		if (a->range.end > s->base) {
			a->range.start = max(a->range.start, s->base);
			return true;
		}
		if (!spurious)
			break;
	}
	return false;
}

/* Takes down what an acknowledged packet tells. */
static void quic_recovery_count_acked(const struct quic_recovery *r, struct quic_recovery_ack *a,
				      const struct quic_sent_pkt *pkt, quic_pn pn)
{
	a->newly_acked++;
	a->newly_ect += pkt->ecn;
	if (pkt->path != r->path)				/* [9000-9.4#1] */
		return;
	a->eliciting |= pkt->eliciting;
	a->newest_acked_at = max(a->newest_acked_at, pkt->sent_at);
	if (pn == a->largest) {
		a->largest_new = true;
		a->largest_sent_at = pkt->sent_at;
	}
	if (!pkt->in_flight)
		return;
	a->acked_bytes += pkt->bytes;
	if (!a->newest || pn > a->newest_pn) {
		a->newest = pkt;
		a->newest_pn = pn;
	}
	if (r->recovery_start == QUIC_US_NEVER || pkt->sent_at > r->recovery_start)
		a->fresh_bytes += pkt->bytes;
}

struct quic_sent_pkt *quic_recovery_ack_next(struct quic_recovery *r,
					     struct quic_recovery_ack *a)
{
	struct quic_sent *s = &r->space[a->space].sent;
	struct quic_sent_pkt *pkt;

	for (;;) {
		while (a->range.start < a->range.end) {
			quic_pn pn = a->range.start++;

			pkt = quic_sent_find(s, pn);
			if (pkt->state != QUIC_SENT_OUT)
				continue;
			quic_recovery_count_acked(r, a, pkt, pn);
			quic_sent_settle(s, pkt, QUIC_SENT_ACKED);
			return pkt;
		}
		if (!quic_recovery_next_range(r, a))
			return NULL;
	}
}

/*
 * ECN counts of an ACK that raises the largest acknowledged (RFC 9000
 * 13.4.2.1).  We only ever send ECT(0).
 */
static void quic_recovery_check_ecn(struct quic_recovery_space *sp, struct quic_recovery_ack *a,
				    const struct quic_frame_ack *ack)
{
	u64 grown;

	if (!ack->has_ecn) {
		a->ecn_failed = a->newly_ect;
		return;
	}
	if (ack->ect1 || ack->ect0 < sp->ecn[QUIC_ECN_ECT0] || ack->ce < sp->ecn[QUIC_ECN_CE] ||
	    ack->ect0 > sp->nr_ecn_sent || ack->ce > sp->nr_ecn_sent) {
		a->ecn_failed = true;
		return;
	}
	grown = ack->ect0 - sp->ecn[QUIC_ECN_ECT0] + ack->ce - sp->ecn[QUIC_ECN_CE];
	if (grown < a->newly_ect || ack->ect0 + ack->ce > sp->nr_ecn_sent) {
		a->ecn_failed = true;
		return;
	}
	a->ce_increased = ack->ce > sp->ecn[QUIC_ECN_CE];
	sp->ecn[QUIC_ECN_ECT0] = ack->ect0;
	sp->ecn[QUIC_ECN_CE] = ack->ce;
}

/* RFC 9002 5.1 and 5.3. */
static void quic_recovery_take_sample(const struct quic_recovery *r,
				      struct quic_recovery_ack *a, struct quic_rtt *rtt,
				      quic_us ack_delay)
{
	/* Acknowledgments of Initial packets are not delayed on purpose. */
	if (a->space == QUIC_SPACE_INITIAL)
		ack_delay = 0;
	else if (r->handshake_confirmed)		/* [9002-5.3#1] */
		ack_delay = min(ack_delay, r->max_ack_delay);
	quic_rtt_sample(rtt, a->now - a->largest_sent_at, ack_delay, a->now);
	a->rtt_sample = rtt->latest;
}

/* A network that drops what is marked, as far as we can tell (RFC 9000 13.4.2). */
static bool quic_recovery_drops_ecn(const struct quic_recovery *r)
{
	return !r->ecn_acked && (r->nr_ecn_lost >= QUIC_ECN_MAX_LOST ||
				 r->pto_count >= QUIC_ECN_MAX_PTOS);
}

void quic_recovery_ack_end(struct quic_recovery *r, struct quic_recovery_ack *a,
			   const struct quic_frame_ack *ack, struct quic_rtt *rtt,
			   struct quic_cong *cong, quic_us ack_delay, bool pto_reset)
{
	struct quic_recovery_space *sp = &r->space[a->space];
	struct quic_sent *s = &sp->sent;
	bool raised = s->largest_acked == QUIC_PN_NONE || ack->largest > s->largest_acked;

	if (raised)
		s->largest_acked = ack->largest;
	if (a->late)
		quic_recovery_adapt(r, a, rtt);
	if (!a->newly_acked)
		return;
	/* One sample per packet, and none from what need not be acknowledged soon [9002-5.1]. */
	if (a->largest_new && a->eliciting)
		quic_recovery_take_sample(r, a, rtt, ack_delay);
	/* What an older ACK says is no failure [9000-13.4.2.1]. */
	if (raised)
		quic_recovery_check_ecn(sp, a, ack);
	r->ecn_acked |= a->newly_ect && a->newest_acked_at;
	a->ecn_failed |= quic_recovery_drops_ecn(r);
	sp->newest_acked_at = max(sp->newest_acked_at, a->newest_acked_at);
	r->armed_at = a->now;
	if (pto_reset)
		r->pto_count = 0;
	a->judge = true;
}

/* --- loss ---------------------------------------------------------------- */

/* Whether a packet of another space that left in (@from, @to) was acknowledged. */
static bool quic_recovery_acked_between(const struct quic_recovery *r, enum quic_space space,
					quic_us from, quic_us to)
{
	unsigned int i;

	for (i = 0; i < QUIC_NR_SPACES; i++)
		if (i != space && r->space[i].newest_acked_at > from &&
		    r->space[i].newest_acked_at < to)
			return true;
	return false;
}

/* A lost ack-eliciting packet begins or extends a run (RFC 9002 7.6.2). */
static void quic_recovery_extend_run(struct quic_recovery *r, struct quic_recovery_ack *a,
				     const struct quic_sent_pkt *pkt, const struct quic_rtt *rtt)
{
	struct quic_recovery_space *sp = &r->space[a->space];
	quic_us limit;

	if (rtt->first_sample_at == QUIC_US_NEVER || pkt->sent_at <= rtt->first_sample_at)
		return;
	if (sp->persistent_from == QUIC_US_NEVER ||
	    quic_recovery_acked_between(r, a->space, sp->persistent_from, pkt->sent_at)) {
		sp->persistent_from = pkt->sent_at;
		return;
	}
	/* max_ack_delay counts in every space here [9002-7.6.1]. */
	limit = QUIC_PERSISTENT_THRESHOLD * (quic_rtt_pto(rtt) + r->max_ack_delay);
	if (pkt->sent_at - sp->persistent_from > limit) {
		a->persistent = true;
		sp->persistent_from = QUIC_US_NEVER;
	}
}

static void quic_recovery_count_lost(struct quic_recovery *r, struct quic_recovery_ack *a,
				     const struct quic_sent_pkt *pkt, quic_pn pn,
				     const struct quic_rtt *rtt, struct quic_cong *cong)
{
	if (!pkt->in_flight)
		return;
	r->nr_lost++;
	if (pkt->path != r->path)				/* [9000-9.4#1] */
		return;
	r->nr_ecn_lost += pkt->ecn;
	/* A datagram that was too big for the path tells nothing about congestion [9000-14.4]. */
	if (pkt->ctl & QUIC_CTL_MTU_PROBE) {
		a->lost_probe_bytes += pkt->bytes;
		return;
	}
	a->lost_bytes += pkt->bytes;
	a->newest_lost_at = max(a->newest_lost_at, pkt->sent_at);
	a->nr_lost++;
	if (a->first_lost == QUIC_PN_NONE)
		a->first_lost = pn;
	a->lost_runs += a->nr_lost == 1 || pn != a->last_lost + 1;
	a->last_lost = pn;
	quic_cong_count_lost(cong, pkt, &a->excess);
	if (a->space == QUIC_SPACE_APP)
		quic_recovery_log_lost(r, pn, pkt->sent_at);
	if (pkt->eliciting)				/* [9002-7.6.2#1] */
		quic_recovery_extend_run(r, a, pkt, rtt);
}

/*
 * When the first packet in flight from @pn on is lost by time.  What is not
 * in flight needs no timer.  At most packet_threshold - 1 steps.
 */
static quic_us quic_recovery_next_loss(struct quic_sent *s, quic_pn pn, quic_us delay)
{
	for (; pn < s->largest_acked; pn++) {
		const struct quic_sent_pkt *pkt = quic_sent_find(s, pn);

		if (pkt->state == QUIC_SENT_OUT && pkt->in_flight)
			return pkt->sent_at + delay;
	}
	return QUIC_US_NEVER;
}

struct quic_sent_pkt *quic_recovery_lost_next(struct quic_recovery *r,
					      struct quic_recovery_ack *a,
					      const struct quic_rtt *rtt,
					      struct quic_cong *cong)
{
	struct quic_recovery_space *sp = &r->space[a->space];
	quic_us delay = quic_recovery_loss_delay(r, rtt);
	struct quic_sent *s = &sp->sent;
	struct quic_sent_pkt *pkt;
	quic_pn pn;

	if (!a->judge)
		return NULL;
	sp->lost_scan = max(sp->lost_scan, s->base);
	for (; sp->lost_scan < min(s->largest_acked + 1, s->next); sp->lost_scan++) {
		pn = sp->lost_scan;
		pkt = quic_sent_find(s, pn);
		if (pkt->state == QUIC_SENT_ACKED)
			sp->persistent_from = QUIC_US_NEVER;
		if (pkt->state != QUIC_SENT_OUT)
			continue;
		if (pn + r->packet_threshold > s->largest_acked &&
		    pkt->sent_at + delay > a->now)
			break;
		quic_recovery_count_lost(r, a, pkt, pn, rtt, cong);
		quic_sent_settle(s, pkt, QUIC_SENT_LOST);
		sp->lost_scan++;
		return pkt;
	}
	sp->loss_at = quic_recovery_next_loss(s, sp->lost_scan, delay);
	a->judge = false;
	return NULL;
}

void quic_recovery_settle(struct quic_recovery *r, struct quic_recovery_ack *a,
			  struct quic_rtt *rtt, struct quic_cong *cong)
{
	struct quic_cong_ack out = {
		.now = a->now,
		.bytes = a->acked_bytes,
		/* Both end the recovery period. */
		.fresh_bytes = a->persistent || a->spurious ? a->acked_bytes : a->fresh_bytes,
		.newest_sent_at = a->newest_acked_at,
		.lost_bytes = a->lost_bytes,
		.newest_lost_sent_at = a->newest_lost_at,
		.ce_sent_at = QUIC_US_NEVER,
		.persistent = a->persistent,
		.spurious = a->spurious,
		.in_flight_before = cong->in_flight,
		.rtt = rtt,
		.rtt_sample = a->rtt_sample,
		.newest = a->newest,
		.lost_runs = a->lost_runs,
		.excess = a->excess,
	};
	u64 nr_events = cong->nr_events;

	if (a->ce_increased && a->newest_acked_at)
		out.ce_sent_at = a->largest_new ? a->largest_sent_at : a->newest_acked_at;
	if (a->persistent)
		rtt->min = rtt->latest;
	cong->in_flight -= min(a->acked_bytes + a->lost_bytes + a->lost_probe_bytes,
			       cong->in_flight);
	if (a->newly_acked || a->lost_bytes || a->spurious)
		quic_cong_on_ack(cong, &out);
	quic_recovery_note_event(r, a, cong->nr_events != nr_events);
	r->recovery_start = cong->recovery_start;
	quic_sent_trim(&r->space[a->space].sent);
}

/* --- timer --------------------------------------------------------------- */

/* GetLossTimeAndSpace, A.8.  While it gives a time, no PTO is set. */
static quic_us quic_recovery_loss_time(const struct quic_recovery *r, enum quic_space *space)
{
	quic_us at = QUIC_US_NEVER;
	unsigned int i;

	for (i = 0; i < QUIC_NR_SPACES; i++) {
		if (r->space[i].loss_at >= at)
			continue;
		at = r->space[i].loss_at;
		*space = i;
	}
	return at;
}

/*
 * GetPtoTimeAndSpace, A.8.  Two things are kinder than the pseudo code: a
 * client whose only outstanding packets are of a space that may not PTO yet
 * still gets its anti-deadlock timer (6.2.2.1), and that timer counts from the
 * event that set it, however often it is asked for.
 */
static quic_us quic_recovery_pto_time(const struct quic_recovery *r, const struct quic_rtt *rtt,
				      bool client_unvalidated, bool has_handshake_keys,
				      enum quic_space *space)
{
	u32 backoff = min_t(u32, r->pto_count, QUIC_PTO_MAX_BACKOFF);
	quic_us pto = quic_rtt_pto(rtt) << backoff;
	quic_us at = QUIC_US_NEVER;
	unsigned int i;

	for (i = 0; i < QUIC_NR_SPACES; i++) {
		const struct quic_recovery_space *sp = &r->space[i];
		quic_us t = sp->last_eliciting_at + pto;

		if (!sp->sent.nr_eliciting)
			continue;
		if (i == QUIC_SPACE_APP) {
			if (!r->handshake_confirmed)	/* [9002-6.2.1#3] */
				continue;
			t += r->max_ack_delay << backoff;
		}
		if (t < at) {				/* [9002-6.2.1#2] */
			at = t;
			*space = i;
		}
	}
	if (at == QUIC_US_NEVER && client_unvalidated) {	/* [9002-6.2.2.1#2] */
		at = r->armed_at + pto;
		/* [9002-6.2.2.1#3] */
		*space = has_handshake_keys ? QUIC_SPACE_HANDSHAKE : QUIC_SPACE_INITIAL;
	}
	return at;
}

quic_us quic_recovery_deadline(const struct quic_recovery *r, const struct quic_rtt *rtt,
			       bool client_unvalidated, bool has_handshake_keys, bool blocked,
			       quic_us now)
{
	enum quic_space space;
	quic_us at = quic_recovery_loss_time(r, &space);

	if (at != QUIC_US_NEVER)			/* [9002-6.2.1#5] */
		return at;
	/* What can not be answered with a probe needs no timer [9002-6.2.2.1#1]. */
	if (blocked)
		return QUIC_US_NEVER;
	return quic_recovery_pto_time(r, rtt, client_unvalidated, has_handshake_keys, &space);
}

/* A PTO judges no packet [9002-6.2]. */
enum quic_recovery_timeout quic_recovery_on_timeout(struct quic_recovery *r,
						    struct quic_recovery_ack *a,
						    const struct quic_rtt *rtt,
						    bool client_unvalidated,
						    bool has_handshake_keys, quic_us now,
						    enum quic_space *space)
{
	quic_us at;

	memset(a, 0, sizeof(*a));
	a->now = now;
	a->first_lost = QUIC_PN_NONE;
	at = quic_recovery_loss_time(r, space);
	if (at != QUIC_US_NEVER) {
		if (at > now)
			return QUIC_RECOVERY_TIMEOUT_NONE;
		a->space = *space;
		a->judge = true;
		r->armed_at = now;
		return QUIC_RECOVERY_TIMEOUT_LOSS;
	}
	at = quic_recovery_pto_time(r, rtt, client_unvalidated, has_handshake_keys, space);
	if (at > now)
		return QUIC_RECOVERY_TIMEOUT_NONE;
	/* No packet is lost by this; the next takes twice as long. */
	r->armed_at = now;
	r->pto_count++;					/* [9002-6.2.1#4] */
	a->ecn_failed = quic_recovery_drops_ecn(r);
	return QUIC_RECOVERY_TIMEOUT_PTO;
}
