/* SPDX-License-Identifier: MIT */
/*
 * test-insert: in which order and with which options the modules of the first archive go into the kernel.
 * wrap: syscall access
 */
#include "init/insert.h"

#include <stdarg.h>
#include <sys/syscall.h>

#include "unit/scratch.h"
#include "unit/trace.h"

static const char dep[] = "block.ko: ring.ko bus.ko\nring.ko: bus.ko\nbus.ko:\next4.ko: jbd2.ko crc.ko\njbd2.ko:\n"
			  "crc.ko:\nbad.ko:\n";
static const char alias[] = "alias virtio:d2v* block\nalias fs-ext4 ext4\nalias fs-bad bad\nalias disk block\n";
static const char conf[] = "options block queues=1\noptions ext4 old=1\nblacklist bad\n";
static const char *loaded; /* its directory is there already */

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	char link[64], path[256];
	const char *options;
	va_list ap;

	assert_int_equal(number, SYS_finit_module);
	va_start(ap, number);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", va_arg(ap, int));
	options = va_arg(ap, const char *);
	assert_int_equal(va_arg(ap, int), 0);
	va_end(ap);
	path[MAX(readlink(link, path, sizeof(path) - 1), 0)] = '\0';
	return trace_call("%s%s%s", strrchr(path, '/') + 1, *options ? " " : "", options);
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	return loaded && streq(path, loaded) ? 0 : -1;
}

static void put_modules(const struct scratch *s, struct insert *i)
{
	static const char *const names[] = {
		"block.ko", "ring.ko", "bus.ko", "ext4.ko", "jbd2.ko", "crc.ko", "bad.ko",
	};
	char *text = strdup(conf);

	for (size_t k = 0; k < ARRAY_SIZE(names); k++)
		scratch_write(s, names[k], "", 0);
	i->dir = dup(s->fd);
	assert_int_equal(nearby_read(&i->nearby, strdup(dep), strdup(alias)), 0);
	assert_int_equal(modconf_read(&i->conf, text), 0);
	free(text);
}

/*
 * A driver's loading ends when its disks are there, so that there is something to wait for. A file system has none, and
 * those of others are not waited for.
 */
static void what_goes_in(void **state)
{
	static const struct {
		const char *asked, *loaded, *trace;
		bool served;
	} rows[] = {
		{ "virtio:d2v1", NULL, "bus.ko\nring.ko\nblock.ko queues=1\n", true },
		{ "block", NULL, "bus.ko\nring.ko\nblock.ko queues=1\n", true },
		{ "block", "/sys/module/bus", "ring.ko\nblock.ko queues=1\n", true },
		{ "block", "/sys/module/block", "", true },
		{ "fs-ext4", NULL, "crc.ko async_probe\njbd2.ko async_probe\next4.ko old=1 async_probe\n", true },
		{ "ext4", NULL, "crc.ko\njbd2.ko\next4.ko old=1\n", true },
		{ "fs-bad", NULL, "", true },
		{ "fs-xfs", NULL, "", false },
		{ "virtio:d1v1", NULL, "", false },
	};
	struct insert i = INSERT_NONE;
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	put_modules(*state, &i);
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		trace_reset(0, 0);
		loaded = rows[k].loaded;
		assert_int_equal(insert_serve(&i, rows[k].asked, out), rows[k].served);
		assert_string_equal(traced.text, rows[k].trace);
	}
	(void)close(out);
	insert_close(&i);
}

/* What is told of each, but not of one that another worker was quicker with, or a processor has no use for. */
static void what_is_answered(void **state)
{
	static const struct {
		unsigned int fail;
		int error;
		const char *answer;
	} rows[] = {
		{ 0, 0, "+bus +ring +block " },
		{ 3, ENOEXEC, "+bus +ring !block " },
		{ 3, EEXIST, "+bus +ring " },
		{ 3, ENODEV, "+bus +ring !block " },
		{ 1, ENODEV, "+ring +block " },
		{ 1, ENOEXEC, "!bus +ring +block " },
	};
	struct insert i = INSERT_NONE;

	loaded = NULL;
	put_modules(*state, &i);
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		char said[512], words[64] = "", *p = said, *line;
		int fds[2];
		ssize_t n;

		assert_int_equal(pipe(fds), 0);
		trace_reset(rows[k].fail, rows[k].error);
		assert_true(insert_serve(&i, "disk", fds[1]));
		(void)close(fds[1]);
		n = read(fds[0], said, sizeof(said) - 1);
		assert_true(n > 0);
		said[n] = '\0';
		(void)close(fds[0]);
		while ((line = strsep(&p, "\n")))
			if (*line)
				(void)snprintf(words + strlen(words), sizeof(words) - strlen(words), "%.*s ",
					       (int)strcspn(line, " :"), line);
		assert_string_equal(words, rows[k].answer);
	}
	insert_close(&i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_goes_in, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_is_answered, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
