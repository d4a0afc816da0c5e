/* SPDX-License-Identifier: MIT */
/*
 * test-modconf: options of modules and the black list, from modprobe.d and the kernel command line.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <errno.h>

#include "base/strv.h"
#include "init/modconf.h"
#include "unit/memory.h"

static int read_both(const char *text, const char *cmdline, struct modconf *c)
{
	_cleanup_cmdline_ struct cmdline words = { 0 };
	_cleanup_free_ char *copy = strdup(text);
	int r = copy ? modconf_read(c, copy) : -ENOMEM;

	if (r == 0)
		r = cmdline_parse(cmdline, &words);
	return r < 0 ? r : modconf_read_cmdline(c, &words);
}

static void options(void **state)
{
	static const struct {
		const char *text, *cmdline, *module, *options;
	} rows[] = {
		{ "", "", "a", "" },
		{ "options a x=1 y=2\n", "", "a", "x=1 y=2" },
		{ "options a x=1\noptions b z\noptions a x=2", "", "a", "x=1 x=2" },
		{ "  options\ta \tx=1\t\r\n", "", "a", "x=1\t" },
		{ "options a-b x\n", "", "a_b", "x" },
		{ "options a \\\n  x=1 \\\n y=2\n", "", "a", "x=1    y=2" },
		{ "#options a x\noptions\noptions a\noptions a \noption a x\nsoftdep a pre: b\n", "", "a", "" },
		/* The command line has the last word. */
		{ "options a x=1\n", "root=/dev/vda a.x=2 ro a.y", "a", "x=1 x=2 y" },
		{ "", "a-b.x=1 a.z=1 ab.y", "a_b", "x=1" },
		{ "", "a.x=\"1 2\"", "a", "x=\"1 2\"" },
		{ "", ".x=1 a.=1 a. rd.shell=1", "a", "" },
		{ "", "snd.x.y=1", "snd", "x.y=1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *found = NULL;
		struct modconf c = { 0 };

		assert_int_equal(read_both(rows[i].text, rows[i].cmdline, &c), 0);
		found = modconf_options(&c, rows[i].module);
		if (!streq_null(found, rows[i].options))
			fail_msg("<%s> <%s>: <%s>", rows[i].text, rows[i].cmdline, found);
		modconf_free(&c);
	}
}

static void blacklist(void **state)
{
	static const struct {
		const char *text, *cmdline, *module;
		bool is;
	} rows[] = {
		{ "blacklist nouveau\n", "", "nouveau", true },
		{ "blacklist usb-storage\n", "", "usb_storage", true },
		{ "blacklist usb_storage # why\n", "", "usb_storage", true },
		{ "# blacklist a\nblacklist\nblacklist b", "", "a", false },
		{ "", "modprobe.blacklist=a,b-c modprobe.blacklist=d", "b_c", true },
		{ "", "modprobe.blacklist=a,b-c modprobe.blacklist=d", "d", true },
		{ "", "modprobe.blacklist=a", "ab", false },
		{ "", "modprobe.blacklist", "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modconf c = { 0 };

		assert_int_equal(read_both(rows[i].text, rows[i].cmdline, &c), 0);
		assert_int_equal(modconf_is_blacklisted(&c, rows[i].module), rows[i].is);
		modconf_free(&c);
	}
}

static int all(void *data)
{
	struct modconf c = { 0 };
	int r = read_both("options a x\nblacklist b\n", "a.y=1 a.z=\"1 2\" modprobe.blacklist=c", &c);
	_cleanup_free_ char *text = r < 0 ? NULL : modconf_options(&c, "a");

	if (text)
		assert_string_equal(text, "x y=1 z=\"1 2\"");
	modconf_free(&c);
	return r < 0 ? r : text ? 0 : -ENOMEM;
}

static void out_of_memory(void **state)
{
	assert_true(memory_sweep(all, NULL) > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(blacklist),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
