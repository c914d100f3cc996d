// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BBR alone with a path: the example test cases of draft-ietf-ccwg-bbr
 *
 *	sender --paced--> [queue] --rate--> receiver --ACK of what came, as a path
 *	   ^								says--+
 *	   +----------------------- delay ----------------------------+
 *
 * A packet is lost when a later one by three was acknowledged.  Time goes in steps
 * of 100 us.
 */
#include <math.h>

#include "core/bbr.h"
#include "core/pacer.h"
#include "unit.h"

#define MSS	1200U
#define SLOTS	65536U
#define STEP_US	100U
#define SEC	1000000ULL

enum fate { FATE_OUT, FATE_ARRIVED, FATE_DROPPED, FATE_DONE };

struct bed {
	struct quic_cong c;
	struct quic_rtt rtt;
	struct quic_pacer pacer;
	quic_us now;
	/* The path. */
	u64 rate;			/* bytes per second */
	quic_us delay;			/* both ways */
	quic_us queue;			/* in time */
	unsigned int loss_permille;
	quic_us aggregate;		/* ACKs come at multiples of it, 0: at once */
	u64 app_rate;			/* bytes per second the application has, 0: plenty */
	bool paused;
	bool late_instead;		/* what would be dropped is merely late */
	/* Packets in order. */
	struct quic_sent_pkt pkt[SLOTS];
	enum fate fate[SLOTS];
	quic_us acked_at[SLOTS];
	u64 next, base, acked_next;
	quic_us link_free;
	double app_bytes;
	/* What was seen. */
	u64 arrived_bytes, lost_bytes;
	unsigned int seen;		/* bit per state */
	unsigned int entered[QUIC_NR_BBR_STATES];
	u8 last_state;
	quic_us max_rtt;
};

static struct bed bed;

static struct quic_bbr *bbr(void)
{
	return (struct quic_bbr *)bed.c.priv;
}

static void begin(u64 rate, quic_us delay, quic_us queue)
{
	memset(&bed, 0, sizeof(bed));
	unit_random_seed(1);
	bed.now = 1000000;
	bed.rate = rate;
	bed.delay = delay;
	bed.queue = queue;
	quic_rtt_init(&bed.rtt, 0);
	quic_cong_init(&bed.c, &quic_cong_bbr_ops, MSS, bed.now);
	quic_pacer_init(&bed.pacer);
}

static void bed_transmit(struct bed *b)
{
	struct quic_sent_pkt *p = &b->pkt[b->next % SLOTS];
	quic_us leave = max(b->link_free, b->now);
	bool drop;

	*p = (struct quic_sent_pkt){ .sent_at = b->now, .bytes = MSS };
	quic_cong_on_sent(&b->c, p);
	drop = leave - b->now > b->queue || unit_random(1000) < b->loss_permille;
	b->fate[b->next % SLOTS] = drop && !b->late_instead ? FATE_DROPPED : FATE_OUT;
	if (!drop || b->late_instead)
		b->link_free = leave + MSS * SEC / b->rate;
	b->acked_at[b->next % SLOTS] = b->link_free + b->delay +
				       (drop && b->late_instead ? b->delay / 2 : 0);
	if (b->aggregate)
		b->acked_at[b->next % SLOTS] = roundup(b->acked_at[b->next % SLOTS], b->aggregate);
	b->next++;
	assert_true(b->next - b->base < SLOTS);
}

static void bed_send(struct bed *b)
{
	u64 rate = quic_cong_pacing_rate(&b->c, &b->rtt), paced, sent = 0;
	bool idle;

	b->app_bytes = b->app_rate ? b->app_bytes + b->app_rate * STEP_US / 1e6 : MSS;
	paced = quic_pacer_room(&b->pacer, b->now, rate, MSS);
	while (!b->paused && b->app_bytes >= MSS && quic_cong_room(&b->c) >= MSS &&
	       paced >= sent + MSS) {
		bed_transmit(b);
		sent += MSS;
		if (b->app_rate)
			b->app_bytes -= MSS;
	}
	if (sent)
		quic_pacer_on_sent(&b->pacer, b->now, rate, sent);
	idle = b->paused || b->app_bytes < MSS;
	quic_cong_set_app_limited(&b->c, idle && quic_cong_room(&b->c) >= MSS);
}

