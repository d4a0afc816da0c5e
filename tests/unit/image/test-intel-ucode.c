/* SPDX-License-Identifier: MIT */
/* test-intel-ucode: which updates there are, and for which processors. */
#include <errno.h>

#include "image/intel-ucode.h"
#include "unit/image/intel-maker.h"
#include "unit/unit.h"

static void one_behind_the_other(void **state)
{
	uint8_t file[2 * INTEL_SIZE];
	struct intel_update u;
	size_t at = 0;

	intel_make(file, 0x906ea, 0x22, 0);
	intel_make(file + INTEL_SIZE, 0x906eb, 0x02, 0);
	assert_int_equal(intel_next(file, sizeof(file), &at, &u), 1);
	assert_int_equal(u.size, INTEL_SIZE);
	assert_true(intel_fits(&u, 0x906ea, 0));
	assert_true(intel_fits(&u, 0x906ea, 0x20));
	assert_false(intel_fits(&u, 0x906ea, 0x10));
	assert_false(intel_fits(&u, 0x906eb, 0x02));
	assert_int_equal(intel_next(file, sizeof(file), &at, &u), 1);
	assert_ptr_equal(u.data, file + INTEL_SIZE);
	assert_true(intel_fits(&u, 0x906eb, 0x02));
	assert_int_equal(intel_next(file, sizeof(file), &at, &u), 0);
}

/* More signatures behind the data, with flags of their own. */
static void further_signatures(void **state)
{
	uint8_t file[INTEL_SIZE + 20 + 12];
	struct intel_update u;
	size_t at = 0;

	memset(file, 0, sizeof(file));
	intel_make(file, 0x906ea, 0x02, 20 + 12);
	intel_put(file + INTEL_SIZE, 1000); /* as many as it claims there are not */
	intel_put(file + INTEL_SIZE + 20, 0x806e9);
	intel_put(file + INTEL_SIZE + 24, 0xc0);
	assert_int_equal(intel_next(file, sizeof(file), &at, &u), 1);
	assert_int_equal(at, sizeof(file));
	assert_true(intel_fits(&u, 0x806e9, 0x40));
	assert_false(intel_fits(&u, 0x806e9, 0x02));
	assert_false(intel_fits(&u, 0x806ea, 0));
}

static void damaged(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint32_t value;
	} rows[] = {
		{ "a header of another version", 0, 2 },
		{ "another loader's", 20, 2 },
		{ "a byte of the data", 48, 0 },
		{ "data larger than the update", 28, 0x10000 },
		{ "an update larger than the file", 32, INTEL_SIZE + 4 },
		{ "an update smaller than its header", 32, 4 },
		{ "a size that is no multiple of 4", 32, INTEL_SIZE - 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t file[INTEL_SIZE];
		struct intel_update u;
		size_t at = 0;

		intel_make(file, 0x906ea, 1, 0);
		intel_put(file + rows[i].at, rows[i].value);
		/* The checksum is right unless it is what is tested. */
		if (rows[i].at != 48)
			intel_put(file + 16, 0), intel_put(file + 16, 0 - intel_sum(file, sizeof(file)));
		if (intel_next(file, sizeof(file), &at, &u) != -EBADMSG)
			fail_msg("%s was taken", rows[i].what);
		assert_int_equal(at, 0);
	}
}

static void cut_off(void **state)
{
	uint8_t file[INTEL_SIZE];
	struct intel_update u;

	intel_make(file, 0x906ea, 1, 0);
	for (size_t size = 1; size < sizeof(file); size++) {
		size_t at = 0;

		assert_int_equal(intel_next(file, size, &at, &u), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_behind_the_other),
		cmocka_unit_test(further_signatures),
		cmocka_unit_test(damaged),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
