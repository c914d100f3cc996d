// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers and layouts of <linux/quic.h> that programs were built against, on
// 64-bit machines.  Compiling is the test.
#include <linux/quic.h>
#include <linux/tls.h>
#include <netinet/in.h>

#include <cstddef>

#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type)
#define AT(type, field, bytes) static_assert(offsetof(type, field) == (bytes), #type "." #field)
#define IS(name, value) static_assert(static_cast<long long>(name) == (value), #name)

SIZE(quic_handshake_info, 1);
AT(quic_handshake_info, crypto_level, 0);

SIZE(quic_stream_info, 16);
AT(quic_stream_info, stream_id, 0);
AT(quic_stream_info, stream_flags, 8);

SIZE(quic_transport_param, 56);
AT(quic_transport_param, remote, 0);
AT(quic_transport_param, disable_active_migration, 1);
AT(quic_transport_param, grease_quic_bit, 2);
AT(quic_transport_param, stateless_reset, 3);
AT(quic_transport_param, disable_1rtt_encryption, 4);
AT(quic_transport_param, disable_compatible_version, 5);
AT(quic_transport_param, active_connection_id_limit, 6);
AT(quic_transport_param, ack_delay_exponent, 7);
AT(quic_transport_param, max_datagram_frame_size, 8);
AT(quic_transport_param, max_udp_payload_size, 10);
AT(quic_transport_param, max_idle_timeout, 12);
AT(quic_transport_param, max_ack_delay, 16);
AT(quic_transport_param, max_streams_bidi, 20);
AT(quic_transport_param, max_streams_uni, 22);
AT(quic_transport_param, max_data, 24);
AT(quic_transport_param, max_stream_data_bidi_local, 32);
AT(quic_transport_param, max_stream_data_bidi_remote, 40);
AT(quic_transport_param, max_stream_data_uni, 48);

SIZE(quic_config, 28);
AT(quic_config, version, 0);
AT(quic_config, plpmtud_probe_interval, 4);
AT(quic_config, initial_smoothed_rtt, 8);
AT(quic_config, payload_cipher_type, 12);
AT(quic_config, congestion_control_algo, 16);
AT(quic_config, validate_peer_address, 17);
AT(quic_config, stream_data_nodelay, 18);
AT(quic_config, receive_session_ticket, 19);
AT(quic_config, certificate_request, 20);
AT(quic_config, reserved, 21);
AT(quic_config, keepalive_probe_interval, 24);

SIZE(quic_crypto_secret, 56);
AT(quic_crypto_secret, send, 0);
AT(quic_crypto_secret, level, 1);
AT(quic_crypto_secret, reserved, 2);
AT(quic_crypto_secret, type, 4);
AT(quic_crypto_secret, secret, 8);

SIZE(quic_errinfo, 16);
AT(quic_errinfo, stream_id, 0);
AT(quic_errinfo, errcode, 8);

SIZE(quic_connection_id_info, 12);
AT(quic_connection_id_info, dest, 0);
AT(quic_connection_id_info, active, 4);
AT(quic_connection_id_info, prior_to, 8);

SIZE(quic_event_option, 2);
AT(quic_event_option, type, 0);
AT(quic_event_option, on, 1);

SIZE(quic_stream_update, 24);
AT(quic_stream_update, id, 0);
AT(quic_stream_update, state, 8);
AT(quic_stream_update, errcode, 12);
AT(quic_stream_update, finalsz, 16);

SIZE(quic_stream_max_data, 16);
AT(quic_stream_max_data, id, 0);
AT(quic_stream_max_data, max_data, 8);

SIZE(quic_connection_close, 72);
AT(quic_connection_close, errcode, 0);
AT(quic_connection_close, frame, 4);
AT(quic_connection_close, phrase, 8);

SIZE(quic_event, 72);

SIZE(quic_stream_priority, 16);
AT(quic_stream_priority, stream_id, 0);
AT(quic_stream_priority, urgency, 8);
AT(quic_stream_priority, incremental, 9);

SIZE(quic_early, 40);
AT(quic_early, op, 0);
AT(quic_early, lifetime_ms, 4);
AT(quic_early, id, 8);

AT(quic_info, state, 0);
AT(quic_info, flags, 4);
AT(quic_info, version, 8);
AT(quic_info, cipher_type, 12);
AT(quic_info, cong_name, 16);
AT(quic_info, latest_rtt_us, 32);
AT(quic_info, smoothed_rtt_us, 36);
AT(quic_info, pto_us, 48);
AT(quic_info, cwnd_bytes, 64);
AT(quic_info, packets_sent, 104);
AT(quic_info, ect0_sent, 208);
AT(quic_info, data_credit_send, 264);
AT(quic_info, key_updates, 328);
SIZE(quic_info, 360);

