/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/recovery.h - RTT, loss detection and probe timeouts (RFC 9002)
 *
 * Owns the sent records of the three spaces, decides which packets are
 * acknowledged and lost, when the loss timer fires, how many probes to send,
 * and whether congestion is persistent.  What to do with the content of a
 * packet is the engine's business: it walks the outcome with iterators.
 *
 *   quic_recovery_ack_begin()            validates, changes nothing on violation
 *     while quic_recovery_ack_next()     each newly acknowledged record
 *   quic_recovery_ack_end()              RTT, ECN, loss detection
 *     while quic_recovery_lost_next()    each record declared lost
 *   quic_recovery_settle()               congestion control, frees records
 */
#ifndef _QUIC_CORE_RECOVERY_H
#define _QUIC_CORE_RECOVERY_H

#include "cong.h"
#include "frame.h"
#include "sent.h"

#define QUIC_PACKET_THRESHOLD		3	/* kPacketThreshold, RFC 9002 6.1.1: the least */
#define QUIC_PACKET_THRESHOLD_MAX	128	/* what reordering can raise it to */
#define QUIC_TIME_THRESHOLD_NUM		9	/* kTimeThreshold 9/8, 6.1.2: the least */
#define QUIC_TIME_THRESHOLD_NUM_MAX	16	/* likewise */
#define QUIC_TIME_THRESHOLD_DEN		8
#define QUIC_GRANULARITY_US		1000ULL	/* kGranularity, 6.1.2 */
#define QUIC_INITIAL_RTT_US		333000ULL	/* kInitialRtt, 6.2.2 */
#define QUIC_PERSISTENT_THRESHOLD	3	/* kPersistentCongestionThreshold, 7.6.1 */
#define QUIC_PTO_MAX_BACKOFF		16	/* doublings; the idle timeout ends it before */
#define QUIC_RECOVERY_LOST_LOG		8	/* windows of lost numbers remembered */
#define QUIC_RECOVERY_REORDER_EVENTS	16	/* losses that were real end the patience */
#define QUIC_ECN_MAX_LOST		10	/* marked packets, all lost: RFC 9000 13.4.2 */
#define QUIC_ECN_MAX_PTOS		3	/* without an ACK of a marked packet, the same */

/**
 * struct quic_rtt - round-trip estimates of one path, all in microseconds
 * @latest: last sample; samples are at least 1
 * @smoothed: smoothed_rtt; the initial guess before the first sample
 * @var: rttvar
 * @min: min_rtt
 * @first_sample_at: when the first sample was taken, QUIC_US_NEVER: none yet
 */
struct quic_rtt {
	quic_us latest;
	quic_us smoothed;
	quic_us var;
	quic_us min;
	quic_us first_sample_at;
};

void quic_rtt_init(struct quic_rtt *rtt, quic_us initial);
/* RFC 9002 5.3; @ack_delay already limited to max_ack_delay where 5.3 says so. */
void quic_rtt_sample(struct quic_rtt *rtt, quic_us latest, quic_us ack_delay, quic_us now);
/* smoothed + max(4 * var, granularity), without max_ack_delay (6.2.1). */
quic_us quic_rtt_pto(const struct quic_rtt *rtt);

/**
 * struct quic_recovery_space - recovery's view of one packet number space
 * @sent: records
 * @loss_at: when the earliest outstanding packet is lost by time, QUIC_US_NEVER
 * @last_eliciting_at: when the last ack-eliciting packet left
 * @lost_scan: first number not yet judged by loss detection
 * @newest_acked_at: when the newest packet acknowledged left
 * @persistent_from: when the oldest of a run of lost ack-eliciting packets left,
 *	none acknowledged between them (7.6.2); QUIC_US_NEVER: no run
 * @ecn: counts last validated, by enum quic_ecn
 * @nr_ecn_sent: packets sent with ECT(0), ever
 * @discarded: keys are gone, nothing is to be sent or judged
 */
struct quic_recovery_space {
	struct quic_sent sent;
	quic_us loss_at;
	quic_us last_eliciting_at;
	quic_pn lost_scan;
	quic_us newest_acked_at;
	quic_us persistent_from;
	u64 ecn[QUIC_NR_ECN];
	u64 nr_ecn_sent;
	bool discarded;
};

/**
 * struct quic_lost_window - 64 consecutive numbers, and which of them are lost
 * @first: a multiple of 64
 * @lost: bit n: @first + n was declared lost and not acknowledged since
 * @sent_at: when the first of them left
 */
struct quic_lost_window {
	quic_pn first;
	u64 lost;
	quic_us sent_at;
};

