// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alpn.c - lists of application protocol names (RFC 7301)
 */
#include "alpn.h"

static bool alpn_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int quic_alpn_parse(char *list, u32 len)
{
	u32 in = 0, out = 0;

	if (memchr(list, 0, len))
		return -EINVAL;
	while (in <= len) {
		u32 start = out;

		if (out)
			list[out++] = ',';
		start = out;
		while (in < len && alpn_is_blank(list[in]))
			in++;
		while (in < len && list[in] != ',')
			list[out++] = list[in++];
		while (out > start && alpn_is_blank(list[out - 1]))
			out--;
		if (out == start)
			return -EINVAL;
		in++;		/* the comma, or past the end */
	}
	return out;
}

/* Cuts the next name off @rest. */
static bool alpn_next(struct quic_span *rest, struct quic_span *name)
{
	const u8 *comma;

	if (!rest->len)
		return false;
	comma = memchr(rest->data, ',', rest->len);
	name->data = rest->data;
	name->len = comma ? comma - rest->data : rest->len;
	rest->data += min(name->len + 1, rest->len);
	rest->len -= min(name->len + 1, rest->len);
	return true;
}

static bool alpn_has(const struct quic_sock_blob *list, const struct quic_span *name)
{
	struct quic_span rest = { .data = list->data, .len = list->len }, n;

	while (alpn_next(&rest, &n))
		if (n.len == name->len && !memcmp(n.data, name->data, n.len))
			return true;
	return false;
}

bool quic_alpn_overlap(const struct quic_sock_blob *a, const struct quic_sock_blob *b)
{
	struct quic_span rest = { .data = a->data, .len = a->len }, name;

	if (!a->len && !b->len)
		return true;
	while (alpn_next(&rest, &name))
		if (alpn_has(b, &name))
			return true;
	return false;
}
