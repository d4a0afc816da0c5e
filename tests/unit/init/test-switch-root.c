/* SPDX-License-Identifier: MIT */
/*
 * test-switch-root: the order of the last things, and what happens when any one of them fails.
 * wrap: open mount chdir chroot syscall close execve
 * wrap: trace_write oldroot_empty signals_reset serialize_open serialize_check leave_after_failure
 * wrap: log_line log_console log_errno
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "base/macro.h"
#include "base/strv.h"
#include "init/leave.h"
#include "init/oldroot.h"
#include "init/run.h"
#include "init/serialize.h"
#include "init/stages.h"
#include "init/trace.h"
#include "unit/trace.h"

#define OLD_ROOT 4711 /* nothing real is closed */

static bool running; /* else calls are the test's own, and those of what counts coverage */
static jmp_buf end; /* where what never returns goes */
enum { RETURNED, BECAME_INIT, LEFT };

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (!running || !streq(path, "/"))
		return __real_open(path, flags, 0644);
	assert_int_equal(flags, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return trace_call("open %s", path) < 0 ? -1 : OLD_ROOT;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	assert_null(type);
	assert_null(data);
	assert_int_equal(flags, MS_MOVE);
	return trace_call("move %s %s", source, target);
}

int __wrap_chdir(const char *path);
int __wrap_chdir(const char *path)
{
	return trace_call("chdir %s", path);
}

int __wrap_chroot(const char *path);
int __wrap_chroot(const char *path)
{
	return trace_call("chroot %s", path);
}

long __wrap_syscall(long number, unsigned int first, unsigned int last, unsigned int flags);
long __wrap_syscall(long number, unsigned int first, unsigned int last, unsigned int flags)
{
	assert_int_equal(number, SYS_close_range);
	assert_int_equal(last, UINT32_MAX);
	assert_int_equal(flags, 0);
	return trace_call("close from %u", first);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	if (!running || (fd != OLD_ROOT && fd != 3))
		return __real_close(fd);
	trace_note("close %d", fd);
	return 0;
}

int __wrap_execve(const char *path, char *const *argv, char *const *envp);
int __wrap_execve(const char *path, char *const *argv, char *const *envp)
{
	char text[512];
	size_t n = (size_t)snprintf(text, sizeof(text), "exec %s:", path);

	STRV_FOREACH(a, argv)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", *a);
	n += (size_t)snprintf(text + n, sizeof(text) - n, ";");
	STRV_FOREACH(e, envp)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", *e);
	if (trace_call("%s", text) < 0)
		return -1;
	/* What the next init would have freed by being another program. */
	longjmp(end, BECAME_INIT);
}

/* With it the stage has ended, and what is left is the next init's. */
int __wrap_trace_write(const struct profile *p, const struct trace_facts *facts, const char *path);
int __wrap_trace_write(const struct profile *p, const struct trace_facts *facts, const char *path)
{
	assert_int_equal(p->n, 2);
	assert_string_equal(p->spans[0].name, "switch-root");
	assert_true(p->spans[0].end > 0);
	assert_string_equal(p->spans[1].name, "exec");
	assert_int_equal(p->spans[1].end, 0);
	assert_true(facts->exec == p->spans[1].start && facts->exec >= p->spans[0].end);
	assert_int_equal(facts->began, 2000000);
	assert_string_equal(facts->root, "LABEL=r");
	return trace_call_errno("write %s", path);
}

int __wrap_oldroot_empty(int fd);
int __wrap_oldroot_empty(int fd)
{
	return trace_call_errno("empty %s", fd == OLD_ROOT ? "the old root" : "something");
}

void __wrap_signals_reset(void);
void __wrap_signals_reset(void)
{
	trace_note("signals");
}

int __wrap_serialize_open(const struct run *run, int number);
int __wrap_serialize_open(const struct run *run, int number)
{
	return trace_call_errno("serialize %d", number);
}

bool __wrap_serialize_check(int fd);
bool __wrap_serialize_check(int fd)
{
	return trace_call("check %d", fd) == 0;
}

_Noreturn void __wrap_leave_after_failure(struct run *run, const char *stage);
_Noreturn void __wrap_leave_after_failure(struct run *run, const char *stage)
{
	trace_note("leave %s", stage);
	longjmp(end, LEFT);
}