/**
 * struct quic_recovery - of one connection
 * @space: by packet number space
 * @path: id of the path in use: packets of others tell nothing of it [9000-9.4]
 * @pto_count: consecutive PTOs
 * @max_ack_delay: the peer's, microseconds
 * @handshake_confirmed: max_ack_delay counts and the APP space may PTO (6.2.1)
 * @nr_lost: packets in flight declared lost, ever
 * @nr_spurious: of those of the APP space that were acknowledged later; known only
 *	while they are in @lost_log
 * @packet_threshold: numbers by which a packet may be overtaken
 * @time_threshold_num: eighths of an RTT by which a packet may be late
 * @reorder_left: congestion events until both fall back to the least
 * @nr_ecn_lost: packets with ECT(0) declared lost
 * @ecn_acked: a packet with ECT(0) was acknowledged
 * @armed_at: last event that sets the loss timer (sent, acknowledged, timeout):
 *	the anti-deadlock PTO counts from it
 * @recovery_start: of the path's congestion control, as of the last settle()
 * @undo_from: first number of the losses behind the last congestion event
 * @undo_left: of them, not known to be spurious; 0: nothing can be undone
 * @undo_void: something else was a sign of congestion too
 * @lost_log: numbers declared lost last in the APP space
 * @lost_log_next: window to use next
 * @lost_log_used: windows with a number in them
 */
struct quic_recovery {
	struct quic_recovery_space space[QUIC_NR_SPACES];
	u8 path;
	u32 pto_count;
	quic_us max_ack_delay;
	bool handshake_confirmed;
	u64 nr_lost;
	u64 nr_spurious;
	u16 packet_threshold;
	u8 time_threshold_num;
	u8 reorder_left;
	u32 nr_ecn_lost;
	bool ecn_acked;
	quic_us armed_at;
	quic_us recovery_start;
	quic_pn undo_from;
	u32 undo_left;
	bool undo_void;
	struct quic_lost_window lost_log[QUIC_RECOVERY_LOST_LOG];
	u8 lost_log_next;
	u8 lost_log_used;
};

void quic_recovery_init(struct quic_recovery *r);
void quic_recovery_exit(struct quic_recovery *r);

/**
 * quic_recovery_on_sent() - a packet leaves
 * @r: recovery
 * @space: its space
 * @cong: of its path: bytes in flight
 * @pkt: the record, about to be committed: core/rate's snapshot is written into it
 */
void quic_recovery_on_sent(struct quic_recovery *r, enum quic_space space, struct quic_cong *cong,
			   struct quic_sent_pkt *pkt);

/**
 * quic_recovery_set_path() - another path is in use from now on
 * @r: recovery
 * @path: its id in sent records
 * @cong: its congestion state
 *
 * Packets that left on other paths are settled like all, but count neither for
 * RTT nor for congestion: taking them out of flight is the caller's business.
 */
void quic_recovery_set_path(struct quic_recovery *r, u8 path, const struct quic_cong *cong);

/**
 * struct quic_recovery_ack - progress of one ACK frame, or of one loss timeout
 *
 * The caller makes one on its stack.  It may read these after ack_end(),
 * @ecn_failed also after on_timeout():
 * @newly_acked: packets
 * @acked_bytes: of them in flight
 * @ecn_failed: ECN validation failed: stop marking (RFC 9000 13.4.2)
 * @ce_increased: the peer saw more CE marks
 * and these after the last lost_next():
 * @lost_bytes: in flight, declared lost
 * @persistent: congestion is persistent (7.6)
 * @spurious: all the losses behind the last reduction were none: it is undone
 */
struct quic_recovery_ack {
	u32 newly_acked;
	u64 acked_bytes;
	bool ecn_failed;
	bool ce_increased;
	u64 lost_bytes;
	bool persistent;
	bool spurious;
	/* private: */
	enum quic_space space;
	quic_us now;
	bool judge;			/* there may be lost packets to walk */
	bool eliciting;			/* one newly acked is */
	bool largest_new;		/* Largest Acknowledged is newly acked */
	u32 newly_ect;			/* newly acked that left with ECT(0) */
	struct quic_frame_ack_iter it;
	struct quic_range range;	/* of the ACK, at hand */
	quic_pn largest;
	quic_us largest_sent_at;
	quic_us newest_acked_at;	/* send times */
	quic_us newest_lost_at;
	u64 fresh_bytes;		/* acked, sent after recovery_start */
	u64 lost_probe_bytes;		/* of MTU probes, no sign of congestion */
	u64 overtaken;			/* by how many numbers a packet given up was */
	quic_us late;			/* how long after it left; 0: there was none */
	quic_us rtt_sample;		/* 0: none was taken */
	const struct quic_sent_pkt *newest;	/* acked and in flight; stays until settle() */
	quic_pn newest_pn;
	quic_pn first_lost;		/* QUIC_PN_NONE: none */
	quic_pn last_lost;
	u32 nr_lost;			/* in @lost_bytes */
	u32 lost_runs;
	struct quic_cong_loss excess;
};

