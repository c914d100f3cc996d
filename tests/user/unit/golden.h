/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golden.h - compares what a test printed with a file of tests/vectors
 *
 * Those files are also what Documentation shows.  After an intended change:
 *
 *	QUIC_GOLDEN=write make -C tests/user check T=...
 */
#ifndef _QUIC_GOLDEN_H
#define _QUIC_GOLDEN_H

#include "unit.h"

#define GOLDEN_MAX_BYTES	8192

struct golden {
	char text[GOLDEN_MAX_BYTES];
	size_t len;
};

__printf(2, 3)
static inline void golden_print(struct golden *g, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(g->text + g->len, sizeof(g->text) - g->len, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof(g->text) - g->len);
	g->len += n;
}

/* Ends a line, without blanks at its end. */
static inline void golden_newline(struct golden *g)
{
	while (g->len && g->text[g->len - 1] == ' ')
		g->len--;
	golden_print(g, "\n");
}

/* tests/vectors/@name; __FILE__ is this header, with an absolute path. */
static inline FILE *golden_open(const char *name, const char *mode)
{
	const char *end = strstr(__FILE__, "/user/unit/golden.h");
	char path[4096];

	assert_non_null(end);
	snprintf(path, sizeof(path), "%.*s/vectors/%s", (int)(end - __FILE__), __FILE__, name);
	return fopen(path, mode);
}

static inline void golden_check(const struct golden *g, const char *name)
{
	const char *env = getenv("QUIC_GOLDEN");
	static char want[GOLDEN_MAX_BYTES];
	size_t len;
	FILE *f;

	if (env && !strcmp(env, "write")) {
		f = golden_open(name, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(g->text, 1, g->len, f), g->len);
		assert_int_equal(fclose(f), 0);
	}
	f = golden_open(name, "r");
	assert_non_null(f);
	len = fread(want, 1, sizeof(want) - 1, f);
	fclose(f);
	want[len] = '\0';
	assert_string_equal(g->text, want);
}

#endif /* _QUIC_GOLDEN_H */
