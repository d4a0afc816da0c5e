/* SPDX-License-Identifier: MIT */
/*
 * test-chain: what a device needs beside its parents. No such machine was at hand: the trees are written by hand, as
 * the kernel's drivers/base/core.c (suppliers), drivers/gpio and drivers/md/bcache/super.c make them.
 */
#include "unit/image/recorded-machine.h"

#define MOUNTS(number) "27 1 " number " / / rw - ext4 /dev/root rw\n"

/* A board whose memory card gets its power from a chip on I2C, which is supplied by what it supplies. */
static const char board[] =
	"dev/block/179:1 -> ../../devices/platform/soc/fe34.mmc/mmc_host/mmc0/mmc0:1/block/mmcblk0/mmcblk0p1\n"
	"devices/platform/soc/fe34.mmc/uevent = DRIVER=sdhci-iproc\\nMODALIAS=of:NmmcT(null)Cbrcm,bcm2711-emmc2\n"
	"devices/platform/soc/fe34.mmc/driver -> ../../../../bus/platform/drivers/sdhci-iproc\n"
	"bus/platform/drivers/sdhci-iproc/module -> ../../../../module/sdhci_iproc\n"
	"module/sdhci_iproc/initstate = live\n"
	"devices/platform/soc/fe34.mmc/supplier:i2c:0-0030 -> "
	"../../../virtual/devlink/i2c:0-0030--platform:fe34.mmc\n"
	"devices/virtual/devlink/i2c:0-0030--platform:fe34.mmc/supplier -> "
	"../../../platform/soc/fe20.i2c/i2c-0/0-0030\n"
	"devices/platform/soc/fe20.i2c/uevent = DRIVER=i2c-bcm2835\\nMODALIAS=of:Ni2cT(null)Cbrcm,bcm2835-i2c\n"
	"devices/platform/soc/fe20.i2c/i2c-0/0-0030/uevent = DRIVER=tps6286x\\nMODALIAS=of:Nregulator\n"
	"devices/platform/soc/fe20.i2c/i2c-0/0-0030/supplier:platform:fe34.mmc -> "
	"../../../../../virtual/devlink/platform:fe34.mmc--i2c:0-0030\n"
	"devices/virtual/devlink/platform:fe34.mmc--i2c:0-0030/supplier -> ../../../platform/soc/fe34.mmc\n"
	"devices/platform/soc/fe34.mmc/mmc_host/mmc0/mmc0:1/uevent = DRIVER=mmcblk\\nMODALIAS=mmc:block\n"
	"devices/platform/soc/fe34.mmc/mmc_host/mmc0/mmc0:1/block/mmcblk0/dev = 179:0\n"
	"devices/platform/soc/fe34.mmc/mmc_host/mmc0/mmc0:1/block/mmcblk0/mmcblk0p1/dev = 179:1\n"
	"devices/platform/soc/fe34.mmc/mmc_host/mmc0/mmc0:1/block/mmcblk0/mmcblk0p1/partition = 1\n"
	"bus/gpio/devices/gpiochip0 -> ../../../devices/platform/soc/fe20.gpio/gpiochip0\n"
	"devices/platform/soc/fe20.gpio/uevent = DRIVER=pinctrl-bcm2835\\nMODALIAS=of:NgpioT(null)Cbrcm,bcm2711-gpio\n";

