/* SPDX-License-Identifier: MIT */
/*
 * departure: the stage switch-root with all that it does to the world replaced, as a trace. A test that includes this
 * has in its first comment the lines
 * " * wrap: open mount chdir chroot syscall close execve"
 * " * wrap: trace_write oldroot_empty signals_reset priority_leave serialize_open serialize_check leave_after_failure"
 * " * wrap: bars_collect unit_make unit_unmake process_newest"
 * " * wrap: log_line log_console log_errno"
 */
#pragma once

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
#include "chroot.h"
#include "unit/trace.h"

#define OLD_ROOT 4711 /* nothing real is closed */

static bool all_closed;
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

long __wrap_syscall(long number, unsigned int first, unsigned int last, unsigned int flags);
long __wrap_syscall(long number, unsigned int first, unsigned int last, unsigned int flags)
{
	assert_int_equal(number, SYS_close_range);
	assert_int_equal(last, UINT32_MAX);
	assert_int_equal(flags, 0);
	all_closed = true;
	return trace_call("close from %u", first);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	/* 3 is that of the hand-over once all that was open is closed. */
	if (!running || (fd != OLD_ROOT && (fd != 3 || !all_closed)))
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

int __wrap_process_newest(void);
int __wrap_process_newest(void)
{
	return 47;
}

/* With it the stage has ended, and what is left is the next init's. */
int __wrap_trace_write(const struct profile *p, const struct trace_facts *facts, const char *path);
int __wrap_trace_write(const struct profile *p, const struct trace_facts *facts, const char *path)
{
	static const char *const names[] = { "switch-root", "switch-root/move", "switch-root/empty" };

	assert_int_equal(p->n, ARRAY_SIZE(names) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(p->spans[i].name, names[i]);
		assert_true(p->spans[i].end > 0);
	}
	assert_string_equal(p->spans[3].name, "exec");
	assert_int_equal(p->spans[3].end, 0);
	assert_true(facts->exec == p->spans[3].start && facts->exec >= p->spans[0].end);
	assert_int_equal(facts->began, 2000000);
	assert_int_equal(facts->processes, 5);
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

void __wrap_priority_leave(void);
void __wrap_priority_leave(void)
{
	trace_note("priority");
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

/* One bar, or none. */
static bool has_bar;

int __wrap_bars_collect(const struct profile *p, const char *but, struct bars *ret);
int __wrap_bars_collect(const struct profile *p, const char *but, struct bars *ret)
{
	assert_true(streq_null(but, "root/fsck"));
	if (!has_bar)
		return 0;
	*ret = (struct bars){ .items = calloc(1, sizeof(*ret->items)), .n = 1 };
	ret->items[0] = (struct bar){ .unit = strdup("a.service"), .name = strdup("a"), .start = 1, .end = 2 };
	return 0;
}

int __wrap_unit_make(const char *unit, const char *text);
int __wrap_unit_make(const char *unit, const char *text)
{
	return trace_call_errno("make %s", unit);
}

void __wrap_unit_unmake(const char *unit);
void __wrap_unit_unmake(const char *unit)
{
	trace_note("unmake %s", unit);
}

/* Runs the stage; how it ended. */
static inline int enter(struct run *run)
{
	int how;

	trace_leaves(true);
	running = true;
	all_closed = false;
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
	bars_free(&run->bars);
	return how;
}

static char *words[] = { (char *)"single", (char *)"a=b", NULL };
static char *environment[] = { (char *)"HOME=/", (char *)"RD_TIMESTAMP=1 2", (char *)"TERM=linux", NULL };

#define RUN(init, is_systemd, wanted)                                                       \
	{                                                                                   \
		.realtime = 1700000000000000, .monotonic = 2000000, .args = words,          \
		.environment = environment, .loop = LOOP_CLOSED,                            \
		.boot = { .serialize = wanted, .root.spec.text = (char *)"LABEL=r" },       \
		.processes = 42,                                                            \
		.next = { (char *)(init), is_systemd },                                     \
		.root_fsck = { .ran = true, .unit = (char *)"systemd-fsck-root.service" },  \
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
