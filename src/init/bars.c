/* SPDX-License-Identifier: MIT */
/* bars: what took time here, as units of systemd's. */
#include "init/bars.h"

#include <errno.h>

#include "base/clock.h"
#include "base/unitname.h"
#include "init/unit.h"

#define SHORTEST USEC_PER_MSEC
#define MODULES  "modules"

void bars_free(struct bars *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->items[i].unit);
		free(b->items[i].name);
	}
	free(b->items);
	*b = (struct bars){ 0 };
}

/* "root/wait" → "slipway-root-wait.service", systemd.unit(5) */
static int name_unit(const char *name, char **ret)
{
	_cleanup_free_ char *path = strdup(name), *escaped = NULL;

	if (!path)
		return -ENOMEM;
	for (char *p = path; *p; p++)
		if (*p == ' ')
			*p = '/';
	if (unitname_escape_path(path, &escaped) < 0)
		return -ENOMEM;
	return asprintf(ret, "slipway-%s.service", escaped) < 0 ? -ENOMEM : 0;
}

static int append(struct bars *b, char **unit, const char *name, const struct span *s)
{
	struct bar *grown = realloc(b->items, (b->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	b->items = grown;
	grown[b->n] = (struct bar){ .name = strdup(name), .start = s->start, .end = s->end };
	if (!grown[b->n].name)
		return -ENOMEM;
	grown[b->n++].unit = TAKE_PTR(*unit);
	return 0;
}

/* Of the same name there is one, from the first start to the last end. */
static int add(struct bars *b, const char *name, const struct span *s)
{
	_cleanup_free_ char *unit = NULL;

	if (name_unit(name, &unit) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++)
		if (streq(b->items[i].unit, unit)) {
			b->items[i].start = MIN(b->items[i].start, s->start);
			b->items[i].end = MAX(b->items[i].end, s->end);
			return 0;
		}
	return append(b, &unit, name, s);
}

static bool is_part(const struct span *s)
{
	return (s->kind == SPAN_STAGE || s->kind == SPAN_WAIT) && strchr(s->name, '/');
}

static bool has_parts(const struct profile *p, const struct span *stage)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *rest = is_part(&p->spans[i]) ? startswith(p->spans[i].name, stage->name) : NULL;

		if (rest && *rest == '/')
			return true;
	}
	return false;
}

/* What a part of a stage is made of is no bar beside it: fsck. Tools that run while we wait are. */
static bool is_in_part(const struct profile *p, const struct span *s)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct span *part = &p->spans[i];

		if (part->kind == SPAN_STAGE && is_part(part) && part->start <= s->start && part->end >= s->end)
			return true;
	}
	return false;
}

static bool is_bar(const struct profile *p, const struct span *s)
{
	switch (s->kind) {
	case SPAN_STAGE:
		/* All that loads modules is one, the stage only asks for them. */
		return is_part(s) || (!has_parts(p, s) && !streq(s->name, MODULES));
	case SPAN_WAIT:
	case SPAN_QUESTION:
	case SPAN_MODULE:
		return true;
	case SPAN_HELPER:
		return !is_in_part(p, s);
	default:
		return false;
	}
}

static int longest_first(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;
	uint64_t left = x->end - x->start, right = y->end - y->start;

	/* Equal ones in an order that is always the same. */
	return left != right ? (left < right ? 1 : -1) : strcmp(x->unit, y->unit);
}

int bars_collect(const struct profile *p, const char *but, struct bars *ret)
{
	_cleanup_bars_ struct bars b = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct span *s = &p->spans[i];

		if (!s->end || streq_null(s->name, but) || !is_bar(p, s))
			continue;
		if (add(&b, s->kind == SPAN_MODULE ? MODULES : s->name, s) < 0)
			return -ENOMEM;
	}
	if (b.n > 0)
		qsort(b.items, b.n, sizeof(*b.items), longest_first);
	while (n < MIN(b.n, (size_t)BARS_MAX) && b.items[n].end - b.items[n].start >= SHORTEST)
		n++;
	for (; b.n > n; b.n--) {
		free(b.items[b.n - 1].unit);
		free(b.items[b.n - 1].name);
	}
	*ret = b;
	b = (struct bars){ 0 };
	return 0;
}

/*
 * As if it had been started and had ended well. Without default dependencies nothing starts or stops it, and no change
 * of target does: systemd.unit(5), IgnoreOnIsolate=.
 */
static int write_one(const struct bar *bar)
{
	_cleanup_free_ char *text = NULL, *name = strdup(bar->name);

	if (!name)
		return -ENOMEM;
	/* Specifiers, and what would end the line. */
	for (char *p = name; *p; p++)
		if (*p == '%' || *p == '\\' || *p < ' ' || *p > '~')
			*p = '?';
	if (asprintf(&text, "# what took time before systemd was started, for systemd-analyze\n"
			    "[Unit]\n"
			    "Description=initramfs: %s\n"
			    "DefaultDependencies=no\n"
			    "IgnoreOnIsolate=yes\n"
			    "[Service]\n"
			    "Type=oneshot\n"
			    "RemainAfterExit=yes\n"
			    "ExecStart=/bin/true\n", name) < 0)
		return -ENOMEM;
	return unit_make(bar->unit, text);
}

int bars_write(struct bars *b)
{
	size_t n = 0;
	int result = 0;

	for (size_t i = 0; i < b->n; i++) {
		int r = write_one(&b->items[i]);

		if (r == 0) {
			b->items[n++] = b->items[i];
			continue;
		}
		result = r;
		free(b->items[i].unit);
		free(b->items[i].name);
	}
	b->n = n;
	return result;
}

void bars_remove(const struct bars *b)
{
	for (size_t i = 0; i < b->n; i++)
		unit_unmake(b->items[i].unit);
}
