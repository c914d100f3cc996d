/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recovery_model.h - RFC 9002 A and B written down as they stand
 *
 * Slow and simple: every packet ever sent stays in an array, and every
 * function scans all of it.  test_recovery compares core/recovery with this on
 * random schedules.  Where core/recovery departs from the pseudo code, as the
 * RFC's text allows, the model says so.
 */
#ifndef _QUIC_RECOVERY_MODEL_H
#define _QUIC_RECOVERY_MODEL_H

#define MODEL_PKTS 4096

enum model_state { M_SKIPPED, M_OUT, M_ACKED, M_LOST, M_FORGOTTEN };

struct model_pkt {
	enum model_state state;
	u64 time_sent;
	u32 bytes;
	bool eliciting, in_flight, ecn;
	bool now_acked, now_lost;	/* by the step under way */
};

struct model_space {
	struct model_pkt pkt[MODEL_PKTS];
	u64 next;
	s64 largest_acked;	/* -1: none */
	u64 time_of_last_eliciting, loss_time;	/* 0: none */
	u64 ecn_ce;
	s64 persistent_after;	/* packets up to it had their verdict */
};

struct model {
	struct model_space space[3];
	u64 latest_rtt, smoothed_rtt, rttvar, min_rtt, first_rtt_sample;
	u64 max_ack_delay;
	u32 pto_count;
	bool confirmed, is_client, has_handshake_ack, has_handshake_keys;
	u64 bytes_in_flight, cwnd, ssthresh, recovery_start;
	u64 undo_cwnd, undo_ssthresh;
	u64 armed_at;
	u32 mss;
	bool persistent;	/* found by the step under way */
	/* Adaptation to reordering is core/recovery's choice, within bounds: the model follows. */
	u32 packet_threshold, time_eighths;
	bool undo;		/* the step under way finds the last reduction spurious */
};

static void model_init(struct model *m, u64 initial_rtt, u32 mss)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->smoothed_rtt = initial_rtt;
	m->rttvar = initial_rtt / 2;
	m->mss = mss;
	m->cwnd = 10 * mss;
	m->ssthresh = U64_MAX;
	m->packet_threshold = 3;
	m->time_eighths = 9;
	for (i = 0; i < 3; i++) {
		m->space[i].largest_acked = -1;
		m->space[i].persistent_after = -1;
	}
}

static void model_begin_step(struct model *m)
{
	unsigned int i;
	u64 pn;

	m->persistent = false;
	for (i = 0; i < 3; i++)
		for (pn = 0; pn < m->space[i].next; pn++) {
			m->space[i].pkt[pn].now_acked = false;
			m->space[i].pkt[pn].now_lost = false;
		}
}

/* A.5 and B.4 */
static void model_on_sent(struct model *m, int space, u64 now, u32 bytes, bool eliciting,
			  bool in_flight, bool ecn)
{
	struct model_space *sp = &m->space[space];

	sp->pkt[sp->next++] = (struct model_pkt){
		.state = M_OUT, .time_sent = now, .bytes = bytes, .eliciting = eliciting,
		.in_flight = in_flight, .ecn = ecn,
	};
	if (!in_flight)
		return;
	if (eliciting)
		sp->time_of_last_eliciting = now;
	m->bytes_in_flight += bytes;
	m->armed_at = now;
}

/* A.7, UpdateRtt; Initial packets: 5.3 lets us ignore the delay. */
static void model_update_rtt(struct model *m, int space, u64 ack_delay, u64 now)
{
	u64 adjusted, diff;

	if (!m->latest_rtt)
		m->latest_rtt = 1;
	if (!m->first_rtt_sample) {
		m->min_rtt = m->latest_rtt;
		m->smoothed_rtt = m->latest_rtt;
		m->rttvar = m->latest_rtt / 2;
		m->first_rtt_sample = now;
		return;
	}
	if (m->latest_rtt < m->min_rtt)
		m->min_rtt = m->latest_rtt;
	if (space == 0)
		ack_delay = 0;
	if (m->confirmed && ack_delay > m->max_ack_delay)
		ack_delay = m->max_ack_delay;
	adjusted = m->latest_rtt;
	if (m->latest_rtt >= m->min_rtt + ack_delay)
		adjusted = m->latest_rtt - ack_delay;
	diff = adjusted > m->smoothed_rtt ? adjusted - m->smoothed_rtt : m->smoothed_rtt - adjusted;
	m->rttvar = (3 * m->rttvar + diff) / 4;
	m->smoothed_rtt = (7 * m->smoothed_rtt + adjusted) / 8;
	if (!m->smoothed_rtt)
		m->smoothed_rtt = 1;
}

