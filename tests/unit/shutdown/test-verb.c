/* SPDX-License-Identifier: MIT */
/*
 * test-verb: which reboot(2) it is in the end, and what comes when that fails.
 * wrap: reboot syscall pause sync log_line log_errno
 */
#include <errno.h>
#include <limits.h>
#include <linux/reboot.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "shutdown/verb.h"
#include "unit/scratch.h"
#include "unit/shutdown/harmless.h"

static char trace[1024];
static jmp_buf over;

static void note(const char *what)
{
	(void)snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "%s%s", *trace ? " " : "", what);
}

int __wrap_reboot(int howto);
int __wrap_reboot(int howto)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%08x", (unsigned int)howto);
	note(text);
	errno = EINVAL;
	return -1;
}

long __wrap_syscall(long nr, ...);
long __wrap_syscall(long nr, ...)
{
	va_list ap;

	assert_int_equal(nr, SYS_reboot);
	va_start(ap, nr);
	assert_int_equal((unsigned int)va_arg(ap, int), LINUX_REBOOT_MAGIC1);
	assert_int_equal(va_arg(ap, int), LINUX_REBOOT_MAGIC2);
	assert_int_equal((unsigned int)va_arg(ap, unsigned int), LINUX_REBOOT_CMD_RESTART2);
	note("param");
	note(va_arg(ap, const char *));
	va_end(ap);
	errno = EINVAL;
	return -1;
}

/* It waits for the watchdog now. */
int __wrap_pause(void);
int __wrap_pause(void)
{
	note("pause");
	longjmp(over, 1);
}

void __wrap_sync(void);
void __wrap_sync(void)
{
	note("sync");
}

void __wrap_log_line(int level, const char *fmt, ...);
void __wrap_log_line(int level, const char *fmt, ...)
{
	if (level <= LOG_WARNING)
		note(level == LOG_ERR ? "error" : "warning");
}

int __wrap_log_errno(int r, const char *fmt, ...);
int __wrap_log_errno(int r, const char *fmt, ...)
{
	assert_int_equal(r, -EINVAL);
	note("error");
	return r;
}

static void assert_end(void **state, const char *verb, bool machine, const char *expected)
{
	const struct scratch *s = *state;

	trace[0] = '\0';
	if (setjmp(over) == 0)
		verb_end(verb_find(verb), s->fd, machine);
	assert_string_equal(trace, expected);
}

static void put(const struct scratch *s, const char *path, const char *text)
{
	_cleanup_free_ char *dir = strdup(path);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(file_mkdir_parents(s->fd, dir, 0755), 0);
	scratch_write(s, path, text, strlen(text));
}

/* Each tries its own command and, when that fails, a reboot. */
#define OFF   "4321fedc"
#define AGAIN "01234567"
#define HALT  "cdef0123"
#define KEXEC "45584543"

static void each_verb_has_its_command(void **state)
{
	assert_end(state, "poweroff", false, OFF " error " AGAIN " pause");
	assert_end(state, "exit", false, OFF " error " AGAIN " pause");
	assert_end(state, "halt", false, HALT " error " AGAIN " pause");
	assert_end(state, "reboot", false, AGAIN " error " AGAIN " pause");
}

static void kexec_only_with_a_kernel(void **state)
{
	assert_end(state, "kexec", false, "error " AGAIN " error " AGAIN " pause");
	put(*state, "sys/kernel/kexec_loaded", "0\n");
	assert_end(state, "kexec", false, "error " AGAIN " error " AGAIN " pause");
	put(*state, "sys/kernel/kexec_loaded", "1\n");
	assert_end(state, "kexec", false, KEXEC " error " AGAIN " pause");
	/* A reboot never turns into a kexec by itself. */
	assert_end(state, "reboot", false, AGAIN " error " AGAIN " pause");
}

static void sysrq_is_the_machines_own(void **state)
{
	_cleanup_free_ char *pressed = NULL;
	const struct scratch *s = *state;

	put(s, "proc/sysrq-trigger", "");
	assert_end(state, "poweroff", false, OFF " error " AGAIN " pause");
	assert_int_equal(file_read(s->fd, "proc/sysrq-trigger", 100, &pressed, NULL), 0);
	assert_string_equal(pressed, "");
	free(TAKE_PTR(pressed));
	assert_end(state, "poweroff", true, OFF " error " AGAIN " pause");
	assert_int_equal(file_read(s->fd, "proc/sysrq-trigger", 100, &pressed, NULL), 0);
	assert_string_equal(pressed, "o");
	free(TAKE_PTR(pressed));
	put(s, "proc/sysrq-trigger", "");
	assert_end(state, "halt", true, HALT " error " AGAIN " pause");
	assert_int_equal(file_read(s->fd, "proc/sysrq-trigger", 100, &pressed, NULL), 0);
	assert_string_equal(pressed, "");
}

