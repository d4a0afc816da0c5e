/* SPDX-License-Identifier: MIT */
/* fingerprint: one number for all that a snapshot says. */
#include "base/strv.h"
#include "shutdown/snapshot.h"

/* FNV-1a, 64 bits: no secret is kept by it, only a difference is to be seen. */
#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static void add_bytes(uint64_t *h, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		*h = (*h ^ p[i]) * FNV_PRIME;
}

/* With its end, so that "ab" "c" and "a" "bc" differ; NULL and "" do too. */
static void add_string(uint64_t *h, const char *s)
{
	add_bytes(h, s ? s : "\1", s ? strlen(s) + 1 : 2);
}

static void add_number(uint64_t *h, uint64_t n)
{
	add_bytes(h, &n, sizeof(n));
}

uint64_t snapshot_fingerprint(const struct snapshot *s)
{
	uint64_t h = FNV_START;

	for (size_t i = 0; i < s->n; i++) {
		const struct node *n = &s->nodes[i];

		add_number(&h, n->kind);
		add_string(&h, n->name);
		add_string(&h, n->label);
		add_string(&h, n->state);
		add_string(&h, n->options);
		add_string(&h, n->super);
		add_string(&h, n->detail);
		add_number(&h, n->dev);
		add_number(&h, (uint64_t)n->id);
		add_number(&h, (uint64_t)n->parent);
		add_number(&h, n->used);
		/* Not how often it is open: our own workers open it. */
		for (size_t k = 0; k < n->n_parts; k++)
			add_string(&h, n->parts[k].name);
		STRV_FOREACH(holder, n->holders)
			add_string(&h, *holder);
	}
	return h;
}