/**
 * quic_recovery_ack_begin() - check an ACK frame against what was sent
 * @r: recovery
 * @a: progress, initialised here
 * @space: space of the packet that carried it
 * @ack: the frame
 * @now: arrival
 *
 * Return: 0, or QUIC_VIOLATION_ACK_UNSENT (a number never sent, or skipped);
 * nothing is changed then.
 */
int quic_recovery_ack_begin(struct quic_recovery *r, struct quic_recovery_ack *a,
			    enum quic_space space, const struct quic_frame_ack *ack, quic_us now);

/*
 * The next newly acknowledged record (now ACKED), or NULL.  To be called until
 * NULL.  O(newly acked + ranges) in all.
 */
struct quic_sent_pkt *quic_recovery_ack_next(struct quic_recovery *r,
					     struct quic_recovery_ack *a);

/**
 * quic_recovery_ack_end() - RTT, ECN validation, PTO reset, loss detection
 * @r: recovery
 * @a: progress
 * @ack: the frame
 * @rtt: of the path
 * @cong: of the path
 * @ack_delay: the frame's delay in microseconds, unscaled by the peer's exponent
 * @pto_reset: the peer is known to have validated our address (6.2.1)
 */
void quic_recovery_ack_end(struct quic_recovery *r, struct quic_recovery_ack *a,
			   const struct quic_frame_ack *ack, struct quic_rtt *rtt,
			   struct quic_cong *cong, quic_us ack_delay, bool pto_reset);

/*
 * The next record declared lost (now LOST), or NULL; after ack_end or
 * on_timeout, until NULL.  Oldest first.
 */
struct quic_sent_pkt *quic_recovery_lost_next(struct quic_recovery *r,
					      struct quic_recovery_ack *a,
					      const struct quic_rtt *rtt,
					      struct quic_cong *cong);

/*
 * Takes the bytes out of flight, tells @cong the whole outcome once and frees
 * settled records.  Persistent congestion renews @rtt->min (5.2).
 */
void quic_recovery_settle(struct quic_recovery *r, struct quic_recovery_ack *a,
			  struct quic_rtt *rtt, struct quic_cong *cong);

/* What the loss timer is for when it fires. */
enum quic_recovery_timeout {
	QUIC_RECOVERY_TIMEOUT_NONE,
	QUIC_RECOVERY_TIMEOUT_LOSS,	/* walk lost_next of @space, then settle */
	QUIC_RECOVERY_TIMEOUT_PTO,	/* send one or two probes in @space */
};

/**
 * quic_recovery_deadline() - SetLossDetectionTimer (RFC 9002 A.8)
 * @r: recovery
 * @rtt: of the path
 * @client_unvalidated: a client whose address the server may not have validated:
 *	PTO runs even with nothing in flight (6.2.2.1)
 * @has_handshake_keys: such a client probes with Handshake instead of Initial
 * @blocked: at the anti-amplification limit: no timer
 * @now: current time
 *
 * Return: the deadline, QUIC_US_NEVER for none.
 */
quic_us quic_recovery_deadline(const struct quic_recovery *r, const struct quic_rtt *rtt,
			       bool client_unvalidated, bool has_handshake_keys, bool blocked,
			       quic_us now);

/**
 * quic_recovery_on_timeout() - OnLossDetectionTimeout (A.9)
 * @r: recovery
 * @a: progress for lost_next() and settle() when the answer is LOSS
 * @rtt: of the path
 * @client_unvalidated: as above
 * @has_handshake_keys: as above
 * @now: current time
 * @space: set to the space concerned
 *
 * Return: what happened; PTO also counts pto_count up.
 */
enum quic_recovery_timeout quic_recovery_on_timeout(struct quic_recovery *r,
						    struct quic_recovery_ack *a,
						    const struct quic_rtt *rtt,
						    bool client_unvalidated,
						    bool has_handshake_keys, quic_us now,
						    enum quic_space *space);

/*
 * Forget the packets of @space, take them out of flight: Retry and rejected
 * 0-RTT (6.3, 6.4).  Packet numbers go on; what the packets carried is the
 * engine's to send again.
 */
void quic_recovery_forget_space(struct quic_recovery *r, enum quic_space space,
				struct quic_cong *cong);
/* Keys of @space were discarded: forget its packets for good, restart the backoff (6.4, A.11). */
void quic_recovery_discard_space(struct quic_recovery *r, enum quic_space space,
				 struct quic_cong *cong);

#endif /* _QUIC_CORE_RECOVERY_H */
