/* SPDX-License-Identifier: MIT */
/*
 * world: devices that come and go, and readers of them, as lines of a script, in a time that the test makes. A test
 * that includes this has in its first comment the lines
 * " * wrap: open clock_monotonic poll worker_start worker_read worker_finish worker_free"
 * " * wrap: uevent_open uevent_receive coldplug modules_start modules_release", and those of trace.h.
 */
#pragma once

#include <poll.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strv.h"
#include "init/act.h"
#include "init/coldplug.h"
#include "init/run.h"
#include "unit/sysfs.h"
#include "unit/trace.h"

#define T(s)       ((char *)(s))
#define EVENTS_MAX 4
#define START      (100 * USEC_PER_SEC)
#define HANGS      USEC_FOREVER
#define SATA       "pci:v00008086d00002922bc01sc06i01" /* not the whole of one */

/* What happens, in ms from the start: a block device comes, changes or goes, or receiving fails. */
struct event {
	uint64_t at;
	enum uevent_action action;
	const char *name, *modalias;
	int error;
};

#define EVENT(when, what, ...)   { .at = when, .action = what, .name = __VA_ARGS__ }
#define COMES(when, ...)         EVENT(when, UEVENT_ADD, __VA_ARGS__)
#define CHANGES(when, ...)       EVENT(when, UEVENT_CHANGE, __VA_ARGS__)
#define GOES(when, ...)          EVENT(when, UEVENT_REMOVE, __VA_ARGS__)
#define BINDS(when, ...)         EVENT(when, UEVENT_OTHER, __VA_ARGS__)
#define FAILS(when, r)           { .at = when, .error = r }

/* What reading a device gives: when, the worker's result and record. "?vda": what asking for its passphrase gives. */
struct answer {
	const char *name;
	uint64_t after; /* ms, or HANGS */
	int result;
	const char *uuid; /* of an ext4; "luks:UUID": of a container */
};

static struct {
	const char *sysfs;
	uint64_t now;
	struct event events[EVENTS_MAX];
	size_t n_events, next;
	const struct answer *answers;
	size_t n_answers;
	int open_error;
	struct {
		const struct answer *answer;
		uint64_t end;
	} workers[16];
	int n_workers;
	char path[64];  /* the uevent's strings live here */
	bool refused;   /* no shell may be given */
	char asked[64]; /* the modules that were asked for */
} world;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(streq(path, "/sys") ? world.sysfs : path, flags, 0644);
}

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return world.now;
}

/* Time passes up to the next thing that happens. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	uint64_t next = timeout < 0 ? USEC_FOREVER : world.now + (uint64_t)timeout * USEC_PER_MSEC;

	if (world.next < world.n_events)
		next = MIN(next, START + world.events[world.next].at * USEC_PER_MSEC);
	for (int i = 0; i < world.n_workers; i++)
		if (world.workers[i].end > world.now)
			next = MIN(next, world.workers[i].end);
	if (next == USEC_FOREVER)
		fail_msg("sleeps for ever after:\n%s", traced.text);
	world.now = MAX(world.now, next);
	return 0;
}

int __wrap_uevent_open(void);
int __wrap_uevent_open(void)
{
	return world.open_error ? world.open_error : __real_open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_uevent_receive(int fd, char *buffer, size_t size, struct uevent *ret);
int __wrap_uevent_receive(int fd, char *buffer, size_t size, struct uevent *ret)
{
	const struct event *e = &world.events[world.next];

	if (world.next == world.n_events || world.now < START + e->at * USEC_PER_MSEC)
		return 0;
	world.next++;
	if (e->error)
		return e->error;
	snprintf(world.path, sizeof(world.path), "/devices/%s", e->name);
	*ret = (struct uevent){
		.action = e->action, .devpath = world.path, .subsystem = "block", .devname = e->name,
		.modalias = e->modalias,
	};
	return 1;
}

int __wrap_coldplug(int sysfd, struct run *run, int (*take)(struct run *run, const struct uevent *u));
int __wrap_coldplug(int sysfd, struct run *run, int (*take)(struct run *run, const struct uevent *u))
{
	static const struct uevent cold = {
		.action = UEVENT_ADD, .devpath = "/devices/cold", .subsystem = "block", .devname = "cold",
	};

	trace_note("%llu coldplug", (unsigned long long)((world.now - START) / USEC_PER_MSEC));
	return take(run, &cold);
}

int __wrap_modules_start(struct run *run);
int __wrap_modules_start(struct run *run)
{
	return 0;
}

int __wrap_modules_release(struct run *run);
int __wrap_modules_release(struct run *run)
{
	trace_note("%llu load %s", (unsigned long long)((world.now - START) / USEC_PER_MSEC), run->modules.held[0]);
	strv_free(TAKE_PTR(run->modules.held));
	return 0;
}

static inline const struct answer *answer_of(const char *name)
{
	static const struct answer nothing = { .after = 1 };

	for (size_t i = 0; i < world.n_answers; i++)
		if (streq(world.answers[i].name, name))
			return &world.answers[i];
	return &nothing;
}

int __wrap_worker_start(worker_fn fn, void *data, uint64_t deadline, struct worker *ret);
int __wrap_worker_start(worker_fn fn, void *data, uint64_t deadline, struct worker *ret)
{
	bool question = fn == luks_ask.run;
	const char *path = question ? ((const struct act *)data)->path
				    : (const char *)data + sizeof(uint64_t); /* probe.c: struct request */
	const char *name = path + strlen("/dev/");
	int i = world.n_workers++;
	char asked[16];

	assert_true(i < (int)ARRAY_SIZE(world.workers));
	(void)snprintf(asked, sizeof(asked), "?%s", name);
	world.workers[i].answer = answer_of(question ? asked : name);
	world.workers[i].end = clock_add(world.now, clock_add(0, world.workers[i].answer->after == HANGS ? HANGS
								: world.workers[i].answer->after * USEC_PER_MSEC));
	trace_note("%llu %s %s", (unsigned long long)((world.now - START) / USEC_PER_MSEC), question ? "ask" : "read",
		   name);
	*ret = (struct worker){ .pid = i + 1, .fd = -1, .deadline = deadline };
	return 0;
}

