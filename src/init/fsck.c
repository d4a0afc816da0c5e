/* SPDX-License-Identifier: MIT */
/* fsck: running fsck.TYPE and acting on its exit bits. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "init/fsck.h"
#include "init/leave.h"
#include "init/priority.h"

/* fsck(8) */
enum { CORRECTED = 1, REBOOT = 2, UNCORRECTED = 4, OPERATIONAL = 8, USAGE = 16, CANCELED = 32 };

#define PROGRESS_EVERY (5 * USEC_PER_SEC)
#define KEPT_BYTES     512
#define SEPARATOR      "; "

/* Words that a checker understands beyond -a, -y, -n. */
static const struct checker {
	const char *fstype;
	const char *force;    /* check although it is marked clean; NULL: has no such word */
	const char *progress; /* "PASS CURRENT MAX DEVICE" lines on stdout */
	bool needless;        /* mounting replays its log, its fsck.TYPE does nothing: fsck.xfs(8), fsck.btrfs(8) */
} checkers[] = {
	{ "ext2",  "-f", "-C1", false },
	{ "ext3",  "-f", "-C1", false },
	{ "ext4",  "-f", "-C1", false },
	{ "f2fs",  "-f", NULL,  false },
	{ "xfs",   NULL, NULL,  true  },
	{ "btrfs", NULL, NULL,  true  },
};

/* What it says, while it says it: lines to the log, progress to the console, the last words kept. */
struct listener {
	const char *name;
	char kept[KEPT_BYTES];
	uint64_t next_progress;
};

static bool take_progress(struct listener *l, const char *line)
{
	unsigned long pass, current, max;

	if (sscanf(line, "%lu %lu %lu /", &pass, &current, &max) != 3 || max == 0)
		return false;
	if (clock_monotonic() >= l->next_progress) {
		l->next_progress = clock_add(clock_monotonic(), PROGRESS_EVERY);
		log_console(LOG_NOTICE, "%s: pass %lu, %lu %%", l->name, pass, current * 100 / max);
	}
	return true;
}

/* The newest words tell what was wrong in the end: the oldest make room for them, a whole line at a time. */
static void keep(struct listener *l, const char *line)
{
	size_t used = strlen(l->kept), need = strlen(line) + strlen(SEPARATOR) + 1;

	while (used > 0 && used + need > sizeof(l->kept)) {
		const char *next = strstr(l->kept, SEPARATOR);

		next = next ? next + strlen(SEPARATOR) : l->kept + used;
		used -= (size_t)(next - l->kept);
		memmove(l->kept, next, used + 1);
	}
	(void)snprintf(l->kept + used, sizeof(l->kept) - used, "%s%s", used > 0 ? SEPARATOR : "", line);
}

static void take_line(struct listener *l, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	if (!*line || take_progress(l, line))
		return;
	log_info("%s: %s", l->name, line);
	keep(l, line);
}

/* The lines that are whole; what is left moves to the front. */
static size_t take_lines(struct listener *l, char *buffer, size_t n)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', n - (size_t)(line - buffer)))) {
		*end = '\0';
		take_line(l, line);
		line = end + 1;
	}
	n -= (size_t)(line - buffer);
	memmove(buffer, line, n);
	return n;
}

/* Until fsck has ended, not until the pipe has: what it may have left behind holds the other end. */
static void listen_to(struct listener *l, int fd, pid_t pid)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char buffer[1024 + 1];
	size_t n = 0;

	for (;;) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
		ssize_t got;

		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno == EINTR)
			continue;
		if (!p[0].revents)
			break;
		got = read(fd, buffer + n, sizeof(buffer) - 1 - n);
		if (got <= 0)
			break;
		n = take_lines(l, buffer, n + (size_t)got);
		if (n == sizeof(buffer) - 1)
			n = 0; /* no line is that long */
	}
	buffer[n] = '\0';
	take_line(l, buffer);
}

/* Runs it; the exit code, or -errno when it could not be run or was killed by a signal. */
static int run_checker(const char *const argv[], struct listener *l)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	struct spawn s = { .argv = argv, .stdin_fd = -1, .nice = PRIORITY_FIRST };
	int fds[2], status, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	from = fds[0];
	s.stdout_fd = s.stderr_fd = to = fds[1];
	r = spawn_start(&s, &pid);
	(void)close(TAKE_FD(to));
	if (r < 0)
		return r;
	listen_to(l, from, pid);
	r = spawn_wait(pid, USEC_FOREVER, &status);
	if (r < 0)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static void write_code(const char *what, int code)
{
	/* The interface's name, and the one that Debian's systemd-fsck-root.service looks for. */
	const struct {
		const char *first, *second;
	} names[] = { { what, "fsck" }, { "fsck", what } };
	char path[64], text[16];

	(void)snprintf(text, sizeof(text), "%d\n", code);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r;

		(void)snprintf(path, sizeof(path), "/run/initramfs/%s-%s", names[i].first, names[i].second);
		r = file_write(AT_FDCWD, path, text, 0644);
		if (r < 0)
			log_warning("cannot write %s: %s, ignoring", path, strerror(-r));
	}
}

