/* SPDX-License-Identifier: MIT */
/* test-index: what is written is what libkmod, whose format it is, reads. */
#include <errno.h>
#include <libkmod.h>

#include "image/index.h"
#include "unit/scratch.h"

static void write_index(const struct scratch *s, const char *name, struct index *x)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;

	assert_int_equal(index_write(x, &bytes, &size), 0);
	scratch_write(s, name, bytes, size);
}

static void add(struct index *x, const char *key, const char *value, uint32_t priority)
{
	assert_int_equal(index_add(x, key, value, priority), 0);
}

/* The modules that libkmod finds for an alias, in its order. */
static void assert_found(struct kmod_ctx *ctx, const char *alias, const char *expected)
{
	struct kmod_list *list = NULL, *it;
	char text[256] = "";

	assert_int_equal(kmod_module_new_from_lookup(ctx, alias, &list), 0);
	kmod_list_foreach(it, list) {
		struct kmod_module *mod = kmod_module_get_module(it);

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? " " : "",
			 kmod_module_get_name(mod));
		(void)kmod_module_unref(mod);
	}
	(void)kmod_module_unref_list(list);
	assert_string_equal(text, expected);
}

static void libkmod_reads_it(void **state)
{
	const struct scratch *s = *state;
	_cleanup_index_ struct index aliases = { 0 }, dependencies = { 0 }, none = { 0 };
	const char *const no_config[] = { NULL };
	struct kmod_ctx *ctx;

	add(&aliases, "pci:v00001AF4d*sv*", "second", 7);
	add(&aliases, "pci:v00001AF4d*sv*", "first", 3);
	add(&aliases, "pci:v*d*sv*", "any", 5);
	add(&aliases, "pci:v00001AF5d*sv*", "other", 1);
	add(&aliases, "pci", "short", 1); /* the beginning of another key */
	add(&aliases, "usb:[a-c]x", "range", 2);
	add(&dependencies, "first", "kernel/first.ko:", 3);
	add(&dependencies, "any", "kernel/any.ko:", 5);
	write_index(s, "modules.alias.bin", &aliases);
	write_index(s, "modules.dep.bin", &dependencies);
	write_index(s, "modules.symbols.bin", &none);
	write_index(s, "modules.builtin.bin", &none);

	ctx = kmod_new(s->path, no_config);
	assert_non_null(ctx);
	assert_int_equal(kmod_load_resources(ctx), 0);
	assert_found(ctx, "pci:v00001AF4d00001001sv0", "first any second");
	assert_found(ctx, "pci:v00001AF5d00001001sv0", "other any");
	assert_found(ctx, "pci:v1d1sv1", "any");
	assert_found(ctx, "pci", "short");
	assert_found(ctx, "pc", "");
	assert_found(ctx, "usb:bx", "range");
	assert_found(ctx, "usb:dx", "");
	assert_found(ctx, "first", "first");
	assert_found(ctx, "symbol:x", "");
	(void)kmod_unref(ctx);
}

/* To the byte, so that it stays what depmod writes. */
static void bytes(void **state)
{
	/* "c": values alone; then "b" with its child and its value; then the root's table. */
	static const char expected[] = "\xb0\x07\xf4\x57\0\2\0\1\x20\0\0\x2a"
				       "\0\0\0\1\0\0\0\2v2\0"
				       "b\0cc\x40\0\0\xc"
				       "\0\0\0\1\0\0\0\1v1\0"
				       "aa\xe0\0\0\x17";
	_cleanup_index_ struct index x = { 0 };
	_cleanup_free_ char *data = NULL;
	size_t size;

	add(&x, "ab", "v1", 1);
	add(&x, "abc", "v2", 2);
	assert_int_equal(index_write(&x, &data, &size), 0);
	assert_int_equal(size, sizeof(expected) - 1);
	assert_memory_equal(data, expected, size);
}

static void refuses(void **state)
{
	_cleanup_index_ struct index x = { 0 };
	char longest[5000];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(index_add(&x, longest, "v", 0), -EINVAL);
	longest[4095] = '\0';
	assert_int_equal(index_add(&x, longest, "v", 0), 0);
	assert_int_equal(index_add(&x, "\xc3\xa4", "v", 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(libkmod_reads_it, scratch_setup, scratch_teardown),
		cmocka_unit_test(bytes),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
