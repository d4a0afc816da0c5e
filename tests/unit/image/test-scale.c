/* SPDX-License-Identifier: MIT */
/* test-scale: where moments are drawn, and which time is left out. */
#include "base/clock.h"
#include "image/scale.h"
#include "unit/unit.h"

#define TIMES_MAX 16
#define BREAK     10.0

/* Drawn from 0 to 100. The breaks as "FROM-TO", in µs. */
static const struct row {
	const char *what;
	uint64_t times[TIMES_MAX];
	size_t n;
	const char *breaks;
} rows[] = {
	{ "evenly", { 0, 10, 20, 30, 40 }, 5, "" },
	{ "two moments are all there is", { 5, 1000 }, 2, "" },
	{ "one long wait", { 0, 10, 20, 30, 40, 25000, 25010, 25020, 25030 }, 9, "40-25000" },
	{ "the kernel in front", { 0, 800, 810, 820, 830, 840 }, 6, "0-800" },
	{ "behind", { 0, 10, 20, 30, 40, 800 }, 6, "40-800" },
	{ "two beside each other", { 0, 10, 20, 30, 40, 25000, 26000 }, 7, "40-25000 25000-26000" },
	{ "a third is still drawn", { 0, 10, 20, 30 }, 4, "" },
	{ "more than a third is not", { 0, 11, 14, 17, 20, 23, 26, 29 }, 8, "0-11" },
	{ "as many as there may be, of ever shorter ones",
	  { 0, 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 }, 10,
	  "10-100 100-1000 1000-10000 10000-100000 100000-1000000 1000000-10000000 10000000-100000000" },
	{ "the same moment several times", { 0, 0, 10, 10, 20, 20, 30, 900, 900 }, 9, "30-900" },
};

static void breaks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scale s;
		char text[256] = "";

		scale_make(rows[i].times, rows[i].n, 0, 100, BREAK, &s);
		for (size_t k = 0; k < s.n; k++)
			if (s.pieces[k].broken)
				snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d-%d", *text ? " " : "",
					 (int)s.pieces[k].from, (int)s.pieces[k].to);
		/* Of seven the longest six. */
		if (i == 8)
			assert_string_equal(text, strchr(rows[i].breaks, ' ') + 1);
		else if (!streq(text, rows[i].breaks))
			fail_msg("%s: %s, not %s", rows[i].what, text, rows[i].breaks);
	}
}

static bool is_near(double a, double b)
{
	return a - b < 1e-6 && b - a < 1e-6;
}

/* Whatever is broken: from edge to edge, without a gap, and never backwards. */
static void pieces(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t first = rows[i].times[0], last = rows[i].times[rows[i].n - 1];
		struct scale s;

		scale_make(rows[i].times, rows[i].n, 0, 100, BREAK, &s);
		assert_true(is_near(s.pieces[0].left, 0) && is_near(s.pieces[s.n - 1].right, 100));
		assert_true(s.pieces[0].from == first && s.pieces[s.n - 1].to == last);
		for (size_t k = 0; k < s.n; k++) {
			const struct scale_piece *p = &s.pieces[k];

			assert_true(p->left < p->right && p->from < p->to);
			assert_true(!p->broken || is_near(p->right - p->left, BREAK));
			assert_true(p->broken || is_near(p->right - p->left, (double)(p->to - p->from) * s.per_usec));
			assert_true(k == 0 || p->from == s.pieces[k - 1].to);
			assert_true(k == 0 || is_near(p->left, s.pieces[k - 1].right));
			assert_true(is_near(scale_at(&s, p->from), p->left) && is_near(scale_at(&s, p->to), p->right));
		}
		assert_true(is_near(scale_at(&s, last + 1), 100));
		assert_true(first == 0 || is_near(scale_at(&s, first - 1), 0));
	}
}

static void moments(void **state)
{
	static const uint64_t times[] = { 0, 800, 810, 820, 830, 840 };
	struct scale s;

	scale_make(times, ARRAY_SIZE(times), 0, 100, 20, &s);
	assert_true(is_near(scale_at(&s, 400), 10)); /* in the midst of a break */
	assert_true(is_near(scale_at(&s, 800), 20));
	assert_true(is_near(scale_at(&s, 820), 60));
}

static void marks(void **state)
{
	static const struct {
		double per_usec, apart;
		uint64_t step;
	} steps[] = {
		{ 1, 1, 1 }, { 1, 3, 5 }, { 1, 60, 100 }, { 0.005, 60, 20000 }, { 0.0004, 60, 200000 },
		{ 1e-9, 60, 100000000000 }, { 1e-40, 60, 1000000000000000 }, /* never, but it ends */
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		assert_true(scale_step(&(struct scale){ .per_usec = steps[i].per_usec }, steps[i].apart) ==
			    steps[i].step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(breaks), cmocka_unit_test(pieces), cmocka_unit_test(moments), cmocka_unit_test(marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
