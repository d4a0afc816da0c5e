/* SPDX-License-Identifier: MIT */
/*
 * test-boot: the options: what each word changes, and nothing else.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "unit/init/boot-told.h"
#include "unit/memory.h"

static void each_option(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "quiet splash BOOT_IMAGE=/boot/vmlinuz", "" },
		{ "root=UUID=a", " root=<UUID=a>" },
		{ "root=gpt-auto", " root=<gpt-auto> discovered" },
		{ "root=UUID=a root=gpt-auto", " root=<gpt-auto> discovered" },
		{ "root=gpt-auto root=UUID=a", " root=<UUID=a>" },
		{ "mount.usr=gpt-auto", " usr=<gpt-auto>" },
		{ "rd.systemd.gpt_auto=0", " no-gpt" },
		{ "systemd.gpt_auto=no", " no-gpt" },
		{ "systemd.gpt-auto=0 rd.systemd.gpt_auto", "" },
		{ "roothash=0123", " verity=<roothash>" },
		{ "usrhash=0123", " verity=<usrhash>" },
		{ "roothash=0123 roothash=", "" },
		{ "root=/dev/vda1 rootfstype=ext4 rootflags=data=journal,noatime",
		  " root=</dev/vda1> fstype=<ext4> flags=<data=journal,noatime>" },
		{ "rootfstype=ext4,xfs", " fstype=<ext4,xfs>" },
		{ "rootfstype=auto", "" },
		{ "rootfstype= rootflags=", "" },
		{ "rootfstype rootflags", "" },
		{ "rw", " rw" },
		{ "ro", "" },
		{ "rootwait", " timeout=ever" },
		{ "rootwait=20", " timeout=20000 ms" },
		{ "rootwait=0", " timeout=ever" },
		{ "rootdelay=5", " delay=5000 ms" },
		{ "rd.timeout=\"1min 30s\"", "" },
		{ "rd.timeout=\"2min 30s\"", " timeout=150000 ms" },
		{ "rd.timeout=0", " timeout=ever" },
		{ "rd.timeout=infinity", " timeout=ever" },
		{ "rd.retry=7", " timeout=7000 ms" },
		{ "mount.usr=LABEL=u mount.usrfstype=xfs mount.usrflags=ro", " usr=<LABEL=u> fstype=<xfs> flags=<ro>" },
		{ "mount.usrfstype=auto", "" },
		{ "fsck.mode=auto", "" },
		{ "fsck.mode=force", " mode=<force>" },
		{ "fsck.mode=skip", " mode=<skip>" },
		{ "forcefsck", " mode=<force>" },
		{ "forcefsck=0", "" },
		{ "fastboot", " mode=<skip>" },
		{ "fastboot=no", "" },
		{ "rd.skipfsck", " mode=<skip>" },
		{ "rd.skipfsck=1", " mode=<skip>" },
		{ "fsck.mode=force rd.skipfsck=0", " mode=<force>" },
		{ "fsck.repair=preen", "" },
		{ "fsck.repair=yes", " repair=<yes>" },
		{ "fsck.repair=no", " repair=<no>" },
		{ "init=/bin/sh", " init=</bin/sh>" },
		{ "resume=/dev/vda2", " resume=</dev/vda2>" },
		{ "rd.break", " break=switch-root" },
		{ "rd.break=", " break=switch-root" },
		{ "rd.break=root", " break=root" },
		{ "rd.break=api,usr", " break=api,usr" },
		{ "rd.break=pre-udev,pre-trigger", " break=modules,modules" },
		{ "rd.break=initqueue rd.break=pre-mount", " break=root,root" },
		{ "rd.break=mount", " break=usr" },
		{ "rd.break=usr,cleanup,pre-pivot,pre-switch-root", " break=usr,switch-root,switch-root,switch-root" },
		{ "rd.shell", " shell=<yes>" },
		{ "rd.shell=1", " shell=<yes>" },
		{ "rd.shell=0", " shell=<no>" },
		{ "rd.emergency=exit", "" },
		{ "rd.emergency=reboot", " emergency=<reboot>" },
		{ "rd.emergency=poweroff", " emergency=<poweroff>" },
		{ "rd.emergency=halt", " emergency=<halt>" },
		{ "modules_load=a,b rd.modules_load=c rd.driver.pre=d", " modules=a,b,c,d" },
		{ "modules_load", "" },
		{ "rd.debug", " debug" },
		{ "rd.debug=0", "" },
		{ "rd.slipway.serialize", "" },
		{ "rd.slipway.serialize=0", " plain" },
		{ "rd.slipway.api=clean", " clean" },
		{ "rd.slipway.api=clean rd.slipway.api=move", "" },
	};

	compare(rows, ARRAY_SIZE(rows));
}

static void spelt_otherwise(void **state)
{
	static const struct row rows[] = {
		{ "rd.modules-load=a modules-load=b", " modules=a,b" },
		{ "\"root=LABEL=my root\"", " root=<LABEL=my root>" },
		{ "root=\"LABEL=my root\"", " root=<LABEL=my root>" },
		/* Names have a case, and no prefix of one is one. */
		{ "ROOT=/dev/vda rootf=x rootflagsx=y rd.brea RD.SHELL=1", "" },
		{ "rd_shell=1 rd.slipway_serialize=0", "" },
	};

	compare(rows, ARRAY_SIZE(rows));
}

