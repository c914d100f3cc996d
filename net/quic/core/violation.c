// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/violation.c - the table behind enum quic_violation
 */
#include "violation.h"

static const struct {
	const char *name;
	const char *section;
	enum quic_error error;
} quic_violation_rows[QUIC_NR_VIOLATIONS] = {
	[QUIC_VIOLATION_NONE] = { "NONE", "", QUIC_ERR_NO_ERROR },
#define X(row, code, rule) \
	[QUIC_VIOLATION_##row] = { #row, rule, QUIC_ERR_##code },
	QUIC_VIOLATIONS(X)
#undef X
};

enum quic_error quic_violation_error(enum quic_violation v)
{
	return (unsigned int)v < QUIC_NR_VIOLATIONS ? quic_violation_rows[v].error :
						      QUIC_ERR_INTERNAL;
}

const char *quic_violation_name(enum quic_violation v)
{
	return (unsigned int)v < QUIC_NR_VIOLATIONS ? quic_violation_rows[v].name : "?";
}

const char *quic_violation_section(enum quic_violation v)
{
	return (unsigned int)v < QUIC_NR_VIOLATIONS ? quic_violation_rows[v].section : "";
}
