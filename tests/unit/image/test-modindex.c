/* SPDX-License-Identifier: MIT */
/* test-modindex: what index.c writes, and depmod with it, is found; what is damaged is refused. */
#include <endian.h>
#include <errno.h>

#include "image/index.h"
#include "image/modindex.h"
#include "unit/unit.h"

static const struct index_row rows[] = {
	{ "pci:v00001AF4d*sv*", "second", 7 },
	{ "pci:v00001AF4d*sv*", "first", 3 },
	{ "pci:v*d*sv*", "any", 5 },
	{ "pci:v00001AF5d*sv*", "other", 1 },
	{ "pci", "short", 1 },
	{ "usb:[a-c]x", "range", 2 },
	{ "virtio:d?v*", "mark", 1 },
};

static char *written(size_t *ret_size)
{
	_cleanup_index_ struct index x = { 0 };
	char *bytes;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(index_add(&x, rows[i].key, rows[i].value, rows[i].priority), 0);
	assert_int_equal(index_write(&x, &bytes, ret_size), 0);
	return bytes;
}

static int note(const char *key, const char *value, void *data)
{
	char *text = data;

	snprintf(text + strlen(text), 512 - strlen(text), "%s%s=%s", *text ? " " : "", key, value);
	return 0;
}

static void finds(void **state)
{
	static const struct {
		int (*search)(const struct modindex *i, const char *name, modindex_fn fn, void *data);
		const char *name, *expected;
	} cases[] = {
		{ modindex_find, "pci", "pci=short" },
		{ modindex_find, "pc", "" },
		{ modindex_find, "pcix", "" },
		{ modindex_find, "", "" },
		{ modindex_find, "pci:v*d*sv*", "pci:v*d*sv*=any" },
		{ modindex_match, "pci:v00001AF4d00001000sv00",
		  "pci:v*d*sv*=any pci:v00001AF4d*sv*=first pci:v00001AF4d*sv*=second" },
		{ modindex_match, "pci:v00001AF6d00001000sv00", "pci:v*d*sv*=any" },
		{ modindex_match, "pci:v00001AF5d", "" },
		{ modindex_match, "usb:bx", "usb:[a-c]x=range" },
		{ modindex_match, "usb:dx", "" },
		{ modindex_match, "virtio:d2v1", "virtio:d?v*=mark" },
		{ modindex_match, "pci", "pci=short" },
	};
	_cleanup_free_ char *bytes = NULL;
	struct modindex i;
	size_t size;

	bytes = written(&size);
	assert_int_equal(modindex_open(bytes, size, &i), 0);
	for (size_t n = 0; n < ARRAY_SIZE(cases); n++) {
		char text[512] = "";

		assert_int_equal(cases[n].search(&i, cases[n].name, note, text), 0);
		assert_string_equal(text, cases[n].expected);
	}
}

static void each(void **state)
{
	_cleanup_free_ char *bytes = NULL;
	struct modindex i;
	char text[512] = "";
	size_t size;

	bytes = written(&size);
	assert_int_equal(modindex_open(bytes, size, &i), 0);
	assert_int_equal(modindex_each(&i, note, text), 0);
	assert_string_equal(text, "pci:v*d*sv*=any pci:v00001AF4d*sv*=first pci:v00001AF4d*sv*=second "
				  "pci:v00001AF5d*sv*=other pci=short usb:[a-c]x=range virtio:d?v*=mark");
}

static int stop(const char *key, const char *value, void *data)
{
	++*(int *)data;
	return 7;
}

static void stops_where_it_is_told(void **state)
{
	_cleanup_free_ char *bytes = NULL;
	struct modindex i;
	size_t size;
	int n = 0;

	bytes = written(&size);
	assert_int_equal(modindex_open(bytes, size, &i), 0);
	assert_int_equal(modindex_each(&i, stop, &n), 7);
	assert_int_equal(n, 1);
}

static void empty(void **state)
{
	_cleanup_index_ struct index x = { 0 };
	_cleanup_free_ char *bytes = NULL;
	struct modindex i;
	char text[512] = "";
	size_t size;

	assert_int_equal(index_write(&x, &bytes, &size), 0);
	assert_int_equal(modindex_open(bytes, size, &i), 0);
	assert_int_equal(modindex_each(&i, note, text), 0);
	assert_string_equal(text, "");
}

/* Cut off anywhere: refused when it is opened or read, never read beyond. */
static void cut_off(void **state)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size, refused = 0;

	bytes = written(&size);
	for (size_t n = 0; n < size; n++) {
		_cleanup_free_ char *part = malloc(n ? n : 1);
		struct modindex i;
		char text[512] = "";

		memcpy(part, bytes, n);
		refused += modindex_open(part, n, &i) == -EBADMSG || modindex_each(&i, note, text) == -EBADMSG;
	}
	assert_int_equal(refused, size);
}

static void foreign(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = { { 0, 0 }, { 5, 3 } };
	size_t size;

	for (size_t n = 0; n < ARRAY_SIZE(changes); n++) {
		_cleanup_free_ char *bytes = written(&size);
		struct modindex i;

		bytes[changes[n].at] = (char)changes[n].value;
		assert_int_equal(modindex_open(bytes, size, &i), -EBADMSG);
	}
}

/* Two children that both lead back to their parent: 2^4096 ways, were they not counted. */
static void leads_back(void **state)
{
	uint8_t bytes[22] = { 0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1 };
	uint32_t root = htobe32(0x20000000 | 12);
	struct modindex i;
	char text[512] = "";

	memcpy(bytes + 8, &root, 4);
	bytes[12] = 'a';
	bytes[13] = 'b';
	memcpy(bytes + 14, &root, 4);
	memcpy(bytes + 18, &root, 4);
	assert_int_equal(modindex_open(bytes, sizeof(bytes), &i), 0);
	assert_int_equal(modindex_each(&i, note, text), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),      cmocka_unit_test(each),    cmocka_unit_test(stops_where_it_is_told),
		cmocka_unit_test(empty),      cmocka_unit_test(cut_off), cmocka_unit_test(foreign),
		cmocka_unit_test(leads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
