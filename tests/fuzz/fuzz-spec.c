/* SPDX-License-Identifier: MIT */
/*
 * fuzz-spec: names of block devices, from the command line or the root's fstab.
 * links: init
 */
#include <errno.h>

#include "fuzz/text.h"
#include "init/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void free_spec(struct spec *s)
{
	spec_free(s);
}

/* A tag, the node that udev makes of it, and back. */
static void require_way_back(const struct spec *s, const char *node)
{
	_cleanup_(free_spec) struct spec again = { 0 };
	bool named = s->kind == SPEC_UUID || s->kind == SPEC_LABEL || s->kind == SPEC_PARTLABEL;
	int r = spec_parse(node, &again);

	if (!named || path_has_dot_dot(s->value))
		return;
	/* Quotes around a value are dropped once more. */
	if (*s->value == '"' || *s->value == '\'')
		return;
	FUZZ_REQUIRE(r == 0 && again.kind == s->kind && streq(again.value, s->value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(free_spec) struct spec s = { 0 };
	_cleanup_free_ char *text = fuzz_text(data, size), *node = NULL;
	int r = spec_parse(text, &s);

	FUZZ_REQUIRE(r == 0 || r == -EINVAL);
	if (r < 0)
		return 0;
	FUZZ_REQUIRE(s.kind != SPEC_NONE && streq(s.text, text) && *s.value);
	FUZZ_REQUIRE(strlen(s.value) <= strlen(text));
	FUZZ_REQUIRE(*text != '/' || !path_has_dot_dot(s.value));
	FUZZ_REQUIRE(s.part_offset >= -65535 && s.part_offset <= 65535);
	FUZZ_REQUIRE(spec_udev_node(&s, &node) == 0);
	require_way_back(&s, node);
	return 0;
}
