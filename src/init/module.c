/* SPDX-License-Identifier: MIT */
/* module: libkmod in workers, one batch each. */
#include <errno.h>
#include <fnmatch.h>
#include <libkmod.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/module.h"
#include "init/run.h"

/* How long one request may take before the rest of its batch goes to another worker. */
#define STALL (5 * USEC_PER_SEC)

enum answer {
	ANSWER_LOADED = '+',   /* "+virtio_blk BEGIN END": CLOCK_MONOTONIC µs, what it needed included */
	ANSWER_FAILED = '!',   /* "!name: why" */
	ANSWER_UNSERVED = '?', /* "?modalias" */
	ANSWER_END = '.',      /* this request is done */
};

struct batch {
	char **aliases;
	size_t next;  /* the request being served */
	bool stalled; /* it was given up on; what comes still counts */
};

int modules_ask(struct modules *m, const char *alias)
{
	int r;

	if (!*alias || strv_contains(m->asked, alias))
		return 0;
	r = strv_push(&m->pending, alias);
	return r < 0 ? r : strv_push(&m->asked, alias);
}

static void answer(int fd, enum answer kind, const char *text, const char *why)
{
	_cleanup_free_ char *line = NULL;

	if (asprintf(&line, "%c%s%s%s\n", kind, text, *why ? ": " : "", why) > 0)
		(void)file_write_fd(fd, line, strlen(line));
}

static void answer_loaded(int fd, const char *name, uint64_t begin)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "%s %llu %llu", name, (unsigned long long)begin,
		     (unsigned long long)clock_monotonic()) > 0)
		answer(fd, ANSWER_LOADED, text, "");
}

static void load_one(struct kmod_module *mod, int fd)
{
	int state = kmod_module_get_initstate(mod), r;
	uint64_t begin = clock_monotonic();

	if (state == KMOD_MODULE_BUILTIN || state == KMOD_MODULE_LIVE)
		return;
	r = kmod_module_probe_insert_module(mod, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL, NULL, NULL);
	if (r == KMOD_PROBE_APPLY_BLACKLIST)
		return; /* that it is not wanted is not worth a word */
	if (r < 0)
		answer(fd, ANSWER_FAILED, kmod_module_get_name(mod), strerror(-r));
	else
		answer_loaded(fd, kmod_module_get_name(mod), begin);
}

/* A modalias may stand for several modules, and each of them may serve the device. */
static void load_alias(struct kmod_ctx *ctx, const char *alias, int fd)
{
	struct kmod_list *found = NULL, *wanted = NULL, *it;
	int r = kmod_module_new_from_lookup(ctx, alias, &found);

	if (r < 0 && r != -ENOSYS /* no index at all */)
		answer(fd, ANSWER_FAILED, alias, strerror(-r));
	else if (!found)
		answer(fd, ANSWER_UNSERVED, alias, "");
	if (found && kmod_module_apply_filter(ctx, KMOD_FILTER_BLACKLIST, found, &wanted) < 0)
		wanted = NULL;
	kmod_list_foreach(it, wanted) {
		struct kmod_module *mod = kmod_module_get_module(it);

		load_one(mod, fd);
		(void)kmod_module_unref(mod);
	}
	(void)kmod_module_unref_list(wanted);
	(void)kmod_module_unref_list(found);
}

/* In the worker. */
static int load_batch(int fd, void *data)
{
	const struct batch *b = data;
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (!ctx)
		return -ENOMEM;
	kmod_set_log_priority(ctx, LOG_EMERG); /* errors come back as return codes */
	(void)kmod_load_resources(ctx);
	STRV_FOREACH(alias, b->aliases) {
		load_alias(ctx, *alias, fd);
		answer(fd, ANSWER_END, "", "");
	}
	(void)kmod_unref(ctx);
	return 0;
}

static void take_loaded(struct run *run, const char *text)
{
	unsigned long long begin, end;
	char name[64]; /* MODULE_NAME_LEN is less */

	run->modules.loaded++;
	if (sscanf(text, "%63s %llu %llu", name, &begin, &end) == 3)
		profile_add(&run->profile, SPAN_MODULE, name, NULL, begin, end);
}

