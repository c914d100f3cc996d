// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/hello: the names of a ClientHello, and all the ways not to have any.
 */
#include "unit.h"

#include "hello_model.h"

static u8 message[4096];

static const struct hello_model usual = {
	.suite_bytes = 8, .before = 100, .behind = 60, .has_names = true, .nr_names = 3,
	.names = {
		{ (const u8 *)"h3", 2 }, { (const u8 *)"smb", 3 }, { (const u8 *)"x", 1 },
	},
};

/* Encodes @m: its body. */
static struct quic_span make(const struct hello_model *m)
{
	struct quic_writer w;
	u32 len;

	quic_wire_write_init(&w, message, sizeof(message));
	hello_model_encode(&w, m);
	assert_false(w.overflow);
	assert_true(quic_hello_body_bytes(message, &len));
	assert_int_equal(len, w.len - QUIC_HELLO_HEAD_BYTES);
	return (struct quic_span){ message + QUIC_HELLO_HEAD_BYTES, len };
}

static void names_come_in_the_order_of_the_client(void **state)
{
	struct quic_span list, name;
	unsigned int i;

	assert_true(quic_hello_find_names(make(&usual), &list));
	for (i = 0; i < usual.nr_names; i++) {
		assert_true(quic_hello_next_name(&list, &name));
		assert_int_equal(name.len, usual.names[i].len);
		assert_memory_equal(name.data, usual.names[i].data, name.len);
	}
	assert_false(quic_hello_next_name(&list, &name));
}

static void a_hello_may_offer_none(void **state)
{
	struct hello_model m = usual;
	struct quic_span list, name;

	m.has_names = false;
	assert_false(quic_hello_find_names(make(&m), &list));
	m.has_names = true;
	m.nr_names = 0;
	assert_true(quic_hello_find_names(make(&m), &list));
	assert_false(quic_hello_next_name(&list, &name));
}

static void other_messages_are_no_hello(void **state)
{
	u8 head[QUIC_HELLO_HEAD_BYTES] = { 2, 0, 1, 0 };
	u32 len;

	assert_false(quic_hello_body_bytes(head, &len));
	head[0] = 1;
	assert_true(quic_hello_body_bytes(head, &len));
	assert_int_equal(len, 256);
	head[1] = 0xff;
	assert_true(quic_hello_body_bytes(head, &len));
	assert_int_equal(len, 0xff0100);
}

/* Before the names are complete nothing is found, and never anything outside. */
static void a_hello_that_is_cut_has_none(void **state)
{
	struct quic_span body = make(&usual), list;
	u32 len, off, bytes;

	assert_true(hello_model_find(body.data, body.len, &off, &bytes));
	for (len = 0; len < body.len; len++) {
		u8 *copy = malloc(len);

		memcpy(copy, body.data, len);
		assert_false(quic_hello_find_names((struct quic_span){ copy, len }, &list));
		free(copy);
	}
}

/* Any one byte changed: still inside, and as reading by offsets has it. */
static void lengths_that_lie_lead_nowhere(void **state)
{
	struct quic_span body = make(&usual), list, name;
	u32 i, off, bytes;
	bool found;

	for (i = 0; i < body.len; i++) {
		u8 *copy = malloc(body.len);
		struct quic_span lie = { copy, body.len };

		memcpy(copy, body.data, body.len);
		copy[i] ^= 1 + unit_random(255);
		found = quic_hello_find_names(lie, &list);
		assert_int_equal(found, hello_model_find(copy, body.len, &off, &bytes));
		if (found) {
			assert_ptr_equal(list.data, copy + off);
			assert_int_equal(list.len, bytes);
			while (quic_hello_next_name(&list, &name))
				assert_true(name.data + name.len <= copy + body.len);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_in_the_order_of_the_client),
		cmocka_unit_test(a_hello_may_offer_none),
		cmocka_unit_test(other_messages_are_no_hello),
		cmocka_unit_test(a_hello_that_is_cut_has_none),
		cmocka_unit_test(lengths_that_lie_lead_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