static void last_one_wins(void **state)
{
	static const struct row rows[] = {
		{ "root=/dev/a root=/dev/b", " root=</dev/b>" },
		{ "ro rw", " rw" },
		{ "rw ro", "" },
		{ "rootwait rd.timeout=5", " timeout=5000 ms" },
		{ "rd.timeout=5 rootwait", " timeout=ever" },
		{ "rootfstype=ext4 rootfstype=auto", "" },
		{ "rootflags=a rootflags=", "" },
		{ "fsck.mode=force fastboot", " mode=<skip>" },
		{ "fastboot fsck.mode=auto", "" },
		{ "init=/a init=/b", " init=</b>" },
		{ "rd.shell=1 rd.shell=0", " shell=<no>" },
		{ "rd.shell=0 rd.shell", " shell=<yes>" },
		{ "resume=/dev/a resume=/dev/b", " resume=</dev/b>" },
		/* Wherever it stands, as for the kernel. */
		{ "resume=/dev/a noresume", "" },
		{ "noresume resume=/dev/a", "" },
		{ "rd.emergency=halt rd.emergency=exit", "" },
		{ "rd.debug rd.debug=0", "" },
		{ "rootdelay=3 rootdelay=1", " delay=1000 ms" },
	};

	compare(rows, ARRAY_SIZE(rows));
}

static void what_follows_two_dashes_is_inits(void **state)
{
	_cleanup_(boot_free) struct boot b = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = "root=/dev/a -- root=/dev/b rd.shell rw" }, &b), 0);
	text = told(&b);
	assert_string_equal(text, " root=</dev/a>");
	assert_int_equal(strv_length(b.cmdline.init_args), 3);
}

static void kernels_words_come_after_the_images(void **state)
{
	/* Words after "--" in the image's end there. */
	static const struct boot_text both = {
		.image = "root=/dev/image rootflags=x rd.shell=0\n-- y\n",
		.kernel = "root=/dev/kernel rd.shell",
	};
	_cleanup_(boot_free) struct boot b = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(boot_parse(&both, &b), 0);
	text = told(&b);
	assert_string_equal(text, " root=</dev/kernel> flags=<x> shell=<yes>");
	assert_string_equal(cmdline_value(&b.cmdline, "root", NULL), "/dev/kernel");
}