static void bed_watch(struct bed *b)
{
	u8 state = bbr()->state;

	b->entered[state] += state != b->last_state || !b->seen;
	b->seen |= BIT(state);
	b->last_state = state;
}

/* One ACK of everything that has come to the receiver and back by now. */
static void bed_ack(struct bed *b)
{
	struct quic_cong_ack a = {
		.now = b->now, .ce_sent_at = QUIC_US_NEVER, .rtt = &b->rtt,
	};
	bool last_lost = false;
	u64 pn, newest = 0;

	for (pn = b->base; pn < b->next; pn++) {
		struct quic_sent_pkt *p = &b->pkt[pn % SLOTS];

		if (b->fate[pn % SLOTS] != FATE_OUT || b->acked_at[pn % SLOTS] > b->now)
			continue;
		b->fate[pn % SLOTS] = FATE_DONE;
		a.bytes += p->bytes;
		a.newest = p;
		newest = pn;
		a.newest_sent_at = p->sent_at;
		a.fresh_bytes += quic_cong_in_recovery(&b->c, p->sent_at) ? 0 : p->bytes;
	}
	if (!a.bytes)
		return;
	b->acked_next = max(b->acked_next, newest + 1);
	for (pn = b->base; pn + 3 < b->acked_next; pn++) {
		struct quic_sent_pkt *p = &b->pkt[pn % SLOTS];
		bool lost = b->fate[pn % SLOTS] == FATE_DROPPED;

		if (lost) {
			b->fate[pn % SLOTS] = FATE_DONE;
			a.lost_bytes += p->bytes;
			a.newest_lost_sent_at = p->sent_at;
			a.lost_runs += !last_lost;
			quic_cong_count_lost(&b->c, p, &a.excess);
		}
		last_lost = lost;
	}
	while (b->base < b->next && b->fate[b->base % SLOTS] == FATE_DONE)
		b->base++;
	b->arrived_bytes += a.bytes;
	b->lost_bytes += a.lost_bytes;
	quic_rtt_sample(&b->rtt, b->now - a.newest_sent_at, 0, b->now);
	b->max_rtt = max(b->max_rtt, b->rtt.latest);
	a.rtt_sample = b->rtt.latest;
	b->c.in_flight -= a.bytes + a.lost_bytes;
	quic_cong_on_ack(&b->c, &a);
	bed_watch(b);
}

static void run(quic_us us)
{
	quic_us until = bed.now + us;

	while (bed.now < until) {
		bed.now += STEP_US;
		bed_ack(&bed);
		bed_send(&bed);
	}
}

/* Runs until the state is reached: how long that took. */
static quic_us run_to(enum quic_bbr_state state)
{
	quic_us from = bed.now;

	while (bbr()->state != state) {
		run(STEP_US);
		assert_true(bed.now < from + 60 * SEC);
	}
	return bed.now - from;
}

/* Runs until it has left the state it is in. */
static enum quic_bbr_state run_on(void)
{
	u8 state = bbr()->state;
	quic_us from = bed.now;

	while (bbr()->state == state) {
		run(STEP_US);
		assert_true(bed.now < from + 60 * SEC);
	}
	return bbr()->state;
}

/* Share of the link that was used in the next @us. */
static double use(quic_us us)
{
	u64 was = bed.arrived_bytes;

	run(us);
	return (bed.arrived_bytes - was) * 1e6 / us / bed.rate;
}

static bool is_close(u64 value, u64 want, double share)
{
	return fabs((double)value - want) <= want * share;
}

/* ---- Startup ---- */

static void startup_ends_when_the_rate_no_longer_grows(void **state)
{
	begin(1250000, 40000, 200000);
	assert_int_equal(run_on(), QUIC_BBR_DRAIN);
	assert_true(bbr()->full_bw_now && bbr()->full_bw_reached);
	assert_int_equal(bbr()->full_bw_count, 3);
	assert_true(is_close(max(bbr()->max_bw[0], bbr()->max_bw[1]), 1250000, 0.02));
	assert_int_equal(bed.lost_bytes, 0);
	/* O(log BDP) round trips and the three of the plateau. */
	assert_true(bed.now < 1 * SEC + 15 * 40000);
}

