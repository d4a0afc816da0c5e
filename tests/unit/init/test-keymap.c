/* SPDX-License-Identifier: MIT */
/*
 * test-keymap: what is done to the keyboard; the console, the image and loadkeys are replaced.
 * wrap: open ioctl file_read tool_run log_line
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <stdarg.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/keymap.h"
#include "init/tool.h"
#include "unit/trace.h"

static struct {
	bool no_console;
	int mode;
	const char *vconsole, *says;
	int code;
} scene;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (!streq(path, "/dev/tty0"))
		return __real_open(path, flags, 0);
	errno = ENXIO;
	return scene.no_console ? -1 : __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	va_start(args, request);
	if (request == KDGKBMODE)
		*va_arg(args, int *) = scene.mode;
	else
		trace_note("mode %d", va_arg(args, int));
	va_end(args);
	return 0;
}

int __wrap_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);
int __wrap_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size)
{
	assert_string_equal(path, "/etc/vconsole.conf");
	if (!scene.vconsole)
		return -ENOENT;
	*ret = strdup(scene.vconsole);
	return 0;
}

int __wrap_tool_run(const struct tool *t, int fd);
int __wrap_tool_run(const struct tool *t, int fd)
{
	char text[200] = "";

	for (const char *const *word = t->argv; *word; word++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", *word);
	trace_note("run%s", text);
	assert_true(t->patience > 0);
	(void)file_write_fd(fd, scene.says, strlen(scene.says));
	return scene.code;
}

static const struct row {
	const char *asked, *vconsole, *trace;
	bool no_console;
	int mode; /* 0 is K_RAW */
	const char *says;
	int code;
} rows[] = {
	{ .mode = K_UNICODE, .vconsole = "KEYMAP=de\n", .trace = "run loadkeys -q -u -C /dev/tty0 de\n" },
	{ .mode = K_UNICODE, .vconsole = "FONT=x\nKEYMAP=\"/usr/de.map\"\n",
	  .trace = "run loadkeys -q -u -C /dev/tty0 /usr/de.map\n" },
	{ .mode = K_XLATE, .vconsole = "KEYMAP=de", .trace = "mode 3\nrun loadkeys -q -u -C /dev/tty0 de\n" },
	{ .mode = K_RAW, .vconsole = "KEYMAP=de", .trace = "run loadkeys -q -u -C /dev/tty0 de\n" },
	{ .mode = K_UNICODE, .asked = "fr", .vconsole = "KEYMAP=de\n",
	  .trace = "run loadkeys -q -u -C /dev/tty0 fr\n" },
	{ .mode = K_XLATE, .vconsole = NULL, .trace = "" },
	{ .mode = K_XLATE, .vconsole = "FONT=x\nKEYMAP=\n", .trace = "" },
	{ .no_console = true, .asked = "fr", .vconsole = "KEYMAP=de\n", .trace = "" },
	{ .mode = K_UNICODE, .asked = "xx", .says = "cannot open file xx\n", .code = 1,
	  .trace = "run loadkeys -q -u -C /dev/tty0 xx\n"
		   "warning: cannot load the keymap xx: cannot open file xx, ignoring\n" },
	{ .mode = K_UNICODE, .asked = "xx", .says = "", .code = 1,
	  .trace = "run loadkeys -q -u -C /dev/tty0 xx\n"
		   "warning: cannot load the keymap xx: loadkeys failed, ignoring\n" },
	{ .mode = K_UNICODE, .asked = "xx", .code = -ENOENT,
	  .trace = "run loadkeys -q -u -C /dev/tty0 xx\n"
		   "warning: cannot load the keymap xx: No such file or directory, ignoring\n" },
};

static void loaded(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		trace_reset(0, 0);
		scene.no_console = rows[i].no_console;
		scene.mode = rows[i].mode;
		scene.vconsole = rows[i].vconsole;
		scene.says = rows[i].says ? rows[i].says : "";
		scene.code = rows[i].code;
		keymap_load(rows[i].asked);
		assert_string_equal(traced.text, rows[i].trace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(loaded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
