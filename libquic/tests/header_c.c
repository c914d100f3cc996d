/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public header is C too.  Compiling and linking is the test. */
#include <netinet/quic.h>

int main(void)
{
	struct quic_handshake_options options = { .size = sizeof(options) };
	struct quic_handshake_result result = { .size = sizeof(result) };
	struct quic_handshake_step *step = NULL;

	if (quic_handshake_step(NULL, &step) >= 0)
		return 1;
	options.flags = QUIC_HANDSHAKE_REQUIRE_CERT;
	/* A flag for servers: refused before the socket is touched. */
	return quic_client_handshake_ex(-1, &options, &result) < 0 ? 0 : 1;
}