/* A laptop: the keyboard on I2C, its pin on a controller that only ACPI knows of; a stick with pins of its own. */
static const char laptop[] =
	"dev/block/259:0 -> ../../devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1\n"
	"devices/pci0000:00/0000:00:1d.0/uevent = DRIVER=nvme\\nMODALIAS=pci:v1\n"
	"devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/dev = 259:0\n"
	"class/input/input5 -> ../../devices/pci0000:00/0000:00:15.0/i2c_designware.0/i2c-1/i2c-KEYB0001:00/"
	"0018:04F3:3282.0001/input/input5\n"
	"devices/pci0000:00/0000:00:15.0/uevent = DRIVER=intel-lpss\\nMODALIAS=pci:v2\n"
	"devices/pci0000:00/0000:00:15.0/i2c_designware.0/uevent = DRIVER=i2c_designware\\n"
	"MODALIAS=platform:i2c_designware\n"
	"devices/pci0000:00/0000:00:15.0/i2c_designware.0/i2c-1/i2c-KEYB0001:00/uevent = DRIVER=i2c_hid_acpi\\n"
	"MODALIAS=acpi:KEYB0001:PNP0C50:\n"
	"devices/pci0000:00/0000:00:15.0/i2c_designware.0/i2c-1/i2c-KEYB0001:00/0018:04F3:3282.0001/uevent = "
	"DRIVER=hid-generic\\nMODALIAS=hid:b0018\n"
	"devices/pci0000:00/0000:00:15.0/i2c_designware.0/i2c-1/i2c-KEYB0001:00/0018:04F3:3282.0001/input/input5/"
	"capabilities/key = 10000 fffffffffffffffe\n"
	/* Of a kernel of 32 bits; and what only looks like a keyboard. */
	"class/input/input6 -> ../../devices/platform/i8042/serio0/input/input6\n"
	"devices/platform/i8042/uevent = DRIVER=i8042\\nMODALIAS=platform:i8042\n"
	"devices/platform/i8042/serio0/uevent = DRIVER=atkbd\\nMODALIAS=serio:ty06\n"
	"devices/platform/i8042/serio0/input/input6/capabilities/key = 4 2000000 3803078 fffffffe\n"
	"class/input/input7 -> ../../devices/platform/buttons/input/input7\n"
	"devices/platform/buttons/uevent = DRIVER=gpio-keys\n"
	"devices/platform/buttons/input/input7/capabilities/key = 7fffffff 0\n"
	"class/input/input8 -> ../../devices/virtual/input/input8\n"
	"devices/virtual/input/input8/capabilities/key = fffffffffffffffe\n"
	"bus/gpio/devices/gpiochip0 -> ../../../devices/platform/INTC1055:00/gpiochip0\n"
	"devices/platform/INTC1055:00/uevent = DRIVER=tigerlake-pinctrl\\nMODALIAS=acpi:INTC1055:\n"
	"bus/gpio/devices/gpiochip1 -> ../../../devices/pci0000:00/0000:00:14.0/usb1/1-1/gpiochip1\n"
	"devices/pci0000:00/0000:00:14.0/usb1/1-1/uevent = DRIVER=some-stick\n";

/* A cached disk and its cache on another one. */
static const char bcache[] =
	"dev/block/251:0 -> ../../devices/virtual/block/bcache0\n"
	"devices/virtual/block/bcache0/dev = 251:0\n"
	"devices/virtual/block/bcache0/bcache -> ../../../platform/a/block/sda/bcache\n"
	"devices/virtual/block/bcache0/slaves/sda -> ../../../../platform/a/block/sda\n"
	"devices/platform/a/uevent = DRIVER=slow\n"
	"devices/platform/a/block/sda/dev = 8:0\n"
	"devices/platform/a/block/sda/bcache/cache -> ../../../../../../fs/bcache/6931599a\n"
	"fs/bcache/6931599a/cache0 -> ../../../devices/platform/b/block/sdb/bcache\n"
	"fs/bcache/6931599a/cache_available_percent = 100\n"
	"devices/platform/b/uevent = DRIVER=fast\n"
	"devices/platform/b/block/sdb/dev = 8:16\n";

/* A driver that is built in and has parameters, so that there is a directory of a module. */
static const char builtin[] =
	"dev/block/8:0 -> ../../devices/platform/a/block/sda\n"
	"devices/platform/a/uevent = DRIVER=slow\n"
	"devices/platform/a/driver -> ../../../bus/platform/drivers/slow\n"
	"bus/platform/drivers/slow/module -> ../../../../module/slow\n"
	"module/slow/parameters/speed = 1\n"
	"devices/platform/a/block/sda/dev = 8:0\n";

static const struct row {
	const char *sys, *number;
	const char *drivers; /* in order; "!" before those that only a keyboard needs */
} rows[] = {
	{ board, "179:1", "i2c-bcm2835 pinctrl-bcm2835 tps6286x sdhci-iproc(sdhci_iproc) mmcblk" },
	{ laptop, "259:0",
	  "nvme !intel-lpss !i2c_designware !tigerlake-pinctrl !i2c_hid_acpi !hid-generic !i8042 !atkbd" },
	{ bcache, "251:0", "slow fast" },
	{ builtin, "8:0", "slow" },
};

static char *drivers_text(const struct target *t)
{
	char *text = calloc(1, 4096);

	for (size_t i = 0; i < t->n_devices; i++) {
		const struct target_device *d = &t->devices[i];

		sprintf(text + strlen(text), "%s%s%s", i ? " " : "", d->input ? "!" : "", d->driver);
		if (d->module)
			sprintf(text + strlen(text), "(%s)", d->module);
	}
	return text;
}

static void what_is_needed_beside_the_parents(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_target_ struct target t = { 0 };
		_cleanup_free_ char *why = NULL, *drivers = NULL, *mounts = NULL;
		void *room = NULL;

		assert_int_equal(scratch_setup(&room), 0);
		recorded_sys(room, rows[i].sys);
		assert_true(asprintf(&mounts, MOUNTS("%s"), rows[i].number) > 0);
		recorded_proc(room, "proc/self/mountinfo", mounts);
		assert_int_equal(recorded_read(room, (struct target_source){ 0 }, &t, &why), 0);
		scratch_teardown(&room);
		drivers = drivers_text(&t);
		assert_string_equal(drivers, rows[i].drivers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_needed_beside_the_parents) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
