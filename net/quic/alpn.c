// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alpn.c - application protocol names (RFC 7301): lists, and a ClientHello put together
 */
#include "alpn.h"
#include "ticket.h"

static const u32 alpn_hello_max_bytes = 32768;	/* several post-quantum key shares */

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

bool quic_alpn_has(const struct quic_sock_blob *list, const struct quic_span *name)
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
		if (quic_alpn_has(b, &name))
			return true;
	return false;
}

bool quic_alpn_equal(const struct quic_sock_blob *a, const struct quic_sock_blob *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

int quic_alpn_hello_read(const struct quic_inqueue *in, u8 **hello, struct quic_span *list)
{
	u64 readable = quic_inqueue_readable(in);
	u8 head[QUIC_HELLO_HEAD_BYTES];
	struct quic_span body;
	u32 len;

	*hello = NULL;
	*list = (struct quic_span){};
	if (readable < sizeof(head))
		return -EAGAIN;
	quic_ticket_copy(in, 0, head, sizeof(head));
	if (!quic_hello_body_bytes(head, &len) || len > alpn_hello_max_bytes)
		return 0;
	if (readable < sizeof(head) + len)
		return -EAGAIN;
	*hello = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!*hello)
		return -ENOMEM;
	quic_ticket_copy(in, sizeof(head), *hello, len);
	body = (struct quic_span){ .data = *hello, .len = len };
	if (!quic_hello_find_names(body, list))
		*list = (struct quic_span){};
	return 0;
}
