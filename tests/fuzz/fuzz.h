/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what every fuzz target includes
 *
 * A target reads its choices and its bytes from the input, calls one decoder
 * and checks properties with FUZZ_CHECK(): not only that nothing crashes.
 */
#ifndef _QUIC_FUZZ_H
#define _QUIC_FUZZ_H

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define FUZZ_CHECK(cond) do {						\
	if (!(cond))							\
		quic_env_die("FUZZ_CHECK(" #cond ")", __FILE__, __LINE__);	\
} while (0)

/* The next byte of the input, 0 past its end: for the choices of a target. */
static inline u8 fuzz_byte(const u8 **data, size_t *size)
{
	if (!*size)
		return 0;
	(*size)--;
	return *(*data)++;
}

#endif /* _QUIC_FUZZ_H */
