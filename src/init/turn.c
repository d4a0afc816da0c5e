/* SPDX-License-Identifier: MIT */
/* turn: which modules come before others, and which after all others. */
#include "init/turn.h"

#define VIRTIO      "pci:v00001AF4d0000"
#define VIRTIO_BLK  "virtio:d00000002v00001AF4"
#define VIRTIO_SCSI "virtio:d00000008v00001AF4"
#define SCSI_DISK   "scsi:t-0x00"

/*
 * finit_module(2) of virtio_pci ends when it has looked at all of virtio's PCI functions, 1.1 ms each, and the PCI
 * device id says what will be behind: 0x1040 and its kind, or one of a list for those of before virtio 1.0. Virtio 1.2,
 * 4.1.2. A controller of SCSI is there for disks in all but the strangest machines.
 */
static const struct {
	const char *prefix, *before[TURN_BEFORE_MAX];
} firsts[] = {
	{ VIRTIO "1001", { VIRTIO_BLK } },
	{ VIRTIO "1042", { VIRTIO_BLK } },
	{ VIRTIO "1004", { SCSI_DISK, VIRTIO_SCSI } },
	{ VIRTIO "1048", { SCSI_DISK, VIRTIO_SCSI } },
};

/*
 * By what their aliases hold. finit_module(2) comes back when all asynchronous probing has ended (the kernel's
 * do_init_module(), async_synchronize_full()), and libata's is waiting for links: 0.3 s for six ports without a disk.
 */
static const char *const lasts[] = {
	"bc01sc06", /* PCI class of SATA: ahci */
	"bc01sc05", /* ATA with DMA */
	"bc01sc01", /* IDE */
};

bool turn_before(const char *alias, const char *ret[TURN_BEFORE_MAX])
{
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++)
		if (startswith(alias, firsts[i].prefix)) {
			memcpy(ret, firsts[i].before, sizeof(firsts[i].before));
			return true;
		}
	return false;
}

bool turn_is_last(const char *alias)
{
	if (!startswith(alias, "pci:"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(lasts); i++)
		if (strstr(alias, lasts[i]))
			return true;
	return false;
}
