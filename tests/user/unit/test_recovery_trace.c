// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/recovery and the pseudo code of RFC 9002 A and B, step by step on
 * random schedules: three spaces, losses, reordering, late and old ACKs, ECN,
 * PTOs, discarded keys.  After every step all that both know is compared.
 *
 * Two kinds of schedule.  In the first, packets declared lost may still be
 * acknowledged.  In the second they never are, and persistent congestion is
 * compared as well, in a single space.
 */
#include "core/recovery.h"
#include "unit.h"

#include "recovery_bed.h"
#include "recovery_model.h"

/* What the peer of one space has. */
struct peer_space {
	bool got[MODEL_PKTS];
	bool dropped[MODEL_PKTS];
	bool told[MODEL_PKTS];	/* as of an ACK kept to be delivered late */
	s64 told_largest;
	u64 ect0, ce, told_ect0, told_ce;
};

struct trace {
	struct bed bed;
	struct model m;
	struct peer_space peer[3];
	bool single;		/* only the APP space; no ACK of what was declared lost */
	bool ecn;
	bool discarded[2];
	unsigned int loss_percent;
	unsigned int nr_persistent, nr_ptos, nr_undone;
};

static struct trace trace;

static void trace_init(struct trace *t, u64 seed)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	unit_random_seed(seed);
	bed_init(&t->bed);
	t->single = seed & 1;
	t->ecn = seed & 2;
	t->loss_percent = unit_random(3) ? unit_random(40) : 80 + unit_random(20);
	model_init(&t->m, 333000, MSS);
	t->m.max_ack_delay = MAX_ACK_DELAY;
	t->m.confirmed = t->single || unit_random(2);
	t->m.is_client = unit_random(2);
	t->bed.r.handshake_confirmed = t->m.confirmed;
	for (i = 0; i < 3; i++)
		t->peer[i].told_largest = -1;
}

/* --- comparing ----------------------------------------------------------- */

static void compare_packets(struct trace *t, int space)
{
	struct quic_sent *s = &t->bed.r.space[space].sent;
	static const enum model_state states[] = {
		[QUIC_SENT_SKIPPED] = M_SKIPPED, [QUIC_SENT_OUT] = M_OUT,
		[QUIC_SENT_ACKED] = M_ACKED, [QUIC_SENT_LOST] = M_LOST,
	};
	struct model_space *sp = &t->m.space[space];
	u64 pn;

	assert_int_equal(s->next, sp->next);
	for (pn = 0; pn < sp->next; pn++) {
		struct quic_sent_pkt *pkt = quic_sent_find(s, pn);
		struct model_pkt *p = &sp->pkt[pn];

		if (!pkt) {
			/* A record of what is not in flight may go at any time. */
			if (p->state == M_OUT && !p->in_flight)
				p->state = M_FORGOTTEN;
			assert_int_not_equal(p->state, M_OUT);
		} else if (p->state == M_FORGOTTEN) {
			assert_int_equal(pkt->state, QUIC_SENT_LOST);
		} else {
			assert_int_equal(states[pkt->state], p->state);
		}
	}
	assert_int_equal(s->nr_eliciting != 0, model_has_eliciting(&t->m, space));
}

static void compare_timer(struct trace *t)
{
	bool client_unvalidated = !model_peer_validated(&t->m), is_loss;
	unsigned int blocked;
	quic_us got;
	int space;

	for (blocked = 0; blocked < 2; blocked++) {
		u64 want = model_timer(&t->m, blocked, &space, &is_loss);

		got = quic_recovery_deadline(&t->bed.r, &t->bed.rtt, client_unvalidated,
					     t->m.has_handshake_keys, blocked, t->bed.now);
		assert_int_equal(got == QUIC_US_NEVER ? 0 : got, want);
	}
}

static void compare(struct trace *t)
{
	const struct bed *b = &t->bed;
	const struct model *m = &t->m;
	unsigned int i;

	for (i = 0; i < 3; i++)
		compare_packets(t, i);
	assert_int_equal(b->rtt.latest, m->latest_rtt);
	assert_int_equal(b->rtt.smoothed, m->smoothed_rtt);
	assert_int_equal(b->rtt.var, m->rttvar);
	if (t->single || !t->nr_persistent)
		assert_int_equal(b->rtt.min, m->min_rtt);
	assert_int_equal(b->r.pto_count, m->pto_count);
	assert_int_equal(b->cong.in_flight, m->bytes_in_flight);
	assert_int_equal(b->cong.cwnd, m->cwnd);
	assert_int_equal(b->cong.recovery_start == QUIC_US_NEVER ? 0 : b->cong.recovery_start,
			 m->recovery_start);
	compare_timer(t);
}

/* --- steps --------------------------------------------------------------- */

