/* SPDX-License-Identifier: MIT */
/* test-boot-ways: words for a root that is not a file system on a disk: in a file, in memory, beside a ramdisk. */
#include "unit/init/boot-told.h"

/* root= is where the file lies, unless img_dev= says that: then it names what is in it. */
static void root_in_a_file(void **state)
{
	static const struct row rows[] = {
		{ "root=UUID=a loop=/r.img", " root=<loop=/r.img> file=</r.img> on=<UUID=a>" },
		{ "loop=/r.img rootfstype=xfs rootflags=noatime root=UUID=a loopfstype=ext4 loopflags=discard",
		  " root=<loop=/r.img> fstype=<ext4> flags=<discard> file=</r.img> on=<UUID=a> fstype=<xfs> "
		  "flags=<noatime>" },
		{ "root=UUID=a loop=/a loop=/b", " root=<loop=/b> file=</b> on=<UUID=a>" },
		{ "loop=/r.img", " root=<loop=/r.img> file=</r.img>" },
		{ "img_dev=LABEL=d img_loop=/r.img", " root=<loop=/r.img> file=</r.img> on=<LABEL=d>" },
		{ "img_dev=LABEL=d img_loop=/r.img img_flags=ro root=UUID=a rootfstype=ext4 rootflags=x",
		  " root=<UUID=a> fstype=<ext4> flags=<x> file=</r.img> on=<LABEL=d> flags=<ro>" },
		{ "root=UUID=a loopfstype=ext4 loop=", " root=<UUID=a>" },
	};

	compare(rows, ARRAY_SIZE(rows));
}

static void root_in_memory(void **state)
{
	static const struct row rows[] = {
		{ "rd.slipway.archives=/pkgs", " archives=</pkgs>" },
		{ "root=LABEL=p rootfstype=iso9660 rootflags=x rd.slipway.archives=/pkgs rd.slipway.ram=size=25%",
		  " archives=</pkgs> medium=<LABEL=p> fstype=<iso9660> flags=<x> ram=<size=25%>" },
		{ "rd.slipway.archives=/pkgs rd.slipway.archives= root=LABEL=p", " root=<LABEL=p>" },
		{ "rd.slipway.stay", " stay=<here>" },
		{ "rd.slipway.stay=1 rd.slipway.ram=size=90%,nr_inodes=9", " ram=<size=90%,nr_inodes=9> stay=<here>" },
		{ "rd.slipway.stay=copy", " stay=<copied>" },
		{ "rd.slipway.stay=copy rd.slipway.stay=0", "" },
		/* Who stays has no other root. */
		{ "root=LABEL=p rd.slipway.archives=/pkgs rd.slipway.stay", " root=<LABEL=p> stay=<here>" },
	};

	compare(rows, ARRAY_SIZE(rows));
}

/* root= and init= are the kernel's where it has started us from a ramdisk. */
static void root_of_an_old_initrd(void **state)
{
	static const struct row rows[] = {
		{ "root=/dev/ram0 init=/init real_root=UUID=a", " root=<UUID=a>" },
		{ "real_root=UUID=a root=/dev/ram0 init=/linuxrc real_init=/bin/init",
		  " root=<UUID=a> init=</bin/init>" },
		{ "root=/dev/ram0 init=/opt/i real_root=UUID=a", " root=<UUID=a> init=</opt/i>" },
		{ "root=/dev/ram0 rootfstype=ext2 real_root=UUID=a real_rootflags=noatime rootflags=x",
		  " root=<UUID=a> flags=<noatime>" },
		{ "root=UUID=b real_rootflags=noatime", " root=<UUID=b>" },
		{ "root=UUID=b init=/init", " root=<UUID=b> init=</init>" },
		{ "real_root=LABEL=m rd.slipway.archives=/a", " archives=</a> medium=<LABEL=m>" },
	};

	compare(rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_in_a_file),
		cmocka_unit_test(root_in_memory),
		cmocka_unit_test(root_of_an_old_initrd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