static bool model_in_recovery(const struct model *m, u64 sent_time)
{
	return m->recovery_start && sent_time <= m->recovery_start;
}

/* B.6 */
static void model_congestion_event(struct model *m, u64 sent_time, u64 now)
{
	if (model_in_recovery(m, sent_time))
		return;
	m->recovery_start = now;
	m->undo_cwnd = m->cwnd;
	m->undo_ssthresh = m->ssthresh;
	m->ssthresh = m->cwnd / 2;
	m->cwnd = m->ssthresh > 2 * m->mss ? m->ssthresh : 2 * m->mss;
}

/* RFC 9438 4.9.2, in other words. */
static void model_undo(struct model *m)
{
	if (m->cwnd < m->undo_cwnd) {
		m->cwnd = m->undo_cwnd;
		m->ssthresh = m->undo_ssthresh;
	}
	m->recovery_start = 0;
}

/* A.10; 6.1: what is not in flight is not lost, it is forgotten, and needs no timer. */
static void model_detect_lost(struct model *m, int space, u64 now)
{
	struct model_space *sp = &m->space[space];
	u64 rtt = m->latest_rtt > m->smoothed_rtt ? m->latest_rtt : m->smoothed_rtt;
	u64 delay = m->time_eighths * rtt / 8;
	s64 pn;

	if (delay < 1000)
		delay = 1000;
	sp->loss_time = 0;
	for (pn = 0; pn < (s64)sp->next; pn++) {
		struct model_pkt *p = &sp->pkt[pn];

		if (p->state != M_OUT || pn > sp->largest_acked)
			continue;
		if (p->time_sent + delay <= now || sp->largest_acked >= pn + m->packet_threshold) {
			p->state = p->in_flight ? M_LOST : M_FORGOTTEN;
			p->now_lost = p->in_flight;
		} else if (p->in_flight &&
			   (!sp->loss_time || p->time_sent + delay < sp->loss_time)) {
			sp->loss_time = p->time_sent + delay;
		}
	}
}

/* 7.6.2: two lost packets, nothing acknowledged between, far enough apart. */
static bool model_is_persistent(struct model *m, int space)
{
	struct model_space *sp = &m->space[space];
	u64 var = 4 * m->rttvar > 1000 ? 4 * m->rttvar : 1000;
	u64 duration = 3 * (m->smoothed_rtt + var + m->max_ack_delay);
	bool found = false;
	s64 a, b;

	for (b = 0; b < (s64)sp->next; b++) {
		if (!sp->pkt[b].now_lost || !sp->pkt[b].eliciting)
			continue;
		for (a = b - 1; a > sp->persistent_after; a--) {
			const struct model_pkt *p = &sp->pkt[a];

			if (p->state == M_ACKED)
				break;
			if (p->state != M_LOST || !p->eliciting ||
			    p->time_sent <= m->first_rtt_sample)
				continue;
			if (sp->pkt[b].time_sent - p->time_sent > duration) {
				found = true;
				/* One span is judged once. */
				sp->persistent_after = b;
				break;
			}
		}
	}
	return found;
}

/* B.8 */
static void model_on_lost(struct model *m, int space, u64 now)
{
	struct model_space *sp = &m->space[space];
	u64 last_loss = 0, pn;

	for (pn = 0; pn < sp->next; pn++) {
		if (!sp->pkt[pn].now_lost)
			continue;
		m->bytes_in_flight -= sp->pkt[pn].bytes;
		if (sp->pkt[pn].time_sent > last_loss)
			last_loss = sp->pkt[pn].time_sent;
	}
	if (!last_loss)
		return;
	model_congestion_event(m, last_loss, now);
	if (!m->first_rtt_sample)
		return;
	if (model_is_persistent(m, space)) {
		m->cwnd = 2 * m->mss;
		m->recovery_start = 0;
		m->min_rtt = m->latest_rtt;	/* 5.2 */
		m->persistent = true;
	}
}

/* B.5, always in slow start: what avoidance does is test_cong's. */
static void model_on_acked(struct model *m, int space)
{
	struct model_space *sp = &m->space[space];
	u64 pn;

	for (pn = 0; pn < sp->next; pn++) {
		const struct model_pkt *p = &sp->pkt[pn];

		if (!p->now_acked || !p->in_flight)
			continue;
		m->bytes_in_flight -= p->bytes;
		if (!model_in_recovery(m, p->time_sent))
			m->cwnd += p->bytes;
	}
}

