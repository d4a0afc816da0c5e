/* SPDX-License-Identifier: MIT */
/* timetable: a boot's spans as lines of text. */
#include <inttypes.h>

#include "image/duration.h"
#include "image/escape.h"
#include "image/timetable.h"

/* Of what the boot was waiting for, in the last list. */
#define WAITED_FOR_MAX 12

struct timetable {
	FILE *f;
	const struct timeline *timeline;
	const struct critical *critical;
};

static struct duration column(uint64_t usec)
{
	return duration_column((int64_t)usec);
}

static void print_text(const struct timetable *t, const char *before, const char *text)
{
	if (!*text)
		return;
	(void)fputs(before, t->f);
	escape_write(t->f, text, strlen(text));
}

static void print_head(const struct timetable *t)
{
	const struct timeline *l = t->timeline;
	bool whole = l->userspace != USEC_FOREVER;

	(void)fprintf(t->f, "slipway");
	print_text(t, " ", l->version);
	print_text(t, ", Linux ", l->kernel);
	print_text(t, ", root ", l->root);
	(void)fprintf(t->f, "\nkernel %s + initrd %s", duration_short(l->start).text,
		      duration_short(timeline_end(l) - l->start).text);
	if (whole)
		(void)fprintf(t->f, ", of it init %s, exec of systemd %s", duration_short(l->exec - l->start).text,
			      duration_short(l->userspace - l->exec).text);
	else
		(void)fprintf(t->f, " until the exec; how long that took is not known");
	if (l->processes != USEC_FOREVER)
		(void)fprintf(t->f, "; %" PRIu64 " processes", l->processes);
	(void)fprintf(t->f, "\n");
	if (l->dropped > 0)
		(void)fprintf(t->f, "%" PRIu64 " spans are missing: the recording was full\n", l->dropped);
}

static void print_row(const struct timetable *t, uint64_t start, const char *took, bool critical, const char *kind)
{
	struct duration at = column(start - t->timeline->start);

	(void)fprintf(t->f, "%11s %10s  %c %-8s  ", at.text, took, critical ? '*' : ' ', kind);
}

static void print_span(const struct timetable *t, size_t i)
{
	const struct span *s = &t->timeline->spans[i];
	struct duration took = s->instant ? (struct duration){ "" } : column(s->end - s->start);

	print_row(t, s->start, took.text, t->critical->has[i], span_categories[s->category]);
	(void)fprintf(t->f, "%*s", (int)MIN(s->depth, 10U) * 2, "");
	escape_write(t->f, s->name, strlen(s->name));
	(void)fputc('\n', t->f);
}

static void print_spans(const struct timetable *t)
{
	const struct timeline *l = t->timeline;

	(void)fprintf(t->f, "\n%11s %10s  * on the critical path: what the boot was waiting for\n",
		      "at [ms]", "took [ms]");
	print_row(t, 0, column(l->start).text, false, "kernel");
	(void)fprintf(t->f, "until it starts init\n");
	for (size_t i = 0; i < l->n; i++)
		print_span(t, i);
	print_row(t, l->exec, l->userspace == USEC_FOREVER ? "" : column(l->userspace - l->exec).text, false,
		  "exec");
	(void)fprintf(t->f, "until %s runs\n", l->userspace == USEC_FOREVER ? "the next init" : "systemd");
}

static void print_share(const struct timetable *t, uint64_t time, const char *kind)
{
	uint64_t all = t->timeline->exec - t->timeline->start;

	(void)fprintf(t->f, "%11s %8.1f %%    %-8s  ", column(time).text,
		      all > 0 ? 100.0 * (double)time / (double)all : 0.0, kind);
}

/* The path again, what took the most first. */
static void print_waited_for(const struct timetable *t)
{
	const struct timeline *l = t->timeline;
	size_t order[WAITED_FOR_MAX], n = critical_rank(t->critical, l, order, ARRAY_SIZE(order));
	uint64_t rest = l->exec - l->start - t->critical->init;

	(void)fprintf(t->f, "\nWhat the boot was waiting for, until the exec:\n");
	for (size_t i = 0; i < n; i++) {
		const struct span *s = &l->spans[order[i]];

		print_share(t, t->critical->time[order[i]], span_categories[s->category]);
		escape_write(t->f, s->name, strlen(s->name));
		(void)fputc('\n', t->f);
		rest -= t->critical->time[order[i]];
	}
	if (rest > 0) {
		print_share(t, rest, "others");
		(void)fprintf(t->f, "each of them less\n");
	}
	if (t->critical->init > 0) {
		print_share(t, t->critical->init, "init");
		(void)fprintf(t->f, "itself, between its stages\n");
	}
}

static void print_sums(const struct timetable *t)
{
	(void)fprintf(t->f, "\n%11s %10s    %-8s  %10s\n", "busy", "critical", "kind", "number");
	for (size_t k = 0; k < SPAN_CATEGORIES; k++) {
		uint64_t critical = 0;
		size_t number = 0;

		for (size_t i = 0; i < t->timeline->n; i++)
			if (t->timeline->spans[i].category == k) {
				critical += t->critical->time[i];
				number++;
			}
		if (number > 0)
			(void)fprintf(t->f, "%11s %10s    %-8s  %10zu\n",
				      column(timeline_busy(t->timeline, (enum span_category)k)).text,
				      column(critical).text, span_categories[k], number);
	}
}

void timetable_print(FILE *f, const struct timeline *l, const struct critical *c)
{
	struct timetable t = { f, l, c };

	print_head(&t);
	print_spans(&t);
	print_waited_for(&t);
	print_sums(&t);
}
