/* SPDX-License-Identifier: MIT */
/*
 * fuzz-trace: a recorded boot, of anybody's: read, its critical path found, and shown.
 * links: image
 */
#include <errno.h>

#include "fuzz/text.h"
#include "image/picture.h"
#include "image/timetable.h"
#include "image/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without a gap from init's begin to its exec. */
static void check_path(const struct timeline *t, const struct critical *c)
{
	uint64_t at = t->start;

	for (size_t i = 0; i < c->n; i++) {
		FUZZ_REQUIRE(c->steps[i].start == at && c->steps[i].end > at);
		at = c->steps[i].end;
	}
	FUZZ_REQUIRE(at == t->exec);
}

static void show(const struct timeline *t, const struct critical *c)
{
	_cleanup_free_ char *text = NULL, *picture = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	FUZZ_REQUIRE(f);
	timetable_print(f, t, c);
	FUZZ_REQUIRE(fclose(f) == 0);
	FUZZ_REQUIRE(picture_draw(t, c, &picture) == 0);
	/* Neither a name nor a number can break out of its place. */
	FUZZ_REQUIRE(!strstr(picture, "\"nan") && !strstr(picture, "\"-nan") && !strstr(picture, "\"inf"));
	for (const char *p = picture; *p; p++)
		FUZZ_REQUIRE((unsigned char)*p >= ' ' || *p == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_timeline_ struct timeline t = { 0 };
	_cleanup_critical_ struct critical c = { 0 };
	struct trace_failure failure = { "" };
	int r = trace_parse((const char *)data, size, &t, &failure);

	FUZZ_REQUIRE(r == 0 || r == -EINVAL);
	if (r < 0) {
		FUZZ_REQUIRE(*failure.text);
		return 0;
	}
	for (size_t i = 0; i < t.n; i++) {
		FUZZ_REQUIRE(t.spans[i].start <= t.spans[i].end && *t.spans[i].name);
		FUZZ_REQUIRE(i == 0 || t.spans[i - 1].start <= t.spans[i].start);
	}
	FUZZ_REQUIRE(critical_find(&t, &c) == 0);
	check_path(&t, &c);
	show(&t, &c);
	return 0;
}
