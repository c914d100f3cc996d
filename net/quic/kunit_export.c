// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kunit_export.c - functions of quic.ko that the KUnit module calls
 *
 * Part of quic.ko only where the kernel has KUnit.  Core objects are not linked
 * a second time into the test: built into the kernel, their symbols would clash.
 */
#include <kunit/visibility.h>
#include <linux/export.h>

#include "core/frame.h"
#include "core/header.h"
#include "core/ranges.h"
#include "core/tparam.h"
#include "core/version.h"
#include "core/violation.h"
#include "core/wire.h"
#include "crypto.h"
#include "hkdf.h"
#include "pool.h"

EXPORT_SYMBOL_IF_KUNIT(quic_cipher_info);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_begin);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_end);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_masks);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_open);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_reset_token);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_retry_tag);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_sample);
EXPORT_SYMBOL_IF_KUNIT(quic_crypto_seal);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_aead_free);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_aead_new);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_aead_rekey);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_chunk_put);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_hp_free);
EXPORT_SYMBOL_IF_KUNIT(quic_edge_hp_new);
EXPORT_SYMBOL_IF_KUNIT(quic_frame_ack_iter_init);
EXPORT_SYMBOL_IF_KUNIT(quic_frame_ack_next);
EXPORT_SYMBOL_IF_KUNIT(quic_frame_decode);
EXPORT_SYMBOL_IF_KUNIT(quic_frame_encode_ack);
EXPORT_SYMBOL_IF_KUNIT(quic_header_decode);
EXPORT_SYMBOL_IF_KUNIT(quic_header_encode);
EXPORT_SYMBOL_IF_KUNIT(quic_header_encode_retry);
EXPORT_SYMBOL_IF_KUNIT(quic_header_pn_decode);
EXPORT_SYMBOL_IF_KUNIT(quic_header_pn_len);
EXPORT_SYMBOL_IF_KUNIT(quic_header_set_length);
EXPORT_SYMBOL_IF_KUNIT(quic_hkdf_expand_label);
EXPORT_SYMBOL_IF_KUNIT(quic_hkdf_hmac);
EXPORT_SYMBOL_IF_KUNIT(quic_pool_alloc);
EXPORT_SYMBOL_IF_KUNIT(quic_pool_bytes);
EXPORT_SYMBOL_IF_KUNIT(quic_pool_exit);
EXPORT_SYMBOL_IF_KUNIT(quic_pool_init);
EXPORT_SYMBOL_IF_KUNIT(quic_pool_shrink);
EXPORT_SYMBOL_IF_KUNIT(quic_pool_trim);
EXPORT_SYMBOL_IF_KUNIT(quic_ranges_add);
EXPORT_SYMBOL_IF_KUNIT(quic_ranges_exit);
EXPORT_SYMBOL_IF_KUNIT(quic_ranges_has);
EXPORT_SYMBOL_IF_KUNIT(quic_ranges_init);
EXPORT_SYMBOL_IF_KUNIT(quic_ranges_remove);
EXPORT_SYMBOL_IF_KUNIT(quic_ranges_total);
EXPORT_SYMBOL_IF_KUNIT(quic_tparam_decode);
EXPORT_SYMBOL_IF_KUNIT(quic_tparam_encode);
EXPORT_SYMBOL_IF_KUNIT(quic_version_find);
EXPORT_SYMBOL_IF_KUNIT(quic_violation_name);
EXPORT_SYMBOL_IF_KUNIT(quic_wire_get_varint_strict);
EXPORT_SYMBOL_IF_KUNIT(quic_wire_put_varint);
EXPORT_SYMBOL_IF_KUNIT(quic_wire_put_varint_fixed);