int __wrap_worker_read(struct worker *w);
int __wrap_worker_read(struct worker *w)
{
	const struct answer *a = world.workers[w->pid - 1].answer;
	const char *luks = a->uuid ? startswith(a->uuid, "luks:") : NULL;

	if (world.now < world.workers[w->pid - 1].end)
		return 0;
	w->record = calloc(1, 128);
	if (a->uuid)
		w->size = (size_t)snprintf(w->record, 128, "TYPE%c%s%cUSAGE%c%s%cUUID%c%s", 0,
					   luks ? "crypto_LUKS" : "ext4", 0, 0, luks ? "crypto" : "filesystem", 0, 0,
					   luks ? luks : a->uuid) + 1;
	return 1;
}

int __wrap_worker_finish(struct worker *w);
int __wrap_worker_finish(struct worker *w)
{
	return world.workers[w->pid - 1].answer->result;
}

void __wrap_worker_free(struct worker *w);
void __wrap_worker_free(struct worker *w)
{
	world.workers[w->pid - 1].end = 0;
	free(w->record);
}

static inline int world_setup(void **state)
{
	static const char *const names[] = { "cold", "vda", "vdb", "vdc" };
	const struct scratch *s;

	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	memset(&world, 0, sizeof(world));
	world.now = START;
	world.sysfs = s->path;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/devices/%s/size", names[i]);
		sysfs_write(s, path, "8\n");
	}
	trace_reset(0, 0);
	return 0;
}

/* Waits for UUID=a for so many seconds; what was found, or -errno. */
static inline int await(const struct event *events, size_t n_events, const struct answer *answers, size_t n_answers,
		 uint64_t seconds, char *ret_name)
{
	struct run run = { .loop = LOOP_CLOSED, .boot.luks = true };
	struct spec spec = { .kind = SPEC_UUID, .text = T("UUID=a"), .value = T("a") };
	struct want want = { .what = "root", .spec = &spec, .since = START };
	const struct device *found = NULL;
	char *unserved[] = { T("virtio:d00000002v1"), NULL };
	int r;

	want.deadline = seconds ? START + seconds * USEC_PER_SEC : USEC_FOREVER;
	assert_true(n_events <= EVENTS_MAX);
	for (world.n_events = 0; world.n_events < n_events; world.n_events++)
		world.events[world.n_events] = events[world.n_events];
	world.answers = answers;
	world.n_answers = n_answers;
	run.modules.unserved = unserved;
	r = await_device(&run, &want, &found);
	world.refused = run.secret_refused;
	snprintf(ret_name, 16, "%s", found ? found->name : "");
	world.asked[0] = '\0';
	STRV_FOREACH(alias, run.modules.asked)
		snprintf(world.asked + strlen(world.asked), 16, "%s ", *alias);
	run.modules.unserved = NULL;
	modules_free(&run.modules);
	jobs_free(&run.jobs);
	secrets_close(&run.secrets);
	loop_close(&run.loop);
	devices_free(&run.devices);
	attempts_free(&run.attempts);
	profile_free(&run.profile);
	return r;
}
