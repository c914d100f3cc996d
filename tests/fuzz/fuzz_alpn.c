// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/hello.  Byte 0, when even, is followed by a handshake message: what is
 * found of names lies inside it, where reading by offsets finds it, too.  When odd, the
 * input says what a ClientHello is made of: the names in it are found, each and in order.
 */
#include "fuzz.h"

#include "hello_model.h"

static bool inside(const struct quic_span *in, const struct quic_span *out)
{
	return in->data >= out->data && in->data + in->len <= out->data + out->len;
}

static void check_names(struct quic_span list)
{
	const struct quic_span all = list;
	struct quic_span name;
	u32 bytes = 0;

	while (quic_hello_next_name(&list, &name)) {
		FUZZ_CHECK(name.len && name.len < 256);
		FUZZ_CHECK(inside(&name, &all));
		FUZZ_CHECK(name.data == all.data + bytes + 1);
		bytes += 1 + name.len;
		FUZZ_CHECK(bytes + list.len == all.len);
	}
}

static void check_message(const u8 *data, size_t size)
{
	struct quic_span body, list = {};
	u32 len, off, bytes;
	bool found;

	if (size < QUIC_HELLO_HEAD_BYTES || !quic_hello_body_bytes(data, &len) ||
	    size - QUIC_HELLO_HEAD_BYTES < len)
		return;
	body = (struct quic_span){ data + QUIC_HELLO_HEAD_BYTES, len };
	found = quic_hello_find_names(body, &list);
	FUZZ_CHECK(found == hello_model_find(body.data, len, &off, &bytes));
	if (!found)
		return;
	FUZZ_CHECK(inside(&list, &body));
	FUZZ_CHECK(list.data == body.data + off && list.len == bytes);
	check_names(list);
}

static void check_made(const u8 *data, size_t size)
{
	static u8 buf[16384];
	struct hello_model m = {};
	struct quic_span list, name;
	struct quic_writer w;
	unsigned int i;
	u32 len;

	m.session_bytes = fuzz_byte(&data, &size) % 33;
	m.suite_bytes = fuzz_byte(&data, &size) * 2;
	m.before = fuzz_byte(&data, &size) * 16;
	m.behind = fuzz_byte(&data, &size) * 16;
	m.has_names = fuzz_byte(&data, &size) & 1;
	while (m.has_names && size > 1 && m.nr_names < HELLO_MODEL_NAMES) {
		u32 bytes = min_t(u32, 1 + fuzz_byte(&data, &size) % 255, size);

		m.names[m.nr_names++] = (struct quic_span){ data, bytes };
		data += bytes;
		size -= bytes;
	}
	quic_wire_write_init(&w, buf, sizeof(buf));
	hello_model_encode(&w, &m);
	FUZZ_CHECK(!w.overflow);
	FUZZ_CHECK(quic_hello_body_bytes(buf, &len) && len == w.len - QUIC_HELLO_HEAD_BYTES);
	list = (struct quic_span){ buf + QUIC_HELLO_HEAD_BYTES, len };
	FUZZ_CHECK(quic_hello_find_names(list, &list) == m.has_names);
	if (!m.has_names)
		return;
	for (i = 0; i < m.nr_names; i++) {
		FUZZ_CHECK(quic_hello_next_name(&list, &name));
		FUZZ_CHECK(name.len == m.names[i].len &&
			   !memcmp(name.data, m.names[i].data, name.len));
	}
	FUZZ_CHECK(!list.len && !quic_hello_next_name(&list, &name));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (fuzz_byte(&data, &size) & 1)
		check_made(data, size);
	else
		check_message(data, size);
	return 0;
}
