/* SPDX-License-Identifier: MIT */
/*
 * test-profile: spans begin, end, and are bounded.
 * wrap: clock_monotonic log_line
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "init/profile.h"
#include "unit/memory.h"

static uint64_t now;
static char said[1024];

void _printf_(2, 3) __wrap_log_line(int level, const char *fmt, ...);
void __wrap_log_line(int level, const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	assert_int_equal(level, LOG_DEBUG);
	va_start(ap, fmt);
	n += (size_t)vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	assert_true(n + 1 < sizeof(said));
	strcpy(said + n, "\n");
}

static int start(void **state)
{
	*said = '\0';
	return 0;
}

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return now;
}

static void assert_span(const struct span *s, const struct span *wanted)
{
	assert_int_equal(s->kind, wanted->kind);
	assert_string_equal(s->name, wanted->name);
	assert_true(streq_null(s->device, wanted->device));
	assert_int_equal(s->start, wanted->start);
	assert_int_equal(s->end, wanted->end);
}

#define SPAN(k, n, d, from, to) { .kind = k, .name = (char *)(n), .device = (char *)(d), .start = from, .end = to }

static void spans_of_a_boot(void **state)
{
	static const struct span wanted[] = {
		SPAN(SPAN_STAGE, "root", NULL, 100, 300),
		SPAN(SPAN_WAIT, "root/wait", "vda", 110, 250),
		SPAN(SPAN_DEVICE, "vda", "vda", 200, 200),
		SPAN(SPAN_WORKER, "probe vda", "vda", 210, 240),
		SPAN(SPAN_MODULE, "virtio_blk", NULL, 120, 190),
		SPAN(SPAN_STAGE, "exec", NULL, 400, 0),
	};
	struct profile p = { 0 };
	char name[] = "probe vda", device[] = "vda";
	int root, wait, probe;

	now = 100;
	root = profile_begin(&p, SPAN_STAGE, "root", NULL);
	now = 110;
	wait = profile_begin(&p, SPAN_WAIT, "root/wait", NULL);
	now = 200;
	profile_device(&p, device, NULL);
	now = 210;
	probe = profile_begin(&p, SPAN_WORKER, name, device);
	memset(name, 'x', 5);
	memset(device, 'x', 3);
	profile_add(&p, SPAN_MODULE, "virtio_blk", NULL, 120, 190);
	now = 240;
	profile_end(&p, probe);
	now = 250;
	profile_found(&p, wait, "vda");
	now = 300;
	profile_end(&p, root);
	now = 400;
	assert_int_equal(profile_begin(&p, SPAN_STAGE, "exec", NULL), 5);
	assert_int_equal(p.n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < p.n; i++)
		assert_span(&p.spans[i], &wanted[i]);
	assert_string_equal(said,
		"span device vda came\n"
		"span module virtio_blk took 70 us\n"
		"span worker probe vda took 30 us\n"
		"span wait root/wait took 140 us\n"
		"span stage root took 200 us\n");
	profile_free(&p);
	assert_int_equal(p.n, 0);
}

static void stages_leave_nothing_between(void **state)
{
	struct profile p = { 0 };
	int span;

	span = profile_stage(&p, -1, "api", 5);
	now = 100;
	span = profile_stage(&p, span, "cmdline", 20);
	assert_int_equal(profile_stage(&p, span, "modules", 30), 2);
	assert_span(&p.spans[0], &(struct span)SPAN(SPAN_STAGE, "api", NULL, 5, 20));
	assert_span(&p.spans[1], &(struct span)SPAN(SPAN_STAGE, "cmdline", NULL, 20, 30));
	assert_span(&p.spans[2], &(struct span)SPAN(SPAN_STAGE, "modules", NULL, 30, 0));
	profile_free(&p);
}

/* Workers are killed before the switch. */
static void what_is_killed_ends(void **state)
{
	struct profile p = { 0 };

	now = 5;
	(void)profile_stage(&p, -1, "daemons", 5);
	profile_add(&p, SPAN_WORKER, "probe vda", "vda", 1, 2);
	(void)profile_begin(&p, SPAN_WORKER, "probe vdb", "vdb");
	now = 9;
	profile_end_work(&p);
	assert_span(&p.spans[0], &(struct span)SPAN(SPAN_STAGE, "daemons", NULL, 5, 0));
	assert_span(&p.spans[1], &(struct span)SPAN(SPAN_WORKER, "probe vda", "vda", 1, 2));
	assert_span(&p.spans[2], &(struct span)SPAN(SPAN_WORKER, "probe vdb", "vdb", 5, 9));
	profile_free(&p);
}