static void startup_ends_by_loss_though_application_limited(void **state)
{
	begin(12500000, 40000, 200000);
	bed.app_rate = 1500000;
	run(1 * SEC);
	assert_int_equal(bbr()->state, QUIC_BBR_STARTUP);
	bed.loss_permille = 150;
	run(1 * SEC);
	assert_true(bbr()->full_bw_reached);
	/* Nothing queues: DRAIN and DOWN are over in the same ACK. */
	assert_true(bed.seen & (BIT(QUIC_BBR_DRAIN) | BIT(QUIC_BBR_CRUISE)));
	assert_true(bbr()->inflight_long != U64_MAX);
}

static void startup_goes_on_while_application_limited_without_loss(void **state)
{
	begin(12500000, 40000, 200000);
	bed.app_rate = 500000;
	run(4 * SEC);
	assert_int_equal(bbr()->state, QUIC_BBR_STARTUP);
	assert_false(bbr()->full_bw_reached);
}

/* ---- Drain ---- */

static void drain_ends_with_the_queue(void **state)
{
	begin(1250000, 40000, 200000);
	run_to(QUIC_BBR_DRAIN);
	assert_true(is_close(quic_cong_pacing_rate(&bed.c, &bed.rtt), 1250000 / 2, 0.03));
	assert_true(bed.c.in_flight > quic_bbr_inflight(&bed.c, bbr(), bbr()->bw));
	/* One ACK can be the end of DOWN too. */
	assert_in_range(run_on(), QUIC_BBR_DOWN, QUIC_BBR_CRUISE);
	assert_true(bed.c.in_flight <= quic_bbr_inflight(&bed.c, bbr(), bbr()->bw) + 2 * MSS);
}

static void drain_ends_after_three_rounds_at_the_latest(void **state)
{
	u32 from;

	begin(1250000, 40000, 400000);
	run_to(QUIC_BBR_DRAIN);
	from = bbr()->rounds;
	bed.rate /= 4;
	assert_int_equal(run_on(), QUIC_BBR_DOWN);
	assert_true(bed.c.in_flight > quic_bbr_inflight(&bed.c, bbr(), bbr()->bw));
	assert_int_equal(bbr()->rounds, from + 4);
}

/* ---- ProbeBW ---- */

static void the_cycle_is_down_cruise_refill_up(void **state)
{
	unsigned int i;

	begin(1250000, 40000, 200000);
	for (i = 0; i < 2; i++) {
		run_to(QUIC_BBR_CRUISE);
		assert_true(bed.c.in_flight <= quic_bbr_inflight(&bed.c, bbr(), 1250000) + 2 * MSS);
		/* Slower than Reno would at this size: 41 packets, and 2 to 3 s at most. */
		assert_int_equal(run_on(), QUIC_BBR_REFILL);
		assert_in_range(bed.now - bbr()->cycle_at, 40000 * 30, 3 * SEC + 200000);
		assert_int_equal(run_on(), QUIC_BBR_UP);
		assert_true(is_close(quic_cong_pacing_rate(&bed.c, &bed.rtt), 1250000 * 5 / 4,
				     0.05));
		assert_int_equal(run_on(), QUIC_BBR_DOWN);
	}
}

static void the_link_is_used_and_the_queue_stays_short(void **state)
{
	begin(1250000, 40000, 400000);
	run(2 * SEC);
	bed.max_rtt = 0;
	assert_true(use(20 * SEC) > 0.95);
	/* 1.5 BDP of queue at most, when it probes. */
	assert_true(bed.max_rtt < 40000 * 5 / 2 + 5000);
	assert_int_equal(bed.lost_bytes, 0);
}

static void probing_ends_when_it_loses_too_much(void **state)
{
	/* The queue takes a quarter of the BDP: probing overflows it. */
	begin(1250000, 80000, 8000);
	run(20 * SEC);
	assert_true(bbr()->inflight_long != U64_MAX);
	assert_true(bed.entered[QUIC_BBR_UP] > 2);
	assert_true(bed.lost_bytes < bed.arrived_bytes / 50);
	assert_true(use(10 * SEC) > 0.80);
}

