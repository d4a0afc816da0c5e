/* SPDX-License-Identifier: MIT */
/*
 * test-buffer: bytes that grow.
 *
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/buffer.h"
#include "unit/memory.h"

static void grows(void **state)
{
	_cleanup_buffer_ struct buffer b = { 0 };

	assert_int_equal(buffer_append(&b, NULL, 0), 0);
	assert_non_null(b.data);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(buffer_append(&b, "abc", 3), 0);
	assert_int_equal(b.size, 300000);
	assert_memory_equal(b.data + 299997, "abc", 3);
	assert_int_equal(buffer_reserve(&b, 1 << 20), 0);
	assert_true(b.room - b.size >= 1 << 20);
}

static void stays_as_it_was(void **state)
{
	_cleanup_buffer_ struct buffer b = { 0 };
	static const char much[8192];

	assert_int_equal(buffer_append(&b, "abc", 3), 0);
	memory_countdown = 1;
	assert_int_equal(buffer_append(&b, much, sizeof(much)), -ENOMEM);
	assert_int_equal(buffer_reserve(&b, (size_t)-1), -ENOMEM);
	memory_countdown = 0;
	assert_int_equal(b.size, 3);
	assert_memory_equal(b.data, "abc", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(grows), cmocka_unit_test(stays_as_it_was) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