IS(IPPROTO_QUIC, 261);
IS(SOL_QUIC, 288);
IS(QUIC_STREAM_INFO, 0);
IS(QUIC_HANDSHAKE_INFO, 1);
IS(QUIC_CRYPTO_APP, 0);
IS(QUIC_CRYPTO_INITIAL, 1);
IS(QUIC_CRYPTO_HANDSHAKE, 2);
IS(QUIC_CRYPTO_EARLY, 3);
IS(QUIC_CRYPTO_MAX, 4);
IS(QUIC_VERSION_V1, 1);
IS(QUIC_VERSION_V2, 0x6b3343cf);
IS(QUIC_CONG_ALG_RENO, 0);
IS(QUIC_CONG_ALG_CUBIC, 1);
IS(QUIC_CONG_ALG_MAX, 2);
IS(QUIC_CONG_ALG_BBR, 64);
IS(TLS_CIPHER_AES_GCM_128, 51);
IS(TLS_CIPHER_AES_GCM_256, 52);
IS(TLS_CIPHER_AES_CCM_128, 53);
IS(TLS_CIPHER_CHACHA20_POLY1305, 54);

IS(MSG_QUIC_STREAM_NEW, 0x400);
IS(MSG_QUIC_STREAM_FIN, 0x200);
IS(MSG_QUIC_STREAM_UNI, 0x800);
IS(MSG_QUIC_STREAM_DONTWAIT, 0x10000);
IS(MSG_QUIC_STREAM_SNDBLOCK, 0x2000);
IS(MSG_QUIC_DATAGRAM, 0x1000);
IS(MSG_QUIC_NOTIFICATION, 0x8000);
IS(MSG_STREAM_NEW, 0x400);
IS(MSG_STREAM_FIN, 0x200);
IS(MSG_STREAM_UNI, 0x800);
IS(MSG_STREAM_DONTWAIT, 0x10000);
IS(MSG_STREAM_SNDBLOCK, 0x2000);
IS(MSG_DATAGRAM, 0x1000);
IS(MSG_NOTIFICATION, 0x8000);

IS(QUIC_SOCKOPT_EVENT, 0);
IS(QUIC_SOCKOPT_STREAM_OPEN, 1);
IS(QUIC_SOCKOPT_STREAM_RESET, 2);
IS(QUIC_SOCKOPT_STREAM_STOP_SENDING, 3);
IS(QUIC_SOCKOPT_CONNECTION_ID, 4);
IS(QUIC_SOCKOPT_CONNECTION_CLOSE, 5);
IS(QUIC_SOCKOPT_CONNECTION_MIGRATION, 6);
IS(QUIC_SOCKOPT_KEY_UPDATE, 7);
IS(QUIC_SOCKOPT_TRANSPORT_PARAM, 8);
IS(QUIC_SOCKOPT_CONFIG, 9);
IS(QUIC_SOCKOPT_TOKEN, 10);
IS(QUIC_SOCKOPT_ALPN, 11);
IS(QUIC_SOCKOPT_SESSION_TICKET, 12);
IS(QUIC_SOCKOPT_CRYPTO_SECRET, 13);
IS(QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, 14);
IS(QUIC_SOCKOPT_INFO, 64);
IS(QUIC_SOCKOPT_STREAM_PRIORITY, 65);
IS(QUIC_SOCKOPT_CONGESTION, 66);
IS(QUIC_SOCKOPT_EARLY_DATA, 67);

IS(QUIC_STREAM_SEND_STATE_READY, 0);
IS(QUIC_STREAM_SEND_STATE_SEND, 1);
IS(QUIC_STREAM_SEND_STATE_SENT, 2);
IS(QUIC_STREAM_SEND_STATE_RECVD, 3);
IS(QUIC_STREAM_SEND_STATE_RESET_SENT, 4);
IS(QUIC_STREAM_SEND_STATE_RESET_RECVD, 5);
IS(QUIC_STREAM_RECV_STATE_RECV, 6);
IS(QUIC_STREAM_RECV_STATE_SIZE_KNOWN, 7);
IS(QUIC_STREAM_RECV_STATE_RECVD, 8);
IS(QUIC_STREAM_RECV_STATE_READ, 9);
IS(QUIC_STREAM_RECV_STATE_RESET_RECVD, 10);
IS(QUIC_STREAM_RECV_STATE_RESET_READ, 11);

IS(QUIC_EVENT_STREAM_UPDATE, 1);
IS(QUIC_EVENT_STREAM_MAX_DATA, 2);
IS(QUIC_EVENT_STREAM_MAX_STREAM, 3);
IS(QUIC_EVENT_CONNECTION_ID, 4);
IS(QUIC_EVENT_CONNECTION_CLOSE, 5);
IS(QUIC_EVENT_CONNECTION_MIGRATION, 6);
IS(QUIC_EVENT_KEY_UPDATE, 7);
IS(QUIC_EVENT_NEW_TOKEN, 8);
IS(QUIC_EVENT_NEW_SESSION_TICKET, 9);
IS(QUIC_EVENT_MAX, 10);

IS(QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM, 8);
IS(QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION, 0xa);
IS(QUIC_TRANSPORT_ERROR_APPLICATION, 0xc);
IS(QUIC_TRANSPORT_ERROR_NO_VIABLE_PATH, 0x10);
IS(QUIC_TRANSPORT_ERROR_VERSION_NEGOTIATION, 0x11);
IS(QUIC_TRANSPORT_ERROR_CRYPTO, 0x100);

int main() {
  return 0;
}
