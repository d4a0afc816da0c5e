/* SPDX-License-Identifier: MIT */
/* test-machine: what a container is, and who gets an image all the same. */
#include <errno.h>

#include "image/machine.h"
#include "unit/image/root.h"

static int read_as_root(const struct scratch *s, bool asked)
{
	struct config c = { .sysroot = { .fd = s->fd, .path = (char *)"/" }, .host = asked };
	_cleanup_target_ struct target t = { 0 };

	return machine_read(&c, &t);
}

/* Whatever disk the container's directory lies on is not what its image will boot from. */
static void containers(void **state)
{
	static const char *const signs[] = { "run/systemd/container", "run/.containerenv", ".dockerenv" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		void *room = NULL;

		assert_int_equal(scratch_setup(&room), 0);
		root_file(room, signs[i], "", 0644);
		assert_int_equal(read_as_root(room, true), -ENODEV);
		/* mode = host of a file: an image for any machine. */
		assert_int_equal(read_as_root(room, false), 1);
		scratch_teardown(&room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(containers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
