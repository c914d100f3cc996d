// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/tparam.  Bit 0 of byte 0 is the sender's role, the rest the blob.
 * A refused blob leaves the result alone; an accepted one, written again, means
 * the same, and written a second time gives the same bytes.
 */
#include "fuzz.h"

#include "tparam_model.h"

static void check_ranges(const struct quic_tparams *p)
{
	FUZZ_CHECK(quic_tparam_is_valid(QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE,
					p->max_udp_payload_size));
	FUZZ_CHECK(p->ack_delay_exponent <= 20 && p->max_ack_delay_ms < 1 << 14);
	FUZZ_CHECK(p->active_connection_id_limit >= 2);
	FUZZ_CHECK(p->initial_max_streams_bidi <= 1ULL << 60);
	FUZZ_CHECK(p->initial_max_streams_uni <= 1ULL << 60);
	FUZZ_CHECK(p->nr_versions <= QUIC_TPARAM_VERSIONS_MAX);
	FUZZ_CHECK(p->initial_scid.len <= QUIC_CID_MAX_BYTES);
	FUZZ_CHECK(p->preferred.cid.len <= QUIC_CID_MAX_BYTES);
}

static void check_again(const struct quic_tparams *p, bool from_client)
{
	struct quic_writer w, w2;
	struct quic_tparams again;
	u8 buf[1024], buf2[1024];

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_tparam_encode(&w, p, 0);
	FUZZ_CHECK(!w.overflow);
	FUZZ_CHECK(!quic_tparam_decode(buf, w.len, from_client, &again));
	FUZZ_CHECK(tparam_model_equal(p, &again));
	quic_wire_write_init(&w2, buf2, sizeof(buf2));
	quic_tparam_encode(&w2, &again, 0);
	FUZZ_CHECK(w2.len == w.len && !memcmp(buf, buf2, w.len));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	bool from_client = fuzz_byte(&data, &size) & 1;
	struct quic_tparams p, untouched;
	int err;

	memset(&p, 0xa5, sizeof(p));
	untouched = p;
	err = quic_tparam_decode(data, size, from_client, &p);
	if (err) {
		FUZZ_CHECK(err > 0 && err < QUIC_NR_VIOLATIONS);
		FUZZ_CHECK(!memcmp(&p, &untouched, sizeof(p)));
		return 0;
	}
	check_ranges(&p);
	FUZZ_CHECK(!from_client || !quic_tparam_has(&p, QUIC_TPARAM_ORIGINAL_DCID));
	/* Of a longer list the chosen version may be among those not kept. */
	if (p.nr_versions < QUIC_TPARAM_VERSIONS_MAX)
		check_again(&p, from_client);
	return 0;
}
