/* SPDX-License-Identifier: MIT */
/*
 * test-serialize: the hand-over to systemd, byte by byte (docs/contract.md), and the descriptor it is in.
 * wrap: malloc calloc realloc strdup strndup asprintf open_memstream
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/serialize.h"
#include "unit/memory.h"
#include "unit/scratch.h"

FILE *__real_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size);
FILE *__wrap_open_memstream(char **text, size_t *size)
{
	return memory_is_out() ? NULL : __real_open_memstream(text, size);
}

#define REALTIME  UINT64_C(1700000000000000)
#define MONOTONIC UINT64_C(2000000)
#define CHECKED(name, c, from, to) { .ran = true, .code = c, .start = from, .end = to, .unit = (char *)(name) }

static const char root_unit[] = "systemd-fsck-root.service";
static const char usr_unit[] = "systemd-fsck@dev-disk-by\\x2duuid-a.service";

#define STAMP "initrd-timestamp=1700000000000000 2000000\n\n"
#define ROOT_BLOCK                                                \
	"systemd-fsck-root.service\n"                             \
	"state=exited\n"                                          \
	"state-change-timestamp=1700000002500000 4500000\n"       \
	"inactive-exit-timestamp=1700000001000000 3000000\n"      \
	"active-enter-timestamp=1700000002500000 4500000\n"       \
	"\n"

static void text_of_each_outcome(void **state)
{
	static const struct {
		struct fsck_result root, usr;
		const char *text;
	} rows[] = {
		{ { 0 }, { 0 }, STAMP },
		{ CHECKED(root_unit, 0, 3000000, 4500000), { 0 }, STAMP ROOT_BLOCK },
		/* Corrected is checked. */
		{ CHECKED(root_unit, 1, 3000000, 4500000), { 0 }, STAMP ROOT_BLOCK },
		/* That of /usr is told otherwise: see checked.h. */
		{ { 0 }, CHECKED(usr_unit, 1, 4900000, 5000000), STAMP },
		/* What could not do its work is done again by systemd. */
		{ CHECKED(root_unit, 8, 3000000, 4500000), { 0 }, STAMP },
		{ CHECKED(root_unit, 32, 3000000, 4500000), { 0 }, STAMP },
		{ CHECKED(NULL, 0, 3000000, 4500000), { 0 }, STAMP },
		{ { .unit = (char *)root_unit }, { 0 }, STAMP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct run run = {
			.realtime = REALTIME, .monotonic = MONOTONIC,
			.root_fsck = rows[i].root, .usr_fsck = rows[i].usr,
		};
		_cleanup_free_ char *text = serialize_text(&run);

		assert_string_equal(text, rows[i].text);
	}
}

/* Each is a unit that was started and has ended well. */
static void bars_are_units(void **state)
{
	struct bar items[] = {
		{ .unit = (char *)"slipway-modules.service", .start = 2100000, .end = 2300000 },
		{ .unit = (char *)"slipway-root-wait.service", .start = 2200000, .end = 2400000 },
	};
	const struct run run = {
		.realtime = REALTIME, .monotonic = MONOTONIC, .bars = { .items = items, .n = ARRAY_SIZE(items) },
		.root_fsck = CHECKED(root_unit, 0, 3000000, 4500000),
	};
	_cleanup_free_ char *text = serialize_text(&run);

	assert_string_equal(text, STAMP ROOT_BLOCK
		"slipway-modules.service\n"
		"state=exited\n"
		"state-change-timestamp=1700000000300000 2300000\n"
		"inactive-exit-timestamp=1700000000100000 2100000\n"
		"active-enter-timestamp=1700000000300000 2300000\n"
		"\n"
		"slipway-root-wait.service\n"
		"state=exited\n"
		"state-change-timestamp=1700000000400000 2400000\n"
		"inactive-exit-timestamp=1700000000200000 2200000\n"
		"active-enter-timestamp=1700000000400000 2400000\n"
		"\n");
}