static void random_loss_below_the_threshold_costs_little(void **state)
{
	begin(1250000, 40000, 100000);
	bed.loss_permille = 10;
	run(2 * SEC);
	assert_true(use(20 * SEC) > 0.8);
}

static void ten_times_the_rate_is_found(void **state)
{
	begin(1250000, 40000, 100000);
	run_to(QUIC_BBR_CRUISE);
	bed.rate *= 10;
	run(20 * SEC);
	assert_true(use(5 * SEC) > 0.9);
}

static void a_tenth_of_the_rate_is_adapted_to(void **state)
{
	begin(12500000, 40000, 100000);
	run_to(QUIC_BBR_CRUISE);
	bed.rate /= 10;
	run(15 * SEC);
	assert_true(bbr()->bw < 1250000 * 11 / 10);
	assert_true(max(bbr()->max_bw[0], bbr()->max_bw[1]) < 1250000 * 13 / 10);
	assert_true(use(5 * SEC) > 0.9);
}

static void less_than_a_packet_of_bdp_still_flows(void **state)
{
	/* 64 kbit/s, 10 ms: 80 bytes. */
	begin(8000, 10000, 10 * SEC);
	run(20 * SEC);
	assert_true(use(20 * SEC) > 0.9);
	assert_true(bed.c.cwnd >= 4 * MSS);
}

static void aggregated_acks_do_not_starve_it(void **state)
{
	begin(1250000, 40000, 200000);
	bed.aggregate = 30000;
	run(3 * SEC);
	assert_true(max(bbr()->extra_acked[0], bbr()->extra_acked[1]) > 10 * MSS);
	assert_true(use(10 * SEC) > 0.9);
}

/* ---- ProbeRTT, idle ---- */

static void probe_rtt_comes_every_five_seconds(void **state)
{
	quic_us at;

	begin(1250000, 40000, 200000);
	run_to(QUIC_BBR_DRAIN);
	run_to(QUIC_BBR_PROBE_RTT);
	assert_in_range(bed.now, 5 * SEC, 8 * SEC);
	assert_true(bed.c.cwnd <= 1250000 / 25 / 2 + 4 * MSS);
	at = bed.now;
	assert_int_equal(run_on(), QUIC_BBR_CRUISE);
	assert_in_range(bed.now - at, 200000, 500000);
	assert_true(is_close(bbr()->min_rtt, 40000 + MSS * SEC / 1250000, 0.1));
	/* And it sends on as before. */
	assert_true(use(2 * SEC) > 0.9);
}

static void idle_time_stands_in_for_probe_rtt(void **state)
{
	begin(1250000, 40000, 200000);
	run_to(QUIC_BBR_CRUISE);
	bed.paused = true;
	run(6 * SEC);
	assert_int_equal(bed.c.in_flight, 0);
	bed.paused = false;
	bed.seen = 0;
	run(STEP_US * 2);
	assert_true(bbr()->idle_restart);
	assert_true(is_close(quic_cong_pacing_rate(&bed.c, &bed.rtt), 1250000 * 99 / 100, 0.03));
	run(1 * SEC);
	assert_false(bed.seen & BIT(QUIC_BBR_PROBE_RTT));
	assert_true(use(2 * SEC) > 0.9);
}

/* ---- losses and their undoing ---- */

static void hand_loss(bool spurious, bool ce)
{
	struct quic_cong_ack a = {
		.now = bed.now, .ce_sent_at = ce ? bed.now - 1 : QUIC_US_NEVER,
		.rtt = &bed.rtt, .spurious = spurious,
	};

	if (!spurious && !ce) {
		a.lost_bytes = MSS;
		a.newest_lost_sent_at = bed.now - 1;
		bed.c.in_flight -= MSS;
		bed.fate[(bed.next - 1) % SLOTS] = FATE_DONE;
		a.excess = (struct quic_cong_loss){
			.found = true, .bytes = MSS, .tx_in_flight = bed.c.in_flight, .lost = MSS,
		};
	}
	quic_cong_on_ack(&bed.c, &a);
}

