/* SPDX-License-Identifier: MIT */
/* profile: spans, and their trace file. */
#include <errno.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "init/profile.h"

size_t profile_begin(struct profile *p, const char *name)
{
	if (p->n == PROFILE_SPANS) {
		p->dropped++;
		return PROFILE_SPANS;
	}
	p->spans[p->n] = (struct span){ .name = name, .start = clock_monotonic() };
	return p->n++;
}

void profile_end(struct profile *p, size_t span)
{
	if (span >= p->n)
		return;
	p->spans[span].end = clock_monotonic();
	log_debug("%s took %llu us", p->spans[span].name,
		  (unsigned long long)(p->spans[span].end - p->spans[span].start));
}

/* Names are ours: nothing in them needs escaping. */
int profile_write(const struct profile *p, const char *path)
{
	_cleanup_free_ char *text = NULL;
	uint64_t now = clock_monotonic();
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	(void)fprintf(f, "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":%zu},\"traceEvents\":[", p->dropped);
	for (size_t i = 0; i < p->n; i++) {
		const struct span *s = &p->spans[i];

		(void)fprintf(f, "%s\n{\"name\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":%llu,\"dur\":%llu}",
			      i > 0 ? "," : "", s->name, (unsigned long long)s->start,
			      (unsigned long long)((s->end ? s->end : now) - s->start));
	}
	(void)fprintf(f, "\n]}\n");
	if (fclose(f) != 0)
		return -ENOMEM;
	return file_write(AT_FDCWD, path, text, 0644);
}
