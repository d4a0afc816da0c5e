/* SPDX-License-Identifier: MIT */
/*
 * test-links: the names below /dev/disk/by-id and by-path, as udev made them on the same hardware.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/macro.h"
#include "base/strv.h"
#include "init/links.h"
#include "unit/memory.h"
#include "unit/sysfs.h"

#define T(s)   ((char *)(s))
#define VIRTIO "/devices/pci0000:00/0000:00:04.0/virtio1/block/vda"
#define NVME   "/devices/pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0/nvme0n1"
#define AHCI   "/devices/pci0000:00/0000:00:1f.2/"
#define SATA   AHCI "ata7/host6/target6:0:0/6:0:0:0/block/sda"
#define PATA   AHCI "ata8/host7/target7:0:1/7:0:1:0/block/sdb"
#define PMP    AHCI "ata9/host8/target8:3:0/8:3:0:0/block/sdc"
#define SAS    "/devices/pci0000:00/0000:00:05.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sdd"

static const char *const files[][2] = {
	{ VIRTIO "/serial",                 "root-disk\n"                 },
	{ VIRTIO "/vda2/partition",         "2\n"                         },
	{ NVME "/wwid",                     "eui.0025388b71b2c3d4\n"      },
	{ NVME "/device/model",             "Example  SSD 970 \n"         },
	{ NVME "/device/serial",            "  S4EVNX0N \n"               },
	{ NVME "/nvme0n1p1/partition",      "1\n"                         },
	{ SATA "/device/wwid",              "naa.5000c500a1b2c3d4\n"      },
	{ AHCI "ata7/ata_port/ata7/port_no", "1\n"                        },
	{ PATA "/device/wwid",              "t10.ATA     QEMU HARDDISK\n" },
	{ AHCI "ata8/ata_port/ata8/port_no", "2\n"                        },
	{ PMP "/size",                      "8\n"                         },
	{ AHCI "ata9/ata_port/ata9/port_no", "3\n"                        },
	{ SAS "/device/wwid",               "naa.5000c500ffffffff\n"      },
	{ "/devices/x/mmcblk0/device/name", "SD32G\n"                     },
	{ "/devices/x/mmcblk0/device/serial", "0x12345678\n"              },
	{ "/devices/x/vdb/serial",          "\n"                          },
	{ "/devices/x/sde/device/wwid",     "eui.1\n"                     },
	{ "/devices/pci0000:00/0000:00:06.0/virtio3/host2/target2:0:0/2:0:0:1/block/sdg/size", "8\n" },
	{ "/devices/x/nvme1n1/device/model", "Example\n"                 },
	{ AHCI "ata6/host5/target5:0:0/5:0:0:0/block/sdf/size", "8\n"     },
};

static const struct {
	const char *name, *devpath, *parent;
	int partn;
	const char *links;
} rows[] = {
	{ "vda", VIRTIO, NULL, 0, "by-id/virtio-root-disk by-path/pci-0000:00:04.0" },
	{ "vda2", VIRTIO "/vda2", "vda", 2, "by-id/virtio-root-disk-part2 by-path/pci-0000:00:04.0-part2" },
	{ "nvme0n1", NVME, NULL, 0,
	  "by-id/nvme-eui.0025388b71b2c3d4 by-id/nvme-Example_SSD_970_S4EVNX0N by-path/pci-0000:3d:00.0-nvme-1" },
	{ "nvme0n1p1", NVME "/nvme0n1p1", "nvme0n1", 1,
	  "by-id/nvme-eui.0025388b71b2c3d4-part1 by-id/nvme-Example_SSD_970_S4EVNX0N-part1 "
	  "by-path/pci-0000:3d:00.0-nvme-1-part1" },
	{ "sda", SATA, NULL, 0,
	  "by-id/wwn-0x5000c500a1b2c3d4 by-path/pci-0000:00:1f.2-ata-1.0 by-path/pci-0000:00:1f.2-ata-1" },
	{ "sdb", PATA, NULL, 0, "by-path/pci-0000:00:1f.2-ata-2.1 by-path/pci-0000:00:1f.2-ata-2" },
	{ "sdc", PMP, NULL, 0, "by-path/pci-0000:00:1f.2-ata-3.3.0 by-path/pci-0000:00:1f.2-ata-3" },
	/* No row for SCSI addresses, and none is made up. */
	{ "sdd", SAS, NULL, 0, "by-id/wwn-0x5000c500ffffffff" },
	{ "sdg", "/devices/pci0000:00/0000:00:06.0/virtio3/host2/target2:0:0/2:0:0:1/block/sdg", NULL, 0, "" },
	/* Half a name would be that of every disk of the model. */
	{ "nvme1n1", "/devices/x/nvme1n1", NULL, 0, "" },
	{ "sde", "/devices/x/sde", NULL, 0, "" },
	/* Without its port's number. */
	{ "sdf", AHCI "ata6/host5/target5:0:0/5:0:0:0/block/sdf", NULL, 0, "" },
	{ "mmcblk0", "/devices/x/mmcblk0", NULL, 0, "by-id/mmc-SD32G_0x12345678" },
	/* A serial that is only white space is none. */
	{ "vdb", "/devices/x/vdb", NULL, 0, "" },
	{ "dm-0", "/devices/virtual/block/dm-0", NULL, 0, "" },
	{ "vdz", "/devices/pci0000:00/0000:00:09.0/virtio9/block/vdz", NULL, 0, "" },
};

static void make_sysfs(const struct scratch *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		sysfs_write(s, files[i][0], files[i][1]);
}

static struct device device_of(size_t i)
{
	return (struct device){
		.name = T(rows[i].name), .devpath = T(rows[i].devpath), .parent = T(rows[i].parent),
		.partn = rows[i].partn,
	};
}

static void names_of(void **state)
{
	const struct scratch *s = *state;

	make_sysfs(s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct device dev = device_of(i);
		char text[512] = "";

		/* What was there before goes. */
		assert_int_equal(strv_push(&dev.links, "by-id/old"), 0);
		assert_int_equal(links_read(&dev, s->fd), 0);
		STRV_FOREACH(link, dev.links) {
			size_t n = strlen(text);

			snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", *link);
		}
		assert_string_equal(text, rows[i].links);
		strv_free(dev.links);
	}
}

static int read_all(void *data)
{
	const struct scratch *s = data;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows) && r == 0; i++) {
		struct device dev = device_of(i);

		r = links_read(&dev, s->fd);
		strv_free(dev.links);
	}
	return r;
}

static void out_of_memory_is_reported(void **state)
{
	make_sysfs(*state);
	assert_in_range(memory_sweep_bearing(read_all, *state), 60, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_of, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(out_of_memory_is_reported, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