static void take_line(struct run *run, struct batch *b, const char *line)
{
	struct modules *m = &run->modules;

	switch (line[0]) {
	case ANSWER_LOADED:
		take_loaded(run, line + 1);
		break;
	case ANSWER_FAILED:
		log_warning("cannot load module %s, ignoring", line + 1);
		(void)strv_push(&m->failed, line + 1);
		break;
	case ANSWER_UNSERVED:
		(void)strv_push(&m->unserved, line + 1);
		break;
	case ANSWER_END:
		b->next++;
		break;
	}
}

/* What the worker has not begun goes back to the queue; the one it is at does not. */
static void give_back(struct run *run, const struct batch *b)
{
	STRV_FOREACH(alias, b->aliases + b->next + 1)
		(void)strv_push(&run->modules.pending, *alias);
}

static bool batch_late(struct run *run, struct job *job)
{
	struct batch *b = job->data;

	if (!b->aliases[b->next])
		return true;
	log_warning("loading %s takes longer than %d s; the other modules go on without it",
		    b->aliases[b->next], (int)(STALL / USEC_PER_SEC));
	give_back(run, b);
	run->modules.stalled++;
	b->stalled = true;
	job->worker.deadline = USEC_FOREVER;
	return true;
}

static void batch_progress(struct run *run, struct job *job)
{
	struct batch *b = job->data;
	char *line, *end;

	for (;;) {
		line = job->worker.record + job->used;
		end = job->worker.record ? strchr(line, '\n') : NULL;
		if (!end)
			break;
		*end = '\0';
		job->used = (size_t)(end + 1 - job->worker.record);
		take_line(run, b, line);
		if (!b->stalled)
			job->worker.deadline = clock_add(clock_monotonic(), STALL);
	}
}

static void batch_done(struct run *run, struct job *job, int result)
{
	struct batch *b = job->data;

	/* A module that crashes in the kernel takes its worker along, and nobody else's module. */
	if (result < 0 && b->aliases[b->next]) {
		log_warning("cannot load %s: %s, ignoring", b->aliases[b->next], strerror(-result));
		if (!b->stalled)
			give_back(run, b);
	}
	if (b->stalled)
		run->modules.stalled--;
	strv_free(TAKE_PTR(b->aliases));
}

static const struct job_kind batch_kind = {
	.name = "modules",
	.progress = batch_progress,
	.late = batch_late,
	.done = batch_done,
};

static bool loading(const struct run *run)
{
	return jobs_count(&run->jobs, &batch_kind) > run->modules.stalled;
}

int modules_start(struct run *run)
{
	struct batch *b;
	int r;

	if (!run->modules.pending || loading(run))
		return 0;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->aliases = run->modules.pending;
	r = jobs_start(&run->jobs, &batch_kind, NULL, load_batch, b, clock_add(clock_monotonic(), STALL));
	if (r == 0)
		run->modules.pending = NULL;
	return r;
}

/* Classes of devices behind which a disk may be. */
static bool looks_like_storage(const char *alias)
{
	static const char *const patterns[] = {
		"pci:*bc01*", "usb:*ic08*", "virtio:d00000002v*", "virtio:d00000008v*", "scsi:*",
		"xen:vbd",    "vmbus:*",    "mmc:*",              "sd:*",               "ata:*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], alias, 0) == 0)
			return true;
	return false;
}

char *modules_describe_unserved(const struct modules *m)
{
	_cleanup_free_ char *text = NULL;
	size_t size, shown = 0, others = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	STRV_FOREACH(alias, m->unserved) {
		if (!looks_like_storage(*alias)) {
			others++;
			continue;
		}
		(void)fprintf(f, "%s%s", shown++ > 0 ? ", " : "", *alias);
	}
	if (others > 0)
		(void)fprintf(f, "%s%zu device%s that %s no storage", shown > 0 ? " and " : "", others,
			      others == 1 ? "" : "s", others == 1 ? "is" : "are");
	if (fclose(f) != 0 || shown + others == 0)
		return NULL;
	return TAKE_PTR(text);
}

void modules_free(struct modules *m)
{
	strv_free(m->asked);
	strv_free(m->pending);
	strv_free(m->unserved);
	strv_free(m->failed);
	*m = (struct modules){ 0 };
}
