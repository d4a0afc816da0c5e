/* SPDX-License-Identifier: MIT */
/*
 * fuzz-teardown: a mount table, a NUL, the swaps: read, linked and planned as shutdown does it.
 * links: shutdown
 */
#include "fuzz/text.h"
#include "shutdown/plan.h"

#define NODES 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing is planned for a mount that another one stands on. */
static void require_order(const struct snapshot *s, const struct plan *p)
{
	bool planned[NODES] = { 0 };

	for (size_t i = 0; i < p->n; i++)
		planned[p->actions[i].node] = true;
	for (size_t i = 0; i < s->n_edges; i++) {
		const struct edge *e = &s->edges[i];

		FUZZ_REQUIRE(e->upper < s->n && e->lower < s->n && e->upper != e->lower);
		if (s->nodes[e->upper].kind == NODE_MOUNT && s->nodes[e->lower].kind == NODE_MOUNT)
			FUZZ_REQUIRE(!planned[e->lower]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_snapshot_ struct snapshot s = { .machine = true };
	size_t first = strlen(text);

	FUZZ_REQUIRE(mounts_parse(text, &s) == 0);
	if (first < size)
		FUZZ_REQUIRE(swaps_parse(text + first + 1, &s) == 0);
	/* Linking is quadratic; a long table proves no more than a short one. */
	if (s.n > NODES)
		return 0;
	FUZZ_REQUIRE(snapshot_link(&s) == 0);
	for (int level = E_PLAIN; level <= E_SYSRQ; level++) {
		_cleanup_plan_ struct plan p = { 0 };

		FUZZ_REQUIRE(teardown_plan(&s, level, &p) == 0);
		FUZZ_REQUIRE(p.n <= p.left);
		if (level < E_READONLY)
			require_order(&s, &p);
	}
	(void)snapshot_fingerprint(&s);
	return 0;
}
