/* SPDX-License-Identifier: MIT */
/* trace: the profile as Chrome trace events. */
#include "init/trace.h"

#include <errno.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/json.h"
#include "base/macro.h"
#include "init/cause.h"

#define LANES 64 /* what is beside so many is put on the last */

/* Where each kind lies: on the first free lane from its first on. */
static const struct {
	enum span_kind kind;
	unsigned int first, last;
	const char *name;
} lanes[] = {
	{ SPAN_STAGE,    1,  1,         "stages"  },
	{ SPAN_WAIT,     2,  2,         "waits"   },
	{ SPAN_DEVICE,   3,  3,         "devices" },
	{ SPAN_MODULE,   4,  9,         "modules" },
	{ SPAN_HELPER,   10, LANES - 1, "helpers" },
	{ SPAN_WORKER,   10, LANES - 1, "helpers" },
	{ SPAN_QUESTION, 10, LANES - 1, "helpers" },
};

struct writer {
	FILE *f;
	const struct profile *profile;
	const struct trace_facts *facts;
	uint64_t taken[LANES]; /* until when */
	const char *names[LANES];
	bool any;
};

static uint64_t end_of(const struct writer *w, const struct span *s)
{
	return MAX(s->end ?: w->facts->exec, s->start);
}

static unsigned int take_lane(struct writer *w, const struct span *s)
{
	size_t row = 0;
	unsigned int lane;

	while (lanes[row].kind != s->kind)
		row++;
	lane = lanes[row].first;
	while (lane < lanes[row].last && w->taken[lane] > s->start)
		lane++;
	w->taken[lane] = MAX(w->taken[lane], end_of(w, s));
	w->names[lane] = lanes[row].name;
	return lane;
}

static void begin_event(struct writer *w, const char *name)
{
	(void)fprintf(w->f, "%s\n{\"name\":", w->any ? "," : "");
	json_string(w->f, name);
	w->any = true;
}

static void write_args(struct writer *w, int id)
{
	const struct span *s = &w->profile->spans[id];

	(void)fprintf(w->f, ",\"args\":{\"id\":%d,\"cause\":%d", id, cause_of(w->profile, id));
	if (s->device) {
		(void)fprintf(w->f, ",\"device\":");
		json_string(w->f, s->device);
	}
	(void)fprintf(w->f, "}}");
}

static void write_span(struct writer *w, int id)
{
	const struct span *s = &w->profile->spans[id];

	begin_event(w, s->name);
	(void)fprintf(w->f, ",\"cat\":\"%s\",\"pid\":1,\"tid\":%u,\"ts\":%llu", span_kind_name(s->kind),
		      take_lane(w, s), (unsigned long long)s->start);
	if (s->kind == SPAN_DEVICE)
		(void)fprintf(w->f, ",\"ph\":\"i\",\"s\":\"t\"");
	else if (s->kind == SPAN_STAGE && !s->end)
		(void)fprintf(w->f, ",\"ph\":\"B\"");
	else
		(void)fprintf(w->f, ",\"ph\":\"X\",\"dur\":%llu", (unsigned long long)(end_of(w, s) - s->start));
	write_args(w, id);
}

static void name_lane(struct writer *w, unsigned int lane)
{
	begin_event(w, "thread_name");
	(void)fprintf(w->f, ",\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"args\":{\"name\":\"%s\"}}", lane, w->names[lane]);
}

static void write_facts(struct writer *w)
{
	const struct trace_facts *facts = w->facts;
	struct utsname kernel;

	(void)fprintf(w->f, "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"format\":1,\"slipway\":\"%s\"",
		      SLIPWAY_VERSION);
	(void)fprintf(w->f, ",\"dropped\":%zu,\"rd_timestamp_us\":%llu,\"exec_us\":%llu,\"processes\":%d",
		      w->profile->dropped, (unsigned long long)facts->began, (unsigned long long)facts->exec,
		      facts->processes);
	if (uname(&kernel) == 0) {
		(void)fprintf(w->f, ",\"kernel\":");
		json_string(w->f, kernel.release);
	}
	if (facts->root) {
		(void)fprintf(w->f, ",\"root\":");
		json_string(w->f, facts->root);
	}
	(void)fprintf(w->f, "},\"traceEvents\":[");
}

char *trace_text(const struct profile *p, const struct trace_facts *facts)
{
	_cleanup_free_ char *text = NULL;
	struct writer w = { .profile = p, .facts = facts };
	size_t size;

	w.f = open_memstream(&text, &size);
	if (!w.f)
		return NULL;
	write_facts(&w);
	for (size_t i = 0; i < p->n; i++)
		write_span(&w, (int)i);
	for (unsigned int lane = 0; lane < LANES; lane++)
		if (w.names[lane])
			name_lane(&w, lane);
	(void)fprintf(w.f, "\n]}\n");
	return fclose(w.f) == 0 ? TAKE_PTR(text) : NULL;
}

int trace_write(const struct profile *p, const struct trace_facts *facts, const char *path)
{
	_cleanup_free_ char *text = trace_text(p, facts);

	return text ? file_write(AT_FDCWD, path, text, 0644) : -ENOMEM;
}