static bool model_peer_validated(const struct model *m)
{
	return !m->is_client || m->has_handshake_ack || m->confirmed;
}

/* A.7; @has: the numbers the ACK tells, up to @largest; @ce: -1 for no ECN section. */
static void model_on_ack(struct model *m, int space, const bool *has, s64 largest, u64 ack_delay,
			 s64 ce, u64 now)
{
	struct model_space *sp = &m->space[space];
	bool any = false, eliciting = false, largest_new = false;
	bool raised = largest > sp->largest_acked;
	s64 pn, newest = -1;

	if (raised)
		sp->largest_acked = largest;
	for (pn = 0; pn <= largest; pn++) {
		struct model_pkt *p = &sp->pkt[pn];

		if (!has[pn] || p->state != M_OUT)
			continue;
		p->state = M_ACKED;
		p->now_acked = true;
		any = true;
		newest = pn;
		eliciting |= p->eliciting;
		largest_new |= pn == largest;
	}
	if (m->undo)
		model_undo(m);
	if (!any)
		return;
	if (space == 1)
		m->has_handshake_ack = true;
	if (largest_new && eliciting) {
		m->latest_rtt = now - sp->pkt[largest].time_sent;
		model_update_rtt(m, space, ack_delay, now);
	}
	/* B.7; 13.4.2.1 of RFC 9000 looks at ACKs that raise the largest only. */
	if (raised && ce > (s64)sp->ecn_ce) {
		sp->ecn_ce = ce;
		model_congestion_event(m, sp->pkt[largest_new ? largest : newest].time_sent, now);
	}
	model_detect_lost(m, space, now);
	model_on_lost(m, space, now);
	model_on_acked(m, space);
	if (model_peer_validated(m))
		m->pto_count = 0;
	m->armed_at = now;
}

/* A.8; 0: none */
static u64 model_loss_time(const struct model *m, int *space)
{
	u64 time = 0;
	int i;

	for (i = 0; i < 3; i++)
		if (m->space[i].loss_time && (!time || m->space[i].loss_time < time)) {
			time = m->space[i].loss_time;
			*space = i;
		}
	return time;
}

static bool model_has_eliciting(const struct model *m, int space)
{
	u64 pn;

	for (pn = 0; pn < m->space[space].next; pn++)
		if (m->space[space].pkt[pn].state == M_OUT && m->space[space].pkt[pn].eliciting)
			return true;
	return false;
}

/*
 * A.8.  6.2.2.1 has a client probe also when all it has in flight is of a
 * space that may not PTO yet, and the anti-deadlock timer counts from the last
 * event that set it.
 */
static u64 model_pto_time(const struct model *m, int *space)
{
	u64 var = 4 * m->rttvar > 1000 ? 4 * m->rttvar : 1000;
	u64 duration = (m->smoothed_rtt + var) << m->pto_count;
	u64 timeout = 0, t;
	int i;

	for (i = 0; i < 3; i++) {
		if (!model_has_eliciting(m, i))
			continue;
		if (i == 2) {
			if (!m->confirmed)
				break;
			duration += m->max_ack_delay << m->pto_count;
		}
		t = m->space[i].time_of_last_eliciting + duration;
		if (!timeout || t < timeout) {
			timeout = t;
			*space = i;
		}
	}
	if (!timeout && !model_peer_validated(m)) {
		*space = m->has_handshake_keys ? 1 : 0;
		timeout = m->armed_at + duration;
	}
	return timeout;
}

static u64 model_timer(const struct model *m, bool blocked, int *space, bool *is_loss)
{
	u64 at = model_loss_time(m, space);

	*is_loss = at;
	if (at)
		return at;
	return blocked ? 0 : model_pto_time(m, space);
}

/* A.11 */
static void model_discard(struct model *m, int space)
{
	struct model_space *sp = &m->space[space];
	u64 pn;

	for (pn = 0; pn < sp->next; pn++) {
		if (sp->pkt[pn].state != M_OUT)
			continue;
		if (sp->pkt[pn].in_flight)
			m->bytes_in_flight -= sp->pkt[pn].bytes;
		sp->pkt[pn].state = M_FORGOTTEN;
	}
	sp->time_of_last_eliciting = 0;
	sp->loss_time = 0;
	m->pto_count = 0;
}

#endif /* _QUIC_RECOVERY_MODEL_H */
