/* SPDX-License-Identifier: MIT */
/*
 * test-mounting: which command lines and tables have options that only libmount knows.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "image/mounting.h"
#include "unit/memory.h"

static void words(void **state)
{
	static const struct {
		const char *text;
		bool asks;
	} rows[] = {
		{ "", false },
		{ "root=/dev/vda1 ro quiet", false },
		{ "ro rootflags=noatime,subvol=@ quiet", false },
		{ "rootflags=", false },
		/* Of no flags=. */
		{ "root=LABEL=context=x ro user", false },
		{ "rootflags=noatime user", false },
		{ "rootflags=context=system_u:object_r:root_t:s0", true },
		{ "ro rootflags=noatime,uid=joe quiet", true },
		{ "rootflags=noatime mount.usrflags=X-mount.mkdir", true },
		{ "mount.usrflags=noatime rootflags=user\tquiet", true },
		{ "loop=/a loopflags=offset=4096", true },
		{ "img_flags=users", true },
		/* The last of them, as the first. */
		{ "rootflags=user rootflags=noatime", true },
		/* In files of shell and of other syntax. */
		{ "A=1\nGRUB_CMDLINE_LINUX=\"quiet rootflags=noatime\"\nB=user\n", false },
		{ "A=1\nGRUB_CMDLINE_LINUX=\"quiet rootflags=user\"\n", true },
		{ "title x\noptions ro rootflags=\"noatime,users\"\nlinux /x\n", true },
		{ "GRUB_CMDLINE_LINUX='rootflags=\\\"context=a,noatime\\\"'", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool asks = false;

		assert_int_equal(mounting_ask_words(rows[i].text, &asks), 0);
		if (asks != rows[i].asks)
			fail_msg("%s: %d", rows[i].text, asks);
	}
}

static void fstab(void **state)
{
	static const struct {
		const char *text;
		bool asks;
	} rows[] = {
		{ "", false },
		{ "UUID=1 / ext4 errors=remount-ro 0 1\n", false },
		{ "UUID=1 / ext4\n", false },
		{ "UUID=1 / ext4 defaults 0 1\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n", false },
		{ "UUID=1 / ext4 defaults,context=a 0 1\n", true },
		{ "UUID=1 / ext4 defaults 0 1\nUUID=2 /usr ext4 ro,users 0 2\n", true },
		{ "UUID=1 / ext4 defaults 0 1\nUUID=2 /usr/ ext4 ro,users 0 2\n", true },
		{ "UUID=1 / ext4 defaults 0 1\n#UUID=2 /usr ext4 ro,users 0 2\n", false },
		{ "UUID=1 / ext4 fscontext=a\\040b 0 1\n", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool asks = false;

		assert_int_equal(mounting_ask_fstab(rows[i].text, &asks), 0);
		if (asks != rows[i].asks)
			fail_msg("%s: %d", rows[i].text, asks);
	}
}

/* What one has found the other does not take back. */
static void left_alone(void **state)
{
	bool asks = true;

	assert_int_equal(mounting_ask_words("rootflags=noatime", &asks), 0);
	assert_int_equal(mounting_ask_fstab("UUID=1 / ext4 noatime\n", &asks), 0);
	assert_true(asks);
}

static int both(void *data)
{
	bool asks = false;
	int r = mounting_ask_words("rootflags=noatime,a=b", &asks);

	return r < 0 ? r : mounting_ask_fstab("UUID=1 / ext4 a=b,c=d\nUUID=2 /usr ext4 a=b\n", &asks);
}

static void out_of_memory(void **state)
{
	assert_true(memory_sweep(both, NULL) > 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(fstab),
		cmocka_unit_test(left_alone),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
