/* SPDX-License-Identifier: MIT */
/*
 * test-crypttab: lines of crypttab(5).
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/crypttab.h"
#include "base/macro.h"
#include "unit/memory.h"
#include "unit/unit.h"

/* "name|source|key|key device|option,option"; '-' for what is not there. */
static const struct {
	const char *text, *row;
} lines[] = {
	{ "root UUID=a none luks,discard", "root|UUID=a|-|-|luks,discard" },
	{ "root\t/dev/vda2  -\tluks", "root|/dev/vda2|-|-|luks" },
	{ "root UUID=a", "root|UUID=a|-|-|" },
	{ "  root UUID=a /etc/key", "root|UUID=a|/etc/key|-|" },
	{ "root UUID=a /key:UUID=b luks\r", "root|UUID=a|/key|UUID=b|luks" },
	{ "root UUID=a /key:/dev/sda1", "root|UUID=a|/key|/dev/sda1|" },
	{ "root UUID=a /a:b", "root|UUID=a|/a:b|-|" },
	{ "root UUID=a /a:b:LABEL=c", "root|UUID=a|/a:b|LABEL=c|" },
	{ "root UUID=a /k:/dev/disk/by-path/pci-0:1", "root|UUID=a|/k|/dev/disk/by-path/pci-0:1|" },
	{ "root UUID=a /dev/urandom swap,cipher=x", "root|UUID=a|/dev/urandom|-|swap,cipher=x" },
	{ "root UUID=a none luks more words", "root|UUID=a|-|-|luks" },
};

static void rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_crypttab_ struct crypttab t = { 0 };
		const struct crypttab_row *row;
		char options[256] = "", seen[512];

		assert_int_equal(crypttab_parse(lines[i].text, &t), 0);
		assert_int_equal(t.n, 1);
		assert_int_equal(t.damaged, 0);
		row = &t.rows[0];
		for (char **o = row->options; o && *o; o++)
			(void)snprintf(options + strlen(options), sizeof(options) - strlen(options), "%s%s",
				       *options ? "," : "", *o);
		(void)snprintf(seen, sizeof(seen), "%s|%s|%s|%s|%s", row->name, row->source,
			       row->key ? row->key : "-", row->key_device ? row->key_device : "-", options);
		assert_string_equal(seen, lines[i].row);
	}
}

static void file(void **state)
{
	static const char text[] = "# a comment\n\nroot UUID=a none initramfs\nlonely\n #no comment UUID=x\n"
				   "home UUID=b none luks\nswap UUID=c none x-initrd.attach\nalone";
	_cleanup_crypttab_ struct crypttab t = { 0 };

	assert_int_equal(crypttab_parse(text, &t), 0);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.damaged, 4);
	assert_int_equal(t.rows[0].line, 3);
	assert_int_equal(t.rows[2].line, 7);
	assert_true(crypttab_is_early(&t.rows[0]));
	assert_false(crypttab_is_early(&t.rows[1]));
	assert_true(crypttab_is_early(&t.rows[2]));
}

static void options(void **state)
{
	_cleanup_crypttab_ struct crypttab t = { 0 };

	assert_int_equal(crypttab_parse("a b c header=/h,tries=,discard,header=/i,key-slot=1", &t), 0);
	assert_string_equal(crypttab_option(&t.rows[0], "header"), "/h");
	assert_string_equal(crypttab_option(&t.rows[0], "tries"), "");
	assert_string_equal(crypttab_option(&t.rows[0], "discard"), "");
	assert_string_equal(crypttab_option(&t.rows[0], "key-slot"), "1");
	assert_null(crypttab_option(&t.rows[0], "key"));
	assert_null(crypttab_option(&t.rows[0], "disc"));
}

static void nothing(void **state)
{
	_cleanup_crypttab_ struct crypttab t = { 0 };

	assert_int_equal(crypttab_parse("", &t), 0);
	assert_int_equal(t.n, 0);
}

static int parse_all(void *data)
{
	_cleanup_crypttab_ struct crypttab t = { 0 };

	return crypttab_parse("root UUID=a /key:UUID=b luks,discard\nhome UUID=c\n", &t);
}

static void out_of_memory(void **state)
{
	assert_true(memory_sweep(parse_all, NULL) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),    cmocka_unit_test(file),          cmocka_unit_test(options),
		cmocka_unit_test(nothing), cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
