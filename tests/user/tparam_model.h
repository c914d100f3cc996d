/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tparam_model.h - transport parameters as values, for tests and fuzzers
 */
#ifndef _QUIC_TPARAM_MODEL_H
#define _QUIC_TPARAM_MODEL_H

#include "core/tparam.h"

/* Do @a and @b mean the same, whatever of it was said or left at its default? */
static inline bool tparam_model_equal(const struct quic_tparams *a, const struct quic_tparams *b)
{
	static const enum quic_tparam_id without_default[] = {
		QUIC_TPARAM_ORIGINAL_DCID, QUIC_TPARAM_STATELESS_RESET_TOKEN,
		QUIC_TPARAM_PREFERRED_ADDRESS, QUIC_TPARAM_INITIAL_SCID,
		QUIC_TPARAM_RETRY_SCID, QUIC_TPARAM_VERSION_INFORMATION,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(without_default); i++)
		if (quic_tparam_has(a, without_default[i]) !=
		    quic_tparam_has(b, without_default[i]))
			return false;
	return a->max_idle_timeout_ms == b->max_idle_timeout_ms &&
	       a->max_udp_payload_size == b->max_udp_payload_size &&
	       a->initial_max_data == b->initial_max_data &&
	       a->initial_max_stream_data_bidi_local == b->initial_max_stream_data_bidi_local &&
	       a->initial_max_stream_data_bidi_remote == b->initial_max_stream_data_bidi_remote &&
	       a->initial_max_stream_data_uni == b->initial_max_stream_data_uni &&
	       a->initial_max_streams_bidi == b->initial_max_streams_bidi &&
	       a->initial_max_streams_uni == b->initial_max_streams_uni &&
	       a->ack_delay_exponent == b->ack_delay_exponent &&
	       a->max_ack_delay_ms == b->max_ack_delay_ms &&
	       a->min_ack_delay_us == b->min_ack_delay_us &&
	       a->active_connection_id_limit == b->active_connection_id_limit &&
	       a->max_datagram_frame_size == b->max_datagram_frame_size &&
	       a->disable_active_migration == b->disable_active_migration &&
	       a->grease_quic_bit == b->grease_quic_bit &&
	       a->disable_1rtt_encryption == b->disable_1rtt_encryption &&
	       quic_cid_equal(&a->original_dcid, &b->original_dcid) &&
	       quic_cid_equal(&a->initial_scid, &b->initial_scid) &&
	       quic_cid_equal(&a->retry_scid, &b->retry_scid) &&
	       !memcmp(a->reset_token, b->reset_token, sizeof(a->reset_token)) &&
	       !memcmp(a->preferred.ipv4, b->preferred.ipv4, sizeof(a->preferred.ipv4)) &&
	       a->preferred.port4 == b->preferred.port4 &&
	       !memcmp(a->preferred.ipv6, b->preferred.ipv6, sizeof(a->preferred.ipv6)) &&
	       a->preferred.port6 == b->preferred.port6 &&
	       quic_cid_equal(&a->preferred.cid, &b->preferred.cid) &&
	       !memcmp(a->preferred.reset_token, b->preferred.reset_token,
		       sizeof(a->preferred.reset_token)) &&
	       a->chosen_version == b->chosen_version && a->nr_versions == b->nr_versions &&
	       !memcmp(a->versions, b->versions, a->nr_versions * sizeof(a->versions[0]));
}

#endif /* _QUIC_TPARAM_MODEL_H */