static int pick_space(struct trace *t)
{
	int space = t->single ? 2 : unit_random(3);

	return space < 2 && t->discarded[space] ? 2 : space;
}

static void step_send(struct trace *t)
{
	unsigned int n = unit_random(unit_random(5) ? 4 : 40) + 1;
	int space = pick_space(t);
	struct model_space *sp = &t->m.space[space];

	if (!t->single && !unit_random(10) && sp->next < MODEL_PKTS) {
		assert_int_equal(quic_sent_skip(&t->bed.r.space[space].sent), 0);
		sp->pkt[sp->next++].state = M_SKIPPED;
	}
	while (n-- && sp->next < MODEL_PKTS) {
		bool eliciting = unit_random(5), in_flight = eliciting || !unit_random(8);

		bed_send_ctl(&t->bed, space, eliciting, in_flight, t->ecn, 0);
		model_on_sent(&t->m, space, t->bed.now, MSS, eliciting, in_flight, t->ecn);
		if (!unit_random(3))
			t->bed.now += unit_random(2000);
	}
	if (space == 1)
		t->m.has_handshake_keys = true;
}

/* The network delivers some of what is out, not in order. */
static void deliver(struct trace *t, int space)
{
	struct model_space *sp = &t->m.space[space];
	struct peer_space *p = &t->peer[space];
	u64 pn = sp->next > 200 ? sp->next - 200 : 0;

	for (; pn < sp->next; pn++) {
		if (p->got[pn] || sp->pkt[pn].state == M_SKIPPED || unit_random(3) == 0)
			continue;
		if (sp->pkt[pn].state == M_LOST && t->single)
			continue;
		/* Dropped for good, or just late. */
		if (p->dropped[pn] || unit_random(100) < t->loss_percent) {
			p->dropped[pn] = t->single;
			continue;
		}
		p->got[pn] = true;
		if (!sp->pkt[pn].ecn)
			continue;
		if (unit_random(100) < 3)
			p->ce++;
		else
			p->ect0++;
	}
}

static void follow_reordering(struct trace *t)
{
	const struct quic_recovery *r = &t->bed.r;

	assert_in_range(r->packet_threshold, 3, QUIC_PACKET_THRESHOLD_MAX);
	assert_in_range(r->time_threshold_num, 9, QUIC_TIME_THRESHOLD_NUM_MAX);
	/* Only late packets make it patient. */
	assert_true(t->bed.r.nr_spurious || r->packet_threshold == 3);
	t->m.packet_threshold = r->packet_threshold;
	t->m.time_eighths = r->time_threshold_num;
	t->m.undo = t->bed.a.spurious;
}

static void hand_ack(struct trace *t, int space, const bool *has, s64 largest, u64 ect0, u64 ce)
{
	u64 counts[3] = { ect0, 0, ce }, delay = unit_random(60000);
	quic_pn acked[MODEL_PKTS];
	struct bed *b = &t->bed;
	struct quic_sent_pkt *pkt;
	unsigned int nr = 0;
	struct quic_ranges r;
	s64 pn;

	quic_ranges_init(&r, U16_MAX);
	for (pn = 0; pn <= largest; pn++)
		if (has[pn])
			quic_ranges_add(&r, pn, pn + 1);
	bed_make_ack(b, &r, t->ecn ? counts : NULL);
	quic_ranges_exit(&r);

	assert_int_equal(quic_recovery_ack_begin(&b->r, &b->a, space, &b->frame.ack, b->now), 0);
	while ((pkt = quic_recovery_ack_next(&b->r, &b->a)))
		acked[nr++] = bed_pn(b, pkt);
	/* An ACK of a Handshake packet is what validates us. */
	t->m.has_handshake_ack |= space == 1 && nr;
	quic_recovery_ack_end(&b->r, &b->a, &b->frame.ack, &b->rtt, &b->cong, delay,
			      model_peer_validated(&t->m));
	follow_reordering(t);
	model_begin_step(&t->m);
	model_on_ack(&t->m, space, has, largest, delay, t->ecn ? (s64)ce : -1, b->now);
	t->m.undo = false;
	while (nr)
		assert_true(t->m.space[space].pkt[acked[--nr]].now_acked);
	bed_walk_lost(b);
	t->nr_undone = b->cong.nr_undone;
	/* Honest counts never fail; marks may all have been lost. */
	assert_true(!b->a.ecn_failed || !b->r.ecn_acked);
}

/*
 * What a spurious loss does to a span of persistent congestion, and what other
 * spaces do to it, is not the model's to say: it follows.
 */
static void follow_persistent(struct trace *t)
{
	if (t->single)
		assert_int_equal(t->bed.a.persistent, t->m.persistent);
	t->nr_persistent += t->bed.a.persistent;
	if (t->single || t->bed.a.persistent == t->m.persistent)
		return;
	t->m.cwnd = t->bed.cong.cwnd;
	t->m.recovery_start = t->bed.cong.recovery_start == QUIC_US_NEVER ? 0 :
			      t->bed.cong.recovery_start;
	t->m.min_rtt = t->bed.rtt.min;
}