/* What the code means for the boot. */
static int judge(const struct fsck_request *q, const struct listener *l, int code)
{
	const char *name = q->device->devname;

	if (code & REBOOT) {
		log_console(LOG_WARNING, "fsck of %s wants the machine restarted", name);
		leave_now(EMERGENCY_REBOOT);
	}
	if (code & UNCORRECTED) {
		log_error("fsck of %s found errors that it does not mend by itself (exit code %d): %s; boot with "
			  "fsck.repair=yes, or with rd.shell=1 and repair it by hand", name, code, l->kept);
		return -EUCLEAN;
	}
	if (code & CANCELED) {
		log_error("fsck of %s was ended by the user (exit code %d); fsck.mode=skip boots without it", name,
			  code);
		return -ECANCELED;
	}
	if (code & ~CORRECTED)
		log_warning("fsck of %s could not do its work (exit code %d): %s, ignoring", name, code, l->kept);
	else if (code & CORRECTED)
		log_notice("fsck of %s corrected errors", name);
	return 0;
}

/* The one that it takes may be in the reserve; for one that does nothing that is not unpacked. */
static int run_one(struct run *run, const char *const argv[], bool needless, struct listener *l)
{
	int code = run_checker(argv, l);

	if (code == -ENOENT && !needless && reserve_pending(run)) {
		reserve_bring(run);
		code = run_checker(argv, l);
	}
	return code;
}

static int check(struct run *run, const struct fsck_request *q, struct fsck_result *ret)
{
	static const char *const repairs[] = { [REPAIR_PREEN] = "-a", [REPAIR_YES] = "-y", [REPAIR_NO] = "-n" };
	_cleanup_free_ char *program = NULL, *path = NULL;
	struct listener l = { .name = program, .next_progress = clock_add(clock_monotonic(), PROGRESS_EVERY) };
	const struct boot *boot = &run->boot;
	const char *argv[6] = { 0 };
	bool needless = false;
	size_t n = 0;
	int code;

	if (asprintf(&program, "fsck.%s", q->fstype) < 0 || asprintf(&path, "/dev/%s", q->device->devname) < 0)
		return -ENOMEM;
	l.name = program;
	argv[n++] = program;
	argv[n++] = repairs[boot->fsck_repair];
	for (size_t i = 0; i < ARRAY_SIZE(checkers); i++) {
		if (!streq(checkers[i].fstype, q->fstype))
			continue;
		if (boot->fsck_mode == FSCK_FORCE && checkers[i].force)
			argv[n++] = checkers[i].force;
		if (checkers[i].progress)
			argv[n++] = checkers[i].progress;
		needless = checkers[i].needless;
	}
	argv[n++] = path;

	ret->start = clock_monotonic();
	code = run_one(run, argv, needless, &l);
	/* Killed by a signal it has proved nothing (out of memory?): once more. */
	if (code == -EINTR) {
		log_warning("%s was killed, trying once more", program);
		code = run_checker(argv, &l);
	}
	ret->end = clock_monotonic();
	if (code == -ENOENT) {
		log_line(needless ? LOG_DEBUG : LOG_INFO, "no %s in this image: %s is not checked", program,
			 q->device->devname);
		return 0;
	}
	if (code < 0) {
		log_warning("cannot run %s: %s, ignoring", program, strerror(-code));
		code = OPERATIONAL;
	}
	ret->ran = true;
	ret->code = code;
	write_code(q->what, code);
	return judge(q, &l, code);
}

static void note(struct run *run, const struct fsck_request *q, const struct fsck_result *check)
{
	const char *device = q->device->name;

	profile_add(&run->profile, SPAN_HELPER, span_name("fsck", device).text, device, check->start, check->end);
}

int fsck_run(struct run *run, const struct fsck_request *q, struct fsck_result *ret)
{
	_cleanup_free_ char *unit = strdup(q->unit);
	int r;

	if (!unit)
		return log_errno(-ENOMEM, "cannot check %s", q->device->devname);
	if (run->boot.fsck_mode == FSCK_SKIP) {
		log_info("fsck of %s is skipped, as asked", q->device->devname);
		return 0;
	}
	/* The stage may be tried again: what an earlier check left goes. */
	free(ret->unit);
	*ret = (struct fsck_result){ 0 };
	r = check(run, q, ret);
	if (ret->ran) {
		ret->unit = TAKE_PTR(unit);
		note(run, q, ret);
	}
	return r == -ENOMEM ? log_errno(r, "cannot check %s", q->device->devname) : r;
}

bool fsck_is_done(const struct fsck_result *check)
{
	return check->ran && check->unit && !(check->code & ~CORRECTED);
}
