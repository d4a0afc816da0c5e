/* SPDX-License-Identifier: MIT */
/* placement: in which row each bar of a lane is drawn, and where its label stands. */
#include "image/placement.h"

static bool outranks(const struct placed *a, const struct placed *b)
{
	if (a->important != b->important)
		return a->important;
	return a->right - a->left > b->right - b->left;
}

/* Those before it that are as good come first. */
static size_t rank(const struct placed *items, size_t n, size_t of)
{
	size_t better = 0;

	for (size_t i = 0; i < n; i++)
		better += outranks(&items[i], &items[of]) || (i < of && !outranks(&items[of], &items[i]));
	return better;
}

static double place_text(const struct placement *p, const struct placed *item)
{
	double width = item->right - item->left;

	if (item->text + p->gap <= width)
		return item->left + p->gap / 2;
	if (item->right + p->gap + item->text <= p->right)
		return item->right + p->gap;
	if (item->left - p->gap - item->text >= p->left)
		return item->left - p->gap - item->text;
	/* Neither side has room: over the bar, from where it ends at the edge. */
	return MAX(p->left, p->right - item->text);
}

static double left_of(const struct placed *item)
{
	return MIN(item->left, item->text_left);
}

static double right_of(const struct placed *item)
{
	return MAX(item->right, item->text_left + item->text);
}

static bool row_is_free(const struct placement *p, const struct placed *items, size_t of, size_t row)
{
	for (size_t i = 0; i < of; i++)
		if (items[i].labelled && items[i].row == row && left_of(&items[of]) < right_of(&items[i]) + p->gap &&
		    left_of(&items[i]) < right_of(&items[of]) + p->gap)
			return false;
	return true;
}

size_t placement_make(const struct placement *p, struct placed *items, size_t n)
{
	size_t rows = 0;
	bool rest = false;

	for (size_t i = 0; i < n; i++) {
		items[i].labelled = n <= p->labels || rank(items, n, i) < p->labels;
		rest |= !items[i].labelled;
	}
	for (size_t i = 0; i < n; i++) {
		struct placed *item = &items[i];

		if (!item->labelled)
			continue;
		item->text_left = place_text(p, item);
		for (item->row = 0; !row_is_free(p, items, i, item->row); item->row++)
			;
		rows = MAX(rows, item->row + 1);
	}
	for (size_t i = 0; i < n; i++)
		if (!items[i].labelled)
			items[i].row = rows;
	return rows + rest;
}
