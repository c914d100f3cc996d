/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vectors.h - shape of the byte vectors that KUnit and user-space tests share
 *
 * Include after the kernel's types, or after tests/user/shim/env.h.  The bytes
 * are those of the RFCs' appendices; rfc9001.h and rfc9369.h hold them.
 */
#ifndef _QUIC_VECTORS_H
#define _QUIC_VECTORS_H

#define QUIC_VECTORS_CLIENT_PAYLOAD	1162
#define QUIC_VECTORS_CLIENT_PN		2
#define QUIC_VECTORS_SERVER_PN		1
#define QUIC_VECTORS_CHACHA_PN		654360564
#define QUIC_VECTORS_RETRY_TOKEN	"token"

/**
 * struct quic_vectors - sample packet protection of one version
 * @version: on the wire
 * @dcid: the client's first Destination Connection ID
 * @initial_secret: HKDF-Extract(salt, @dcid)
 * @client_secret: of the client's Initial packets, then key, IV and header
 *	protection key made from it
 * @server_secret: of the server's, likewise
 * @client_frames: the CRYPTO frame of the client's first packet; PADDING makes it
 *	QUIC_VECTORS_CLIENT_PAYLOAD bytes
 * @client_header: before protection; packet number 2 in 4 bytes
 * @client_sample: for header protection, then its mask and the masked header
 * @client_packet: protected
 * @server_frames: ACK and CRYPTO, no PADDING; packet number 1 in 2 bytes
 * @server_header: as @client_header, and so on
 * @retry_packet: an answer to @client_packet: token "token", then the tag
 * @chacha_secret: of ChaCha20-Poly1305 1-RTT packets, then key, IV, header
 *	protection key and the secret after a key update
 * @chacha_nonce: of packet number QUIC_VECTORS_CHACHA_PN
 * @chacha_header: short header, no connection id, 3-byte packet number
 * @chacha_frames: PING, and what it is when sealed
 * @chacha_sample: for header protection, then its mask and the masked header
 * @chacha_packet: protected
 */
struct quic_vectors {
	u32 version;
	u8 dcid[8];
	u8 initial_secret[32];
	u8 client_secret[32];
	u8 client_key[16];
	u8 client_iv[12];
	u8 client_hp[16];
	u8 server_secret[32];
	u8 server_key[16];
	u8 server_iv[12];
	u8 server_hp[16];
	u8 client_frames[245];
	u8 client_header[22];
	u8 client_sample[16];
	u8 client_mask[5];
	u8 client_masked_header[22];
	u8 client_packet[1200];
	u8 server_frames[99];
	u8 server_header[20];
	u8 server_sample[16];
	u8 server_mask[5];
	u8 server_masked_header[20];
	u8 server_packet[135];
	u8 retry_packet[36];
	u8 chacha_secret[32];
	u8 chacha_key[32];
	u8 chacha_iv[12];
	u8 chacha_hp[32];
	u8 chacha_ku[32];
	u8 chacha_nonce[12];
	u8 chacha_header[4];
	u8 chacha_frames[1];
	u8 chacha_sealed[17];
	u8 chacha_sample[16];
	u8 chacha_mask[5];
	u8 chacha_masked_header[4];
	u8 chacha_packet[21];
};

#endif /* _QUIC_VECTORS_H */