static void what_makes_no_sense_is_a_warning(void **state)
{
	static const char yes_no[] = "1, yes, true, on, 0, no, false, off";
	static const char path[] = "an absolute path without \"..\", on what root= names or in the image";
	static const struct {
		const char *words, *allowed;
	} rows[] = {
		{ "root=vda1", spec_allowed },
		{ "root=gpt-auto-force", spec_allowed },
		{ "resume=gpt-auto", spec_allowed },
		{ "root=", spec_allowed },
		{ "root", spec_allowed },
		{ "root=/dev/../etc", spec_allowed },
		{ "mount.usr=x", spec_allowed },
		{ "resume=x", spec_allowed },
		{ "rd.timeout=x", "seconds, or a time span such as 1min 30s" },
		{ "rd.timeout=-1", "seconds, or a time span such as 1min 30s" },
		{ "rd.timeout", "seconds, or a time span such as 1min 30s" },
		{ "rootwait=soon", "seconds, or a time span such as 1min 30s" },
		{ "rootdelay=1x", "seconds, or a time span such as 1min 30s" },
		{ "fsck.mode=Force", "auto, force, skip" },
		{ "fsck.mode", "auto, force, skip" },
		{ "fsck.repair=maybe", "preen, yes, no" },
		{ "forcefsck=maybe", yes_no },
		{ "rd.skipfsck=maybe", yes_no },
		{ "init=sh", "an absolute path in the root file system" },
		{ "init", "an absolute path in the root file system" },
		{ "rd.emergency=panic", "exit, reboot, poweroff, halt" },
		{ "rd.shell=maybe", yes_no },
		{ "rd.shell=", yes_no },
		{ "rd.debug=2", yes_no },
		{ "rd.slipway.serialize=x", yes_no },
		{ "rd.slipway.api", "move, clean" },
		{ "real_root=x", spec_allowed },
		{ "real_init=x", "an absolute path in the root file system" },
		{ "rd.slipway.stay=maybe", "copy, 1, yes, true, on, 0, no, false, off" },
		{ "rd.slipway.archives=pkgs", path }, { "rd.slipway.archives=/a/../b", path },
		{ "loop=/images/", "the path of a file in the file system that root= or img_dev= names" },
		{ "ro=1", "the word alone" },
		{ "rw=", "the word alone" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(boot_free) struct boot b = { 0 };
		_cleanup_free_ char *text = NULL, *warning = NULL;

		assert_int_equal(boot_parse(&(struct boot_text){ .kernel = rows[i].words }, &b), 0);
		text = told(&b);
		/* Nothing has changed. */
		if (*text)
			fail_msg("\"%s\":%s", rows[i].words, text);
		assert_int_equal(strv_length(b.warnings), 1);
		assert_true(asprintf(&warning, "%s%s on the command line is not understood (allowed: %s), ignoring",
				     rows[i].words, strchr(rows[i].words, '=') ? "" : "=", rows[i].allowed) > 0);
		assert_string_equal(b.warnings[0], warning);
	}
}

/* What a word before it said stays. */
static void bad_word_changes_nothing(void **state)
{
	static const struct boot_text words = {
		.kernel = "root=/dev/a root=vdb rd.timeout=5 rootwait=x rd.shell=0 rd.shell=maybe init=/i init=i "
			  "rw ro=1 fsck.mode=skip forcefsck=x",
	};
	_cleanup_(boot_free) struct boot b = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(boot_parse(&words, &b), 0);
	text = told(&b);
	assert_string_equal(text, " root=</dev/a> rw timeout=5000 ms mode=<skip> init=</i> shell=<no>");
	assert_int_equal(strv_length(b.warnings), 6);
}

static void breaks_are_whole_names(void **state)
{
	_cleanup_(boot_free) struct boot b = { 0 };

	assert_false(boot_breaks_at(&b, "root"));
	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = "rd.break=roo,usr" }, &b), 0);
	assert_true(boot_breaks_at(&b, "usr"));
	assert_false(boot_breaks_at(&b, "root"));
}

static int parse_some(void *data)
{
	_cleanup_(boot_free) struct boot b = { 0 };

	return boot_parse(&(struct boot_text){ .image = "rd.debug\n", .kernel = data }, &b);
}

static void out_of_memory_is_reported(void **state)
{
	static const char words[] =
		"root=UUID=a rootfstype=ext4 rootflags=x mount.usr=8:1 mount.usrfstype=xfs mount.usrflags=y init=/i "
		"resume=/dev/r rd.break rd.break=mount modules_load=a,b rd.shell=maybe root=bad noresume "
		"loop=/r loopfstype=ext4 loopflags=z -- s t=u";

	assert_in_range(memory_sweep(parse_some, (char *)words), 60, 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option),
		cmocka_unit_test(spelt_otherwise),
		cmocka_unit_test(last_one_wins),
		cmocka_unit_test(what_follows_two_dashes_is_inits),
		cmocka_unit_test(kernels_words_come_after_the_images),
		cmocka_unit_test(what_makes_no_sense_is_a_warning),
		cmocka_unit_test(bad_word_changes_nothing),
		cmocka_unit_test(breaks_are_whole_names),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
