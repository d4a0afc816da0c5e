/* SPDX-License-Identifier: MIT */
/*
 * mdmon: the daemon that writes the metadata of IMSM and DDF arrays, taken over from the old root.
 *
 * Each write to such an array may wait for it, an unmount's too, so it must live until the last array is stopped; and
 * the one that systemd started runs from the old root, which it keeps busy.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/worker.h"
#include "shutdown/layer.h"
#include "shutdown/mdmon.h"
#include "shutdown/run.h"

/* mdmon itself gives the old one five. */
#define OLD_USEC    (5 * USEC_PER_SEC)
#define TOOL_USEC   (8 * USEC_PER_SEC)
#define WORKER_USEC (TOOL_USEC + 2 * USEC_PER_SEC)

struct take_over {
	int root;
	const char *container, *volume; /* as the kernel calls them */
};

static int read_pid(int root, const char *container, uint64_t *ret)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "run/mdadm/%s.pid", container) < 0)
		return -ENOMEM;
	return file_read_u64(root, path, ret);
}

/* One that was killed leaves its number behind, which may be somebody else's by now. */
static bool is_mdmon(int root, uint64_t pid)
{
	_cleanup_free_ char *path = NULL, *comm = NULL;

	return pid > 1 && asprintf(&path, "proc/%u/comm", (unsigned int)pid) >= 0 &&
	       file_read_line(root, path, &comm) == 0 && streq(comm, "mdmon");
}

/* The firmware that IMSM arrays come from is of no interest any more. */
static int run_tool(const char *const argv[])
{
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "IMSM_NO_PLATFORM=1", NULL };
	const struct spawn s = {
		.argv = argv, .envp = environment, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1,
	};
	int status, r = spawn_run(&s, clock_add(clock_monotonic(), TOOL_USEC), &status);

	if (r < 0)
		return r;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* It forks, and its parent ends when the other one has been told to go. */
static int start(int out, void *data)
{
	const struct take_over *t = data;

	return run_tool((const char *const[]){ "mdmon", "--takeover", "--offroot", t->container, NULL });
}

/* It answers mdadm when it has looked at all its arrays. mdadm(8), --wait-clean */
int mdmon_await(int root, const char *container, const char *volume)
{
	_cleanup_free_ char *path = NULL;
	uint64_t pid;
	int r;

	if (asprintf(&path, "/dev/%s", volume) < 0)
		return -ENOMEM;
	r = run_tool((const char *const[]){ "mdadm", "--wait-clean", path, NULL });
	/* One that ends with its last array, all being written, takes its number away; one that is killed does not. */
	return r == -ECHILD && read_pid(root, container, &pid) == -ENOENT ? 0 : r;
}

static int check(int out, void *data)
{
	const struct take_over *t = data;
	_cleanup_free_ char *exe = NULL;
	struct stat own, program;
	uint64_t pid;
	/* Before that it does not know of the volume, and would not hear that this is stopped. */
	int r = mdmon_await(t->root, t->container, t->volume);

	if (r < 0)
		return r;
	if (read_pid(t->root, t->container, &pid) < 0)
		return -ESRCH;
	if (asprintf(&exe, "proc/%u/exe", (unsigned int)pid) < 0)
		return -ENOMEM;
	if (fstatat(t->root, ".", &own, 0) < 0 || fstatat(t->root, exe, &program, 0) < 0)
		return -errno;
	if (program.st_dev != own.st_dev)
		return -EXDEV;
	log_info("%s: mdmon is process %u now, from the exitrd", t->container, (unsigned int)pid);
	return 0;
}

static int in_worker(worker_fn fn, struct take_over *t)
{
	return worker_call(fn, t, clock_add(clock_monotonic(), WORKER_USEC), NULL, NULL);
}

/*
 * The new one waits for the end of the old one, which is our child: as a zombie it would still be there. One that
 * does not go is killed: the new one writes what there is to be written.
 */
static int take_over(struct take_over *t)
{
	uint64_t old = 0;
	bool lives = read_pid(t->root, t->container, &old) == 0 && is_mdmon(t->root, old);
	int status, r = in_worker(start, t);

	if (r < 0)
		return r;
	if (lives)
		(void)spawn_wait((pid_t)old, clock_add(clock_monotonic(), OLD_USEC), &status);
	return in_worker(check, t);
}

static const char *reason(int r)
{
	static const struct {
		int error;
		const char *text;
	} reasons[] = {
		{ -ENOENT, "the exitrd has no mdmon" },
		{ -ECHILD, "mdmon failed" },
		{ -ESRCH, "it left no number in /run/mdadm" },
		{ -EXDEV, "mdmon still runs from the old root" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == r)
			return reasons[i].text;
	return strerror(-r);
}

/* One of its volumes, or NULL: then there is nothing to be written. */
static const char *volume_of(const struct snapshot *s, size_t container)
{
	for (size_t i = 0; i < s->n_edges; i++)
		if (s->edges[i].lower == container && md_is_monitored(&s->nodes[s->edges[i].upper]))
			return s->nodes[s->edges[i].upper].name;
	return NULL;
}

void take_over_metadata(struct run *run)
{
	int r = run->machine ? run_look(run) : 0;

	if (r < 0)
		log_errno(r, "cannot see which arrays there are");
	for (size_t i = 0; run->machine && i < run->last.n; i++) {
		const struct node *n = &run->last.nodes[i];
		struct take_over t = { run->root, n->name, volume_of(&run->last, i) };

		if (n->kind != NODE_DEVICE || !md_is_container(n) || !t.volume)
			continue;
		r = take_over(&t);
		if (r < 0)
			log_warning("cannot take over the metadata of %s (%s): %s, ignoring", n->name, n->label,
				    reason(r));
	}
}
