/* SPDX-License-Identifier: MIT */
/* test-timeline: the order of spans, what is inside of what, and how long there was any of a kind. */
#include <errno.h>

#include "image/timeline.h"
#include "unit/unit.h"

static void add(struct timeline *t, const char *name, enum span_category category, uint64_t start, uint64_t end,
		int64_t id)
{
	t->spans = reallocarray(t->spans, t->n + 1, sizeof(*t->spans));
	assert_non_null(t->spans);
	t->spans[t->n++] = (struct span){
		.name = strdup(name), .category = category, .start = start, .end = end, .id = id, .cause_id = -1,
		.instant = category == SPAN_DEVICE,
	};
}

static void order_and_depth(void **state)
{
	static const struct {
		const char *name;
		unsigned int depth;
	} expected[] = {
		{ "api", 0 }, { "root", 0 }, { "root/wait", 1 }, { "ext4", 2 }, { "vda", 2 }, { "late", 2 },
		{ "root/fsck", 1 },
		{ "e2fsck", 2 }, { "end", 1 }, { "usr", 0 }, { "last", 0 },
	};
	_cleanup_timeline_ struct timeline t = { .exec = 100, .userspace = USEC_FOREVER };

	add(&t, "usr", SPAN_STAGE, 90, 100, 9);
	add(&t, "root/wait", SPAN_WAIT, 10, 50, 2);
	add(&t, "root", SPAN_STAGE, 10, 90, 1);
	add(&t, "api", SPAN_STAGE, 0, 10, 0);
	add(&t, "vda", SPAN_DEVICE, 20, 20, 4);
	add(&t, "ext4", SPAN_MODULE, 11, 60, 3);
	add(&t, "root/fsck", SPAN_STAGE, 50, 80, 5);
	add(&t, "e2fsck", SPAN_HELPER, 51, 79, 6);
	add(&t, "late", SPAN_DEVICE, 50, 50, -1); /* when a wait ends it is still in it */
	add(&t, "end", SPAN_DEVICE, 90, 90, -1);
	add(&t, "last", SPAN_MODULE, 100, 120, -1);
	/* What lasts longer is before what begins at the same time. */
	assert_int_equal(timeline_settle(&t), 0);
	for (size_t i = 0; i < t.n; i++) {
		const struct span *s = &t.spans[i];
		size_t k = 0;

		while (k < ARRAY_SIZE(expected) && !streq(expected[k].name, s->name))
			k++;
		assert_true(k < ARRAY_SIZE(expected));
		if (s->depth != expected[k].depth)
			fail_msg("%s: depth %u, not %u", s->name, s->depth, expected[k].depth);
		assert_true(i == 0 || t.spans[i - 1].start < s->start ||
			    (t.spans[i - 1].start == s->start && t.spans[i - 1].end >= s->end));
	}
	assert_true(timeline_busy(&t, SPAN_STAGE) == 100 && timeline_busy(&t, SPAN_MODULE) == 49);
}

/* Those at the same time count once; what is before init and after its exec, not. */
static void busy(void **state)
{
	_cleanup_timeline_ struct timeline t = { .start = 10, .exec = 100, .userspace = USEC_FOREVER };

	add(&t, "a", SPAN_WORKER, 0, 20, -1);
	add(&t, "b", SPAN_WORKER, 15, 30, -1);
	add(&t, "c", SPAN_WORKER, 16, 20, -1);
	add(&t, "d", SPAN_WORKER, 50, 60, -1);
	add(&t, "e", SPAN_WORKER, 90, 120, -1);
	add(&t, "f", SPAN_WORKER, 110, 120, -1);
	assert_int_equal(timeline_settle(&t), 0);
	assert_true(timeline_busy(&t, SPAN_WORKER) == 20 + 10 + 10);
	assert_true(timeline_busy(&t, SPAN_HELPER) == 0);
}

static void causes(void **state)
{
	_cleanup_timeline_ struct timeline t = { .exec = 100, .userspace = USEC_FOREVER };

	add(&t, "late", SPAN_WORKER, 50, 60, 7);
	add(&t, "early", SPAN_WORKER, 0, 10, 3);
	add(&t, "itself", SPAN_WORKER, 70, 80, 4);
	t.spans[0].cause_id = 3;
	t.spans[1].cause_id = 99; /* dropped */
	t.spans[2].cause_id = 4;
	assert_int_equal(timeline_settle(&t), 0);
	assert_true(t.spans[0].cause == SPAN_NONE && t.spans[1].cause == 0 && t.spans[2].cause == SPAN_NONE);
	add(&t, "again", SPAN_WORKER, 90, 95, 4);
	assert_int_equal(timeline_settle(&t), -EEXIST);
}

static void systemds_stamp(void **state)
{
	struct timeline t = { .start = 10, .exec = 100, .userspace = USEC_FOREVER };

	assert_true(timeline_end(&t) == 100);
	timeline_close(&t, 99); /* of another boot */
	timeline_close(&t, USEC_FOREVER);
	assert_true(timeline_end(&t) == 100);
	timeline_close(&t, 140);
	assert_true(timeline_end(&t) == 140);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_depth), cmocka_unit_test(busy), cmocka_unit_test(causes),
		cmocka_unit_test(systemds_stamp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
