/* SPDX-License-Identifier: MIT */
/* test-seal: gzip's checksum of known texts in any pieces, and the end of a tar. */
#include "init/seal.h"

#include "unit/unit.h"

static struct seal sealed(const char *text, size_t size, size_t step)
{
	struct seal s;

	seal_begin(&s);
	for (size_t at = 0; at < size; at += step)
		seal_add(&s, text + at, MIN(step, size - at));
	return s;
}

static void checksum_and_length(void **state)
{
	static const struct {
		const char *text;
		unsigned char trailer[SEAL_TRAILER_SIZE]; /* as gzip(1) writes them */
	} rows[] = {
		{ "", { 0 } },
		{ "123456789", { 0x26, 0x39, 0xf4, 0xcb, 9 } },
		{ "The quick brown fox jumps over the lazy dog", { 0x39, 0xa3, 0x4f, 0x41, 43 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t step = 1; step < 50; step += 7) {
			struct seal s = sealed(rows[i].text, strlen(rows[i].text), step);
			unsigned char wrong[SEAL_TRAILER_SIZE];

			assert_true(seal_fits_gzip(&s, rows[i].trailer));
			for (size_t byte = 0; byte < sizeof(wrong); byte++) {
				memcpy(wrong, rows[i].trailer, sizeof(wrong));
				wrong[byte] ^= 1;
				assert_false(seal_fits_gzip(&s, wrong));
			}
		}
}

static void end_of_a_tar(void **state)
{
	static char text[4096] = { 'x' };

	for (size_t step = 1; step < sizeof(text); step = step * 3 + 1) {
		assert_false(seal_is_ended(&(struct seal){ 0 }));
		for (size_t zeros = 0; zeros < 1100; zeros += 73) {
			struct seal s = sealed(text, zeros + 1, step);

			assert_true(seal_is_ended(&s) == (zeros >= 1024));
		}
	}
	/* What comes behind it counts. */
	text[2000] = 'y';
	for (size_t step = 1; step < sizeof(text); step = step * 3 + 1) {
		struct seal s = sealed(text, 2000, step), more = sealed(text, 2900, step);
		struct seal end = sealed(text, 3100, step);

		assert_true(seal_is_ended(&s));
		assert_false(seal_is_ended(&more));
		assert_true(seal_is_ended(&end));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_and_length),
		cmocka_unit_test(end_of_a_tar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