static void the_parameter_goes_first(void **state)
{
	put(*state, "run/systemd/reboot-param", "recovery\n");
	assert_end(state, "reboot", false, "param recovery " AGAIN " error " AGAIN " pause");
	assert_end(state, "poweroff", false, OFF " error " AGAIN " pause");
	put(*state, "run/systemd/reboot-param", "bad\x01");
	assert_end(state, "reboot", false, "warning " AGAIN " error " AGAIN " pause");
}

static void a_parameter_that_is_not_roots_is_refused(void **state)
{
	const struct scratch *s = *state;
	char param[REBOOT_PARAM_MAX + 1];

	char path[PATH_MAX];

	put(s, "run/systemd/reboot-param", "evil");
	assert_int_equal(reboot_param_read(s->fd, param), 0);
	if (fchownat(s->fd, "run/systemd/reboot-param", 1000, 1000, 0) == 0) {
		assert_int_equal(reboot_param_read(s->fd, param), -EPERM);
		return;
	}
	/* A user namespace that knows one user: the machine's root is another there, and so are its files. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/run/systemd/reboot-param", s->fd);
	assert_int_equal(mount("/etc/os-release", path, NULL, MS_BIND, NULL), 0);
	assert_int_equal(reboot_param_read(s->fd, param), -EPERM);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void a_parameter_that_is_no_file_is_refused(void **state)
{
	const struct scratch *s = *state;
	char param[REBOOT_PARAM_MAX + 1];

	put(s, "run/systemd/real", "linked");
	assert_int_equal(symlinkat("real", s->fd, "run/systemd/reboot-param"), 0);
	assert_int_equal(reboot_param_read(s->fd, param), -ELOOP);
	assert_int_equal(unlinkat(s->fd, "run/systemd/reboot-param", 0), 0);
	/* Opening a fifo for reading waits for a writer, unless it is asked not to. */
	assert_int_equal(mkfifoat(s->fd, "run/systemd/reboot-param", 0600), 0);
	assert_int_equal(reboot_param_read(s->fd, param), -EPERM);
	assert_int_equal(unlinkat(s->fd, "run/systemd/reboot-param", 0), 0);
	assert_int_equal(reboot_param_read(s->fd, param), -ENOENT);
}

static void what_a_parameter_may_be(void **state)
{
	char param[REBOOT_PARAM_MAX + 1], text[300];

	memset(text, 'x', sizeof(text));
	assert_int_equal(reboot_param_check("", 0, param), -EINVAL);
	assert_int_equal(reboot_param_check("\n", 1, param), -EINVAL);
	assert_int_equal(reboot_param_check("a\n\n", 3, param), -EINVAL);
	assert_int_equal(reboot_param_check("a\0b", 3, param), -EINVAL);
	assert_int_equal(reboot_param_check("\x7f", 1, param), -EINVAL);
	assert_int_equal(reboot_param_check("\x80", 1, param), -EINVAL);
	assert_int_equal(reboot_param_check(text, 256, param), -EINVAL);
	assert_int_equal(reboot_param_check(text, 255, param), 0);
	assert_int_equal(strlen(param), 255);
	assert_int_equal(reboot_param_check(" a~\n", 4, param), 0);
	assert_string_equal(param, " a~");
}

static void assert_crash(const char *verb, const char *expected)
{
	trace[0] = '\0';
	if (setjmp(over) == 0)
		verb_find(verb)->crash(SIGSEGV);
	assert_string_equal(trace, expected);
}

static void a_crash_syncs_and_ends_as_asked(void **state)
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_true(dup2(null, STDERR_FILENO) >= 0);
	assert_crash("poweroff", "sync " OFF " pause");
	assert_crash("exit", "sync " OFF " pause");
	assert_crash("reboot", "sync " AGAIN " pause");
	/* Devices were not shut down in an orderly way: the next kernel shall find them after a reset. */
	assert_crash("kexec", "sync " AGAIN " pause");
	assert_crash("halt", "sync " HALT " pause");
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	(void)close(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_verb_has_its_command, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(kexec_only_with_a_kernel, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(sysrq_is_the_machines_own, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(the_parameter_goes_first, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_parameter_that_is_not_roots_is_refused, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(a_parameter_that_is_no_file_is_refused, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(what_a_parameter_may_be),
		cmocka_unit_test(a_crash_syncs_and_ends_as_asked),
	};

	return cmocka_run_group_tests(tests, harmless_setup, NULL);
}
