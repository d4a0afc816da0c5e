/* SPDX-License-Identifier: MIT */
/*
 * test-rescue: who may have a shell, and what a crash does.
 * wrap: access log_crash execve
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/macro.h"
#include "init/rescue.h"
#include "unit/unit.h"

/* The whole truth: rd.shell=, rd.break=, a refused passphrase. */
static void truth_table(void **state)
{
	static const struct {
		enum tristate shell;
		bool breaks, refused, allowed;
	} rows[] = {
		{ UNSET, false, false, false },
		{ UNSET, false, true,  false },
		{ UNSET, true,  false, true  },
		{ UNSET, true,  true,  false },
		{ NO,    false, false, false },
		{ NO,    false, true,  false },
		{ NO,    true,  false, false },
		{ NO,    true,  true,  false },
		{ YES,   false, false, true  },
		{ YES,   false, true,  false },
		{ YES,   true,  false, true  },
		{ YES,   true,  true,  false },
	};
	char *words[] = { (char *)"root", NULL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct boot boot = { .shell = rows[i].shell, .breaks = rows[i].breaks ? words : NULL };

		if (rescue_allowed(&boot, rows[i].refused) != rows[i].allowed)
			fail_msg("row %zu", i);
	}
}

/* From the words to the answer. */
static void words(void **state)
{
	static const struct {
		const char *words;
		bool allowed;
	} rows[] = {
		{ "root=/dev/vda quiet", false },
		{ "rd.shell", true },
		{ "rd.shell=1", true },
		{ "rd.shell=0", false },
		{ "rd.shell=maybe", false },
		{ "rd.shell=", false },
		{ "rd.break", true },
		{ "rd.break=root", true },
		{ "rd.break=,", false },
		{ "rd.break rd.shell=0", false },
		{ "rd.shell=1 rd.shell=0", false },
		{ "rd.debug rd.emergency=halt", false },
		{ "single -- rd.shell rd.break", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(boot_free) struct boot boot = { 0 };

		assert_int_equal(boot_parse(&(struct boot_text){ .kernel = rows[i].words }, &boot), 0);
		if (rescue_allowed(&boot, false) != rows[i].allowed)
			fail_msg("%s", rows[i].words);
		assert_false(rescue_allowed(&boot, true));
	}
}

/* A failure before the command line is read: nobody has asked for anything yet. */
static void before_the_command_line_is_read(void **state)
{
	const struct boot boot = { 0 };

	assert_false(rescue_allowed(&boot, false));
}

static bool shell_is_there;

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	assert_string_equal(path, "/bin/sh");
	assert_int_equal(mode, X_OK);
	errno = ENOENT;
	return shell_is_there ? 0 : -1;
}

static void is_there_a_shell(void **state)
{
	shell_is_there = false;
	assert_false(rescue_has_shell());
	shell_is_there = true;
	assert_true(rescue_has_shell());
}

static int told; /* the writing end of a pipe, in the child that crashes */

void __wrap_log_crash(const char *text);
void __wrap_log_crash(const char *text)
{
	(void)!write(told, text, strlen(text));
}

int __real_execve(const char *path, char *const *argv, char *const *envp);
int __wrap_execve(const char *path, char *const *argv, char *const *envp);
int __wrap_execve(const char *path, char *const *argv, char *const *envp)
{
	sigset_t blocked;
	bool free_to_go;

	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	free_to_go = sigismember(&blocked, SIGCHLD) == 0 && sigismember(&blocked, SIGSEGV) == 0;
	_exit(streq(path, "/bin/sh") && streq(argv[0], "/bin/sh") && !argv[1] && free_to_go ? 42 : 43);
}

/* A child that catches crashes, blocks what the loop blocks, and crashes. Its exit code; what it said. */
static int crash(bool shell_allowed, int sig, char *ret, size_t size)
{
	int fds[2], status = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		sigset_t set;

		told = fds[1];
		(void)sigemptyset(&set);
		(void)sigaddset(&set, SIGCHLD);
		(void)sigprocmask(SIG_BLOCK, &set, NULL);
		/* As main() does: refused at first, then as the command line says. */
		rescue_catch_crashes(false);
		rescue_catch_crashes(shell_allowed);
		(void)raise(sig);
		_exit(0);
	}
	(void)close(fds[1]);
	n = read(fds[0], ret, size - 1);
	ret[MAX(n, 0)] = '\0';
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* PID 1 gets no default action of a signal: without a handler the machine would stand still. */
static void crash_ends_in_a_panic_or_a_shell(void **state)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		char said[128], line[128];

		snprintf(line, sizeof(line), "<2>slipway: /init crashed by signal %02d; please report it\n",
			 signals[i]);
		assert_int_equal(crash(false, signals[i], said, sizeof(said)), 1);
		assert_string_equal(said, line);
		assert_int_equal(crash(true, signals[i], said, sizeof(said)), 42);
		assert_string_equal(said, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_table),
		cmocka_unit_test(words),
		cmocka_unit_test(before_the_command_line_is_read),
		cmocka_unit_test(is_there_a_shell),
		cmocka_unit_test(crash_ends_in_a_panic_or_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