/* Runs the stage; how it ended. */
static int enter(struct run *run)
{
	int how;

	trace_leaves(true);
	running = true;
	how = setjmp(end);
	if (how == RETURNED) {
		int r;

		/* As main does. */
		run->span = profile_begin(&run->profile, SPAN_STAGE, "switch-root", NULL);
		r = enter_sysroot(run);

		trace_note("returned %s", strerror(-r));
	}
	running = false;
	trace_leaves(false);
	profile_free(&run->profile);
	return how;
}

static char *words[] = { (char *)"single", (char *)"a=b", NULL };
static char *environment[] = { (char *)"HOME=/", (char *)"RD_TIMESTAMP=1 2", (char *)"TERM=linux", NULL };

#define RUN(init, is_systemd, wanted)                                                       \
	{                                                                                   \
		.realtime = 1700000000000000, .monotonic = 2000000, .args = words,          \
		.environment = environment, .loop = LOOP_CLOSED,                            \
		.boot = { .serialize = wanted, .root.spec.text = (char *)"LABEL=r" },       \
		.next = { (char *)(init), is_systemd },                                     \
	}
#define SYSTEMD "/lib/systemd/systemd"
#define ENV "HOME=/ TERM=linux RD_TIMESTAMP=1700000000000000 2000000"
#define EXEC(path) "exec " path ": " path " single a=b; " ENV "\n"
#define EXEC_OVER "exec " SYSTEMD ": " SYSTEMD " --switched-root --system --deserialize=3 single a=b; " ENV "\n"
#define FAILED(path) "error: cannot execute " path ": Input/output error\n"

#define WRITE "write /run/slipway/profile.json\n"

/* Lines 1 to 9 of every trace. */
#define BEGIN                              \
	"open /\n"                         \
	"move /dev /sysroot/dev\n"         \
	"move /proc /sysroot/proc\n"       \
	"move /sys /sysroot/sys\n"         \
	"move /run /sysroot/run\n"         \
	"chdir /sysroot\n"                 \
	"move . /\n"                       \
	"chroot .\n"                       \
	"chdir /\n"

static void systemd_is_told(void **state)
{
	struct run run = RUN(SYSTEMD, true, true);

	trace_reset(0, 0);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_string_equal(traced.text, BEGIN
		"empty the old root\n"
		"info: starting " SYSTEMD "\n"
		"close from 3\n"
		"signals\n"
		"serialize 3\n"
		"check 3\n"
		WRITE
		EXEC_OVER);
}

/* sysvinit would ignore the words, openrc-init takes one for a runlevel, bash panics. */
static void others_are_not(void **state)
{
	static const char rest[] = BEGIN "empty the old root\n" "info: starting /sbin/init\n" "close from 3\n"
				   "signals\n" WRITE EXEC("/sbin/init");
	struct run sysvinit = RUN("/sbin/init", false, true), unwanted = RUN("/sbin/init", true, false);

	trace_reset(0, 0);
	assert_int_equal(enter(&sysvinit), BECAME_INIT);
	assert_string_equal(traced.text, rest);
	trace_reset(0, 0);
	assert_int_equal(enter(&unwanted), BECAME_INIT);
	assert_string_equal(traced.text, rest);
}