static void a_spurious_loss_gives_everything_back(void **state)
{
	u64 cwnd, inflight_long;

	begin(1250000, 40000, 200000);
	run_to(QUIC_BBR_UP);
	run(5000);
	cwnd = bed.c.cwnd;
	inflight_long = bbr()->inflight_long;
	hand_loss(false, false);
	assert_int_equal(bbr()->state, QUIC_BBR_DOWN);
	assert_true(bbr()->inflight_long < inflight_long);
	hand_loss(true, false);
	assert_int_equal(bbr()->state, QUIC_BBR_REFILL);
	assert_true(bbr()->inflight_long >= inflight_long);
	assert_true(bed.c.cwnd >= cwnd);
	assert_int_equal(bed.c.nr_undone, 1);
}

/* "MUST treat any CE marks as congestion" */
static void a_ce_mark_ends_startup(void **state)
{
	struct quic_cong_ack a = { .ce_sent_at = 0, .rtt = &bed.rtt };

	begin(1250000, 40000, 200000);
	run(100000);
	assert_int_equal(bbr()->state, QUIC_BBR_STARTUP);
	a.now = bed.now;
	a.ce_sent_at = bed.now - 1000;
	a.newest = &bed.pkt[bed.base % SLOTS];
	a.bytes = MSS;
	a.newest_sent_at = a.newest->sent_at;
	quic_cong_on_ack(&bed.c, &a);
	assert_int_equal(bbr()->state, QUIC_BBR_DRAIN);
	assert_int_equal(bed.c.nr_events, 1);
}

/* [9002-7.6.2] */
static void persistent_congestion_leaves_two_packets(void **state)
{
	struct quic_cong_ack a = {
		.lost_bytes = MSS, .persistent = true, .ce_sent_at = QUIC_US_NEVER,
		.rtt = &bed.rtt, .bytes = MSS,
	};

	begin(1250000, 40000, 200000);
	run_to(QUIC_BBR_CRUISE);
	a.now = bed.now;
	a.newest_lost_sent_at = bed.now - 1;
	a.newest = &bed.pkt[bed.base % SLOTS];
	a.newest_sent_at = a.newest->sent_at;
	quic_cong_on_ack(&bed.c, &a);
	assert_int_equal(bed.c.cwnd, 2 * MSS);
}

static void no_rate_or_delay_overflows(void **state)
{
	static const u64 rates[] = { 1200, 125000, 12500000, 125000000 };
	static const quic_us delays[] = { 100, 10000, 1000000 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rates); i++)
		for (j = 0; j < ARRAY_SIZE(delays); j++) {
			if (rates[i] * delays[j] / SEC > MSS * (SLOTS / 8))
				continue;
			begin(rates[i], delays[j], 50000);
			bed.loss_permille = 5;
			run(500000);
			assert_true(bed.c.cwnd >= 2 * MSS);
			assert_true(quic_cong_pacing_rate(&bed.c, &bed.rtt) >= 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(startup_ends_when_the_rate_no_longer_grows),
		cmocka_unit_test(startup_ends_by_loss_though_application_limited),
		cmocka_unit_test(startup_goes_on_while_application_limited_without_loss),
		cmocka_unit_test(drain_ends_with_the_queue),
		cmocka_unit_test(drain_ends_after_three_rounds_at_the_latest),
		cmocka_unit_test(the_cycle_is_down_cruise_refill_up),
		cmocka_unit_test(the_link_is_used_and_the_queue_stays_short),
		cmocka_unit_test(probing_ends_when_it_loses_too_much),
		cmocka_unit_test(random_loss_below_the_threshold_costs_little),
		cmocka_unit_test(ten_times_the_rate_is_found),
		cmocka_unit_test(a_tenth_of_the_rate_is_adapted_to),
		cmocka_unit_test(less_than_a_packet_of_bdp_still_flows),
		cmocka_unit_test(aggregated_acks_do_not_starve_it),
		cmocka_unit_test(probe_rtt_comes_every_five_seconds),
		cmocka_unit_test(idle_time_stands_in_for_probe_rtt),
		cmocka_unit_test(a_spurious_loss_gives_everything_back),
		cmocka_unit_test(a_ce_mark_ends_startup),
		cmocka_unit_test(persistent_congestion_leaves_two_packets),
		cmocka_unit_test(no_rate_or_delay_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