/* The clock was set between: the difference is what counts. */
static void realtime_before_monotonic(void **state)
{
	const struct run run = {
		.realtime = 1000000, .monotonic = 5000000, .root_fsck = CHECKED("x", 0, 6000000, 7000000),
	};
	_cleanup_free_ char *text = serialize_text(&run);

	assert_non_null(strstr(text, "initrd-timestamp=1000000 5000000\n"));
	assert_non_null(strstr(text, "active-enter-timestamp=3000000 7000000\n"));
}

static void opened_as_systemd_wants_it(void **state)
{
	const struct run run = { .realtime = REALTIME, .monotonic = MONOTONIC };
	int fd = 42; /* free */
	_cleanup_free_ char *text = NULL;

	assert_int_equal(serialize_open(&run, fd), 0);
	assert_true(serialize_check(fd));
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	assert_int_equal(file_read_fd(fd, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, STAMP);
	assert_int_equal(close(fd), 0);
}

/* As it is when everything above 2 was closed: the memfd has the number already. */
static void number_is_free(void **state)
{
	const struct run run = { .realtime = REALTIME, .monotonic = MONOTONIC };
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(next > 2);
	assert_int_equal(close(next), 0);
	assert_int_equal(serialize_open(&run, next), 0);
	assert_true(serialize_check(next));
	assert_int_equal(close(next), 0);
	/* No second descriptor was left. */
	assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), next);
	assert_int_equal(close(next), 0);
}

static int memfd_with(const char *text, unsigned int flags)
{
	int fd = memfd_create("state", flags);

	assert_true(fd > 2);
	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Each of these freezes systemd, without a way back. */
static void wrong_descriptors(void **state)
{
	const struct scratch *s = *state;
	_cleanup_close_ int good = memfd_with("x", 0), cloexec = memfd_with("x", MFD_CLOEXEC);
	_cleanup_close_ int moved = memfd_with("x", 0), empty = memfd_with("", 0);
	_cleanup_close_ int directory = open(s->path, O_RDONLY | O_DIRECTORY), write_only, read_only, device;
	int closed = memfd_with("x", 0);

	scratch_write(s, "state", "x", 1);
	write_only = openat(s->fd, "state", O_WRONLY);
	read_only = openat(s->fd, "state", O_RDONLY);
	device = open("/dev/null", O_RDWR);
	assert_int_equal(lseek(moved, 1, SEEK_SET), 1);
	assert_int_equal(close(closed), 0);

	assert_true(serialize_check(good));
	assert_false(serialize_check(closed));
	assert_false(serialize_check(-1));
	assert_false(serialize_check(cloexec));
	assert_false(serialize_check(moved));
	assert_false(serialize_check(empty));
	assert_false(serialize_check(directory));
	assert_false(serialize_check(write_only));
	assert_false(serialize_check(read_only));
	assert_false(serialize_check(device));
}

/* 0 to 2 are the next init's own. */
static void standard_descriptors(void **state)
{
	_cleanup_close_ int saved = fcntl(0, F_DUPFD_CLOEXEC, 3), good = memfd_with("x", 0);
	bool fits;

	assert_int_equal(dup2(good, 0), 0);
	fits = serialize_check(0);
	if (saved >= 0)
		assert_int_equal(dup2(saved, 0), 0);
	else
		assert_int_equal(close(0), 0);
	assert_false(fits);
}

static int open_it(void *data)
{
	int r = serialize_open(data, 42);

	if (r == 0)
		(void)close(42);
	else
		assert_int_equal(fcntl(42, F_GETFD), -1);
	return r;
}

static void out_of_memory_is_reported(void **state)
{
	struct run run = { .root_fsck = CHECKED(root_unit, 0, 1, 2) };

	assert_int_equal(memory_sweep(open_it, &run), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_each_outcome),
		cmocka_unit_test(bars_are_units),
		cmocka_unit_test(realtime_before_monotonic),
		cmocka_unit_test(opened_as_systemd_wants_it),
		cmocka_unit_test(number_is_free),
		cmocka_unit_test_setup_teardown(wrong_descriptors, scratch_setup, scratch_teardown),
		cmocka_unit_test(standard_descriptors),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