static void mapping_has_its_name(void **state)
{
	struct profile p = { 0 };

	now = 7;
	profile_device(&p, "dm-0", "vg-root");
	assert_span(&p.spans[0], &(struct span)SPAN(SPAN_DEVICE, "dm-0 vg-root", "dm-0", 7, 7));
	profile_free(&p);
}

static void wait_that_nothing_ended(void **state)
{
	struct profile p = { 0 };

	now = 5;
	profile_found(&p, profile_begin(&p, SPAN_WAIT, "root/wait", NULL), NULL);
	assert_span(&p.spans[0], &(struct span)SPAN(SPAN_WAIT, "root/wait", NULL, 5, 5));
	profile_free(&p);
}

static void full_buffer_drops_the_newest(void **state)
{
	struct profile p = { 0 };

	now = 1;
	for (int i = 0; i < PROFILE_SPANS; i++)
		assert_int_equal(profile_begin(&p, SPAN_WORKER, "kept", NULL), i);
	for (int i = 0; i < 3; i++) {
		int span = profile_begin(&p, SPAN_WAIT, "dropped", NULL);

		assert_int_equal(span, -1);
		now = 5;
		profile_found(&p, span, "vda");
	}
	profile_device(&p, "dropped", NULL);
	assert_int_equal(p.n, PROFILE_SPANS);
	assert_int_equal(p.dropped, 4);
	for (size_t i = 0; i < PROFILE_SPANS; i++)
		assert_span(&p.spans[i], &(struct span)SPAN(SPAN_WORKER, "kept", NULL, 1, 0));
	assert_string_equal(said, "");
	profile_free(&p);
}

static void long_names_are_cut(void **state)
{
	struct profile p = { 0 };
	char name[300];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	profile_device(&p, name, "mapping");
	assert_int_equal(strlen(p.spans[0].name), PROFILE_NAME);
	assert_int_equal(strlen(p.spans[0].device), PROFILE_NAME);
	profile_free(&p);
}

/* As many as there is memory for. */
static int fill(void *data)
{
	struct profile p = { 0 };
	size_t dropped;

	*said = '\0';
	for (int i = 0; i < 70; i++)
		(void)profile_begin(&p, SPAN_WORKER, "probe vda", "vda");
	profile_found(&p, profile_begin(&p, SPAN_WAIT, "root/wait", NULL), "vda");
	assert_int_equal(p.n + p.dropped, 71);
	for (size_t i = 0; i < p.n; i++)
		assert_non_null(p.spans[i].name);
	dropped = p.dropped;
	profile_free(&p);
	return dropped ? -ENOMEM : 0;
}

static void out_of_memory_drops(void **state)
{
	/* Two a span that is about a device, one for each 64, and the two of the wait. */
	assert_int_equal(memory_sweep_bearing(fill, NULL), 70 * 2 + 2 + 2);
}

static void each_kind_has_a_name(void **state)
{
	for (enum span_kind a = 0; a < SPAN_KINDS; a++)
		for (enum span_kind b = 0; b < a; b++)
			assert_string_not_equal(span_kind_name(a), span_kind_name(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(spans_of_a_boot, start),
		cmocka_unit_test_setup(stages_leave_nothing_between, start),
		cmocka_unit_test_setup(what_is_killed_ends, start),
		cmocka_unit_test_setup(mapping_has_its_name, start),
		cmocka_unit_test_setup(wait_that_nothing_ended, start),
		cmocka_unit_test_setup(full_buffer_drops_the_newest, start),
		cmocka_unit_test_setup(long_names_are_cut, start),
		cmocka_unit_test(out_of_memory_drops),
		cmocka_unit_test(each_kind_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
