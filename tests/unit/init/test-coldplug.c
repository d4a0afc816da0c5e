/* SPDX-License-Identifier: MIT */
/* test-coldplug: a small /sys, read as if every device had just been added. */
#include <errno.h>

#include "base/macro.h"
#include "init/coldplug.h"
#include "unit/sysfs.h"

static char seen[2048];
static int refuse; /* what the taker answers to the second device */
static int taken;

static int take(struct run *run, const struct uevent *u)
{
	size_t n = strlen(seen);

	assert_null(run);
	assert_int_equal(u->action, UEVENT_ADD);
	snprintf(seen + n, sizeof(seen) - n, "%s %s %s %s\n", u->subsystem, u->devpath, u->devname ? u->devname : "-",
		 u->modalias ? u->modalias : "-");
	return ++taken == 2 ? refuse : 0;
}

#define BLOCK "/devices/pci0/virtio1/block/vda"
#define DISK  "/devices/pci0/0000:00:04.0"
#define BOUND "/devices/pci0/0000:00:05.0"
#define MUTE  "/devices/pci0/0000:00:06.0"

static void link_to(const struct scratch *s, const char *path, const char *target)
{
	char directory[128];

	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(file_mkdir_parents(s->fd, directory, 0755), 0);
	assert_int_equal(symlinkat(target, s->fd, path), 0);
}

static int setup(void **state)
{
	const struct scratch *s;

	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	seen[0] = '\0';
	taken = refuse = 0;
	sysfs_write(s, BLOCK "/uevent", "MAJOR=254\nMINOR=0\nDEVNAME=vda\nDEVTYPE=disk\n");
	sysfs_write(s, BLOCK "/vda1/uevent", "MAJOR=254\nMINOR=1\nDEVNAME=vda1\nDEVTYPE=partition\nPARTN=1\n");
	sysfs_write(s, DISK "/uevent", "PCI_CLASS=10000\nMODALIAS=pci:v1\n");
	sysfs_write(s, BOUND "/uevent", "DRIVER=x\nMODALIAS=pci:v2\n");
	sysfs_write(s, BOUND "/driver", "");
	sysfs_write(s, MUTE "/uevent", "PCI_CLASS=10000\n");
	sysfs_write(s, BLOCK "/driver", ""); /* of no concern there */
	link_to(s, "class/block/vda", "../../devices/pci0/virtio1/block/vda");
	link_to(s, "class/block/vda1", "../../devices/pci0/virtio1/block/vda/vda1");
	link_to(s, "bus/pci/devices/0000:00:04.0", "../../../devices/pci0/0000:00:04.0");
	link_to(s, "bus/pci/devices/0000:00:05.0", "../../../devices/pci0/0000:00:05.0");
	sysfs_write(s, "/devices/system/memory/memory0/uevent", "MODALIAS=none\n");
	link_to(s, "bus/memory/devices/memory0", "../../../devices/system/memory/memory0");
	link_to(s, "bus/pci/devices/0000:00:06.0", "../../../devices/pci0/0000:00:06.0");
	return 0;
}

static bool has(const char *line)
{
	return strstr(seen, line) != NULL;
}

static void every_device_is_seen(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(coldplug(s->fd, NULL, take), 0);
	assert_int_equal(taken, 3);
	assert_true(has("block " BLOCK " vda -\n"));
	assert_true(has("block " BLOCK "/vda1 vda1 -\n"));
	assert_true(has("pci " DISK " - pci:v1\n"));
	/* It has its driver: no module is asked for. */
	assert_false(has("pci:v2"));
	/* Nobody looks there. */
	assert_false(has("memory"));
	/* It has nothing to ask by. */
	assert_false(has(MUTE));
}

/* Devices may go while we look, and what cannot be read is not there. */
static void what_is_no_device_is_passed_over(void **state)
{
	const struct scratch *s = *state;

	link_to(s, "class/block/gone", "../../devices/gone");
	link_to(s, "class/block/odd", "../../module/odd");
	sysfs_write(s, "/module/odd/uevent", "DEVNAME=odd\n");
	link_to(s, "bus/pci/devices/bare", "../../../devices/bare");
	assert_int_equal(file_mkdir_parents(s->fd, "devices/bare", 0755), 0);
	sysfs_write(s, "/class/block/file", "x");
	sysfs_write(s, "/devices/bad/uevent", "DEVNAME=../x\n");
	link_to(s, "class/block/bad", "../../devices/bad");
	assert_int_equal(file_mkdir_parents(s->fd, "bus/empty", 0755), 0);
	assert_int_equal(coldplug(s->fd, NULL, take), 0);
	assert_int_equal(taken, 3);
}

static void empty_sysfs(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(mkdirat(s->fd, "nothing", 0755), 0);
	_cleanup_close_ int nothing = openat(s->fd, "nothing", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(coldplug(nothing, NULL, take), 0);
	assert_int_equal(taken, 0);
}

static void takers_error_ends_it(void **state)
{
	const struct scratch *s = *state;

	refuse = -ENOMEM;
	assert_int_equal(coldplug(s->fd, NULL, take), -ENOMEM);
	assert_int_equal(taken, 2);
}

#define in_sysfs(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sysfs(every_device_is_seen),
		in_sysfs(what_is_no_device_is_passed_over),
		in_sysfs(empty_sysfs),
		in_sysfs(takers_error_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