static void step_ack(struct trace *t)
{
	int space = pick_space(t);
	struct peer_space *p = &t->peer[space];
	s64 largest = -1;
	u64 pn;

	t->bed.now += unit_random(100000);
	deliver(t, space);
	for (pn = 0; pn < t->m.space[space].next; pn++)
		if (p->got[pn])
			largest = pn;
	if (largest < 0)
		return;
	if (!unit_random(8) && p->told_largest >= 0 && !t->single) {
		/* An old ACK comes late. */
		hand_ack(t, space, p->told, p->told_largest, p->told_ect0, p->told_ce);
	} else {
		if (!unit_random(4)) {
			memcpy(p->told, p->got, sizeof(p->got));
			p->told_largest = largest;
			p->told_ect0 = p->ect0;
			p->told_ce = p->ce;
		}
		hand_ack(t, space, p->got, largest, p->ect0, p->ce);
	}
	follow_persistent(t);
}

static void step_timeout(struct trace *t)
{
	bool client_unvalidated = !model_peer_validated(&t->m), is_loss;
	enum quic_recovery_timeout what;
	struct bed *b = &t->bed;
	enum quic_space space = QUIC_NR_SPACES;
	int want_space = 0;
	u64 at = model_timer(&t->m, false, &want_space, &is_loss);

	/* A timer that is early finds nothing to do. */
	if (at > b->now) {
		what = quic_recovery_on_timeout(&b->r, &b->a, &b->rtt, client_unvalidated,
						t->m.has_handshake_keys, b->now, &space);
		assert_int_equal(what, QUIC_RECOVERY_TIMEOUT_NONE);
	}
	if (!at)
		return;
	b->now = max(b->now, at + unit_random(3) * 1000);
	what = quic_recovery_on_timeout(&b->r, &b->a, &b->rtt, client_unvalidated,
					t->m.has_handshake_keys, b->now, &space);
	assert_int_equal(space, want_space);
	t->m.armed_at = b->now;
	if (is_loss) {
		assert_int_equal(what, QUIC_RECOVERY_TIMEOUT_LOSS);
		bed_walk_lost(b);
		model_begin_step(&t->m);
		t->m.packet_threshold = b->r.packet_threshold;
		t->m.time_eighths = b->r.time_threshold_num;
		model_detect_lost(&t->m, space, b->now);
		model_on_lost(&t->m, space, b->now);
		follow_persistent(t);
	} else {
		assert_int_equal(what, QUIC_RECOVERY_TIMEOUT_PTO);
		t->m.pto_count++;
		t->nr_ptos++;
		/* What tests only the arithmetic of an hour's silence. */
		if (t->m.pto_count > 10) {
			b->r.pto_count--;
			t->m.pto_count--;
		}
	}
}

static void step_rare(struct trace *t)
{
	int space = unit_random(2);

	if (t->single)
		return;
	if (unit_random(3) == 0) {
		t->m.confirmed = true;
		t->bed.r.handshake_confirmed = true;
	} else if (!t->discarded[space] && unit_random(3) == 0) {
		t->discarded[space] = true;
		quic_recovery_discard_space(&t->bed.r, space, &t->bed.cong);
		model_discard(&t->m, space);
	}
}

static void run(u64 seed)
{
	struct trace *t = &trace;
	unsigned int step;

	trace_init(t, seed);
	for (step = 0; step < 250; step++) {
		t->bed.now += unit_random(unit_random(10) ? 3000 : t->single ? 1500000 : 300000);
		switch (unit_random(20)) {
		case 0 ... 8:
			step_send(t);
			break;
		case 9 ... 16:
			step_ack(t);
			break;
		case 17 ... 18:
			step_timeout(t);
			break;
		default:
			step_rare(t);
			break;
		}
		compare(t);
	}
	bed_exit(&t->bed);
}

/* [9002-6.2.1#1,2,5] */
static void recovery_follows_the_pseudo_code(void **state)
{
	unsigned int persistent = 0, ptos = 0, lost = 0, spurious = 0, undone = 0;
	u64 seed;

	for (seed = 0; seed < 200; seed++) {
		run(seed);
		persistent += trace.nr_persistent;
		ptos += trace.nr_ptos;
		lost += trace.bed.r.nr_lost;
		spurious += trace.bed.r.nr_spurious;
		undone += trace.nr_undone;
	}
	/* The schedules reach what they are for. */
	assert_true(persistent > 50 && ptos > 500 && lost > 10000 && spurious > 100 &&
		    undone > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recovery_follows_the_pseudo_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