/* Up to the root's own move: the stage returns the error, and nothing after it is done. */
static void failure_before_the_root_has_moved(void **state)
{
	static const struct {
		unsigned int line;
		const char *said;
	} rows[] = {
		{ 1, "cannot open /" },
		{ 2, "cannot move /dev to /sysroot/dev" },
		{ 3, "cannot move /proc to /sysroot/proc" },
		{ 4, "cannot move /sys to /sysroot/sys" },
		{ 5, "cannot move /run to /sysroot/run" },
		{ 6, "cannot move /sysroot to /" },
		{ 7, "cannot move /sysroot to /" },
		{ 8, "cannot move /sysroot to /" },
		{ 9, "cannot move /sysroot to /" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = RUN(SYSTEMD, true, true);
		char text[1024] = BEGIN, *p = text;

		trace_reset(rows[i].line, EIO);
		assert_int_equal(enter(&run), RETURNED);
		for (unsigned int n = 0; n < rows[i].line; n++)
			p = strchr(p, '\n') + 1;
		snprintf(p, (size_t)(text + sizeof(text) - p), "error: %s: %s\n%sreturned %s\n", rows[i].said,
			 strerror(EIO), rows[i].line == 1 ? "" : "close 4711\n", strerror(EIO));
		assert_string_equal(traced.text, text);
	}
}

/* The profile, the old root's memory: worth a warning. */
static void failure_that_is_none(void **state)
{
	struct run run = RUN("/sbin/init", false, true);

	trace_reset(12, EIO);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_non_null(strstr(traced.text,
		"warning: cannot write /run/slipway/profile.json: Input/output error, ignoring\n" EXEC("/sbin/init")));
	trace_reset(10, EIO);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_non_null(strstr(traced.text,
		"empty the old root\n"
		"warning: cannot free the memory of the initramfs: Input/output error, ignoring\n"));
}

#define AFTER                             \
	"empty the old root\n"            \
	"info: starting " SYSTEMD "\n"    \
	"close from 3\n"                  \
	"signals\n"

/* A descriptor that systemd cannot read would freeze it. */
static void hand_over_that_fails_is_left_out(void **state)
{
	static const char *const whys[] = { "Input/output error", "Bad file descriptor" };

	for (unsigned int line = 12; line <= 13; line++) {
		struct run run = RUN(SYSTEMD, true, true);
		char text[2048];

		trace_reset(line, EIO);
		assert_int_equal(enter(&run), BECAME_INIT);
		snprintf(text, sizeof(text),
			 "%s%swarning: cannot hand the initrd's time over to systemd: %s, ignoring\n"
			 "close 3\n%s",
			 BEGIN AFTER "serialize 3\n", line == 13 ? "check 3\n" : "", whys[line - 12],
			 WRITE EXEC(SYSTEMD));
		assert_string_equal(traced.text, text);
	}
}

static void exec_fails_with_the_hand_over(void **state)
{
	struct run run = RUN(SYSTEMD, true, true);

	trace_reset(15, EIO);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_string_equal(traced.text, BEGIN AFTER
		"serialize 3\n" "check 3\n" WRITE
		EXEC_OVER FAILED(SYSTEMD) "close 3\n"
		EXEC(SYSTEMD));
}

/* The last of the list, without the hand-over. */
static void others_are_tried(void **state)
{
	struct run run = RUN(SYSTEMD, true, true);

	trace_reset(15, EIO);
	traced.fail_to = 19;
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_string_equal(traced.text, BEGIN AFTER
		"serialize 3\n" "check 3\n" WRITE
		EXEC_OVER FAILED(SYSTEMD) "close 3\n"
		EXEC(SYSTEMD) FAILED(SYSTEMD)
		EXEC("/sbin/init") FAILED("/sbin/init")
		EXEC("/etc/init") FAILED("/etc/init")
		EXEC("/bin/init") FAILED("/bin/init")
		EXEC("/bin/sh"));
}

/* None can be executed: out by the one door, so that panic= counts. The first is not tried twice. */
static void none_is_left(void **state)
{
	struct run run = RUN("/etc/init", false, true);

	trace_reset(13, EIO);
	traced.fail_to = 99;
	assert_int_equal(enter(&run), LEFT);
	assert_string_equal(traced.text, BEGIN
		"empty the old root\n" "info: starting /etc/init\n" "close from 3\n" "signals\n" WRITE
		EXEC("/etc/init") FAILED("/etc/init")
		EXEC("/sbin/init") FAILED("/sbin/init")
		EXEC("/bin/init") FAILED("/bin/init")
		EXEC("/bin/sh") FAILED("/bin/sh")
		"leave switch-root\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_is_told),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(failure_before_the_root_has_moved),
		cmocka_unit_test(failure_that_is_none),
		cmocka_unit_test(hand_over_that_fails_is_left_out),
		cmocka_unit_test(exec_fails_with_the_hand_over),
		cmocka_unit_test(others_are_tried),
		cmocka_unit_test(none_is_left),
	};

	/* 3 is the hand-over's alone. */
	while (__real_open("/dev/null", O_RDONLY | O_CLOEXEC) < 4)
		;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
