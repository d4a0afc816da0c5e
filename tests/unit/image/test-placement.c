/* SPDX-License-Identifier: MIT */
/* test-placement: no label covers another, and which bars have none. */
#include "image/placement.h"
#include "unit/unit.h"

#define ITEMS_MAX 8

static const struct placement lane = { .left = 0, .right = 100, .gap = 2, .labels = 3 };

#define BAR(from, to, width)       { .left = from, .right = to, .text = width }
#define IMPORTANT(from, to, width) { .left = from, .right = to, .text = width, .important = true }

/* Bars from, to, and how wide their labels are; then "ROW:TEXT_LEFT" for each, "ROW" for one that has no label. */
static const struct row {
	const char *what;
	struct placed items[ITEMS_MAX];
	size_t n;
	const char *placed;
	size_t rows;
} rows[] = {
	{ "nothing", { BAR(0, 0, 0) }, 0, "", 0 },
	{ "behind the bar", { BAR(0, 10, 30) }, 1, "0:12", 1 },
	{ "in the bar, if it is long enough", { BAR(0, 40, 30) }, 1, "0:1", 1 },
	{ "before it, where there is no room behind", { BAR(80, 90, 30) }, 1, "0:48", 1 },
	{ "over it, where there is none on either side", { BAR(30, 70, 60) }, 1, "0:40", 1 },
	{ "from the left edge, if it is too wide for anything", { BAR(30, 70, 130) }, 1, "0:0", 1 },
	{ "one after the other share a row", { BAR(0, 10, 20), BAR(40, 50, 20) }, 2, "0:12 0:52", 1 },
	{ "what would touch has a row of its own",
	  { BAR(0, 10, 20), BAR(33, 50, 20) }, 2, "0:12 1:52", 2 },
	{ "the first row that is free",
	  { BAR(0, 90, 10), BAR(10, 20, 10), BAR(50, 60, 10) }, 3,
	  "0:1 1:22 1:62", 2 },
	{ "the longest ones are named, the others lie in the last row",
	  { BAR(0, 5, 20), BAR(1, 2, 20), BAR(40, 46, 20),
	    BAR(70, 74, 20) }, 4, "0:7 1 0:48 0:76", 2 },
	{ "the important ones before longer ones",
	  { BAR(0, 5, 20), IMPORTANT(1, 2, 20), BAR(40, 46, 20),
	    BAR(70, 74, 20) }, 4, "0:7 1:4 0:48 2", 3 },
	{ "of those that are as good the first",
	  { BAR(0, 1, 5), BAR(10, 11, 5), BAR(20, 21, 5),
	    BAR(30, 31, 5), BAR(40, 41, 5) }, 5, "0:3 0:13 0:23 1 1", 2 },
};

static void where_labels_stand(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct placed items[ITEMS_MAX];
		char text[128] = "";

		memcpy(items, rows[i].items, sizeof(items));
		assert_int_equal(placement_make(&lane, items, rows[i].n), rows[i].rows);
		for (size_t k = 0; k < rows[i].n; k++) {
			size_t at = strlen(text);

			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%zu", k > 0 ? " " : "", items[k].row);
			if (items[k].labelled)
				snprintf(text + at, sizeof(text) - at, ":%.0f", items[k].text_left);
		}
		if (!streq(text, rows[i].placed))
			fail_msg("%s: %s, not %s", rows[i].what, text, rows[i].placed);
	}
}

static double from(const struct placed *p)
{
	return MIN(p->left, p->text_left);
}

static double to(const struct placed *p)
{
	return MAX(p->right, p->text_left + p->text);
}

/* Of many that come and go as they like. */
static void nothing_covers_another(void **state)
{
	struct placed items[200];
	unsigned int seed = 1;

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		seed = seed * 1103515245 + 12345;
		items[i] = (struct placed){ .left = (double)i / 3, .text = 3 + (seed >> 16) % 60 };
		items[i].right = MIN(99.0, items[i].left + (seed >> 8) % 50);
	}
	placement_make(&(struct placement){ .right = 100, .gap = 1, .labels = SIZE_MAX }, items, ARRAY_SIZE(items));
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		assert_true(items[i].labelled && from(&items[i]) >= 0 && to(&items[i]) <= 100.01);
		for (size_t k = 0; k < i; k++)
			assert_true(items[i].row != items[k].row || from(&items[i]) >= to(&items[k]) + 1 ||
				    from(&items[k]) >= to(&items[i]) + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_labels_stand), cmocka_unit_test(nothing_covers_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
