/* SPDX-License-Identifier: MIT */
/*
 * module-rules: which modules an image has that is to boot on any machine.
 *
 * The rule: what stands between a machine of any kind and its root on a local disk, and a
 * keyboard to answer a prompt. Directories rather than names where nearly all of one is wanted,
 * so that the next kernel's new driver is in too; then what of it is not for that is left out by
 * a row of its own.
 */
#include "image/module-rules.h"

#define STORAGE "storage: "
#define FS      "file system: "
#define INPUT   "keyboard: "
#define NOT     "left out: "

const struct module_rule module_rules[] = {
	{ "kernel/drivers/ata/", STORAGE "ATA and AHCI", false },
	{ "kernel/drivers/block/", STORAGE "block devices", false },
	{ "kernel/drivers/block/aoe/", NOT "over the network", true },
	{ "kernel/drivers/block/brd", NOT "starts empty", true },
	{ "kernel/drivers/block/drbd/", NOT "over the network", true },
	{ "kernel/drivers/block/floppy", NOT "probing it takes seconds", true },
	{ "kernel/drivers/block/nbd", NOT "over the network", true },
	{ "kernel/drivers/block/null_blk", NOT "a test device", true },
	{ "kernel/drivers/block/rbd", NOT "over the network", true },
	{ "kernel/drivers/block/rnbd/", NOT "over the network", true },
	{ "kernel/drivers/block/ublk_drv", NOT "needs a server in user space", true },
	{ "kernel/drivers/block/xen-blkback/", NOT "a host's side", true },
	{ "kernel/drivers/block/zram/", NOT "starts empty", true },
	{ "kernel/drivers/nvme/host/", STORAGE "NVMe", false },
	{ "kernel/drivers/nvme/host/nvme-fabrics", NOT "over the network", true },
	{ "kernel/drivers/nvme/host/nvme-fc", NOT "over the network", true },
	{ "kernel/drivers/nvme/host/nvme-rdma", NOT "over the network", true },
	{ "kernel/drivers/nvme/host/nvme-tcp", NOT "over the network", true },
	{ "kernel/drivers/nvme/host/nvme-apple", STORAGE "NVMe", false },
	{ "kernel/drivers/pci/controller/vmd", STORAGE "NVMe behind Intel VMD", false },
	{ "kernel/drivers/scsi/", STORAGE "SCSI, SAS, RAID and Fibre Channel", false },
	{ "kernel/drivers/scsi/be2iscsi/", NOT "over the network", true },
	{ "kernel/drivers/scsi/bnx2fc/", NOT "over the network", true },
	{ "kernel/drivers/scsi/bnx2i/", NOT "over the network", true },
	{ "kernel/drivers/scsi/ch", NOT "tape changers", true },
	{ "kernel/drivers/scsi/cxgbi/", NOT "over the network", true },
	{ "kernel/drivers/scsi/fcoe/", NOT "over the network", true },
	{ "kernel/drivers/scsi/iscsi_", NOT "over the network", true },
	{ "kernel/drivers/scsi/libiscsi", NOT "over the network", true },
	{ "kernel/drivers/scsi/pcmcia/", NOT "PC cards", true },
	{ "kernel/drivers/scsi/qedf/", NOT "over the network", true },
	{ "kernel/drivers/scsi/qedi/", NOT "over the network", true },
	{ "kernel/drivers/scsi/qla2xxx/tcm_qla2xxx", NOT "a target's side", true },
	{ "kernel/drivers/scsi/scsi_debug", NOT "a test device", true },
	{ "kernel/drivers/scsi/scsi_transport_iscsi", NOT "over the network", true },
	{ "kernel/drivers/scsi/sg", NOT "no block device", true },
	{ "kernel/drivers/scsi/st.", NOT "tapes", true },
	{ "kernel/drivers/message/fusion/", STORAGE "LSI Fusion MPT", false },
	{ "kernel/drivers/message/fusion/mptctl", NOT "no block device", true },
	{ "kernel/drivers/message/fusion/mptlan", NOT "no block device", true },
	{ "kernel/drivers/mmc/", STORAGE "MMC and SD cards", false },
	{ "kernel/drivers/mmc/core/sdio_uart", NOT "no block device", true },
	{ "kernel/drivers/ufs/", STORAGE "UFS", false },
	{ "kernel/drivers/nvdimm/", STORAGE "persistent memory", false },
	{ "kernel/drivers/acpi/nfit/", STORAGE "persistent memory", false },
	{ "kernel/drivers/firewire/firewire-ohci", STORAGE "FireWire", false },
	{ "kernel/drivers/firewire/firewire-sbp2", STORAGE "FireWire", false },

	{ "kernel/drivers/usb/storage/", STORAGE "USB", false },
	{ "kernel/drivers/usb/host/xhci", "USB host controllers", false },
	{ "kernel/drivers/usb/host/ehci", "USB host controllers", false },
	{ "kernel/drivers/usb/host/ohci", "USB host controllers", false },
	{ "kernel/drivers/usb/host/uhci", "USB host controllers", false },
	{ "kernel/drivers/usb/dwc2/", "USB host controllers", false },
	{ "kernel/drivers/usb/dwc3/", "USB host controllers", false },

	{ "kernel/drivers/virtio/", STORAGE "virtio's buses; its keyboard", false },
	{ "kernel/drivers/virtio/virtio_balloon", NOT "memory", true },
	{ "kernel/drivers/virtio/virtio_mem", NOT "memory", true },
	{ "kernel/drivers/virtio/virtio_dma_buf", NOT "graphics", true },
	{ "kernel/drivers/virtio/virtio_vdpa", NOT "a host's side", true },
	{ "kernel/drivers/char/virtio_console", "virtio's console", false },
	{ "hv_vmbus", STORAGE "Hyper-V's bus; its disks are SCSI", false },
	{ "pci_hyperv", STORAGE "disks that Hyper-V passes through", false },
	{ "xen_pcifront", STORAGE "disks that Xen passes through", false },

	{ "ext4", FS "ext4", false },
	{ "xfs", FS "XFS", false },
	{ "btrfs", FS "Btrfs", false },
	{ "vfat", FS "FAT", false },
	{ "nls_cp437", FS "FAT's names as the kernel is set up", false },
	{ "nls_ascii", FS "FAT's names as the kernel is set up", false },
	{ "nls_iso8859_1", FS "FAT's names as the kernel is set up", false },
	{ "nls_utf8", FS "FAT's names as the kernel is set up", false },
	{ "erofs", FS "EROFS, of live media", false },
	{ "squashfs", FS "squashfs, of live media", false },
	{ "overlay", FS "overlay, of live media", false },
	{ "isofs", FS "ISO 9660, of live media", false },
	{ "crypto-crc32c", FS "checksums of ext4, XFS, Btrfs: every implementation", false },

	{ "atkbd", INPUT "PS/2", false },
	{ "i8042", INPUT "PS/2", false },
	{ "usbhid", INPUT "USB", false },
	{ "hid_generic", INPUT "USB and Bluetooth's proxies", false },
	{ "hid_apple", INPUT "Apple", false },
	{ "hid_lenovo", INPUT "Lenovo", false },
	{ "hid_logitech_dj", INPUT "Logitech's receivers", false },
	{ "hid_microsoft", INPUT "Microsoft", false },
	{ "i2c_hid_acpi", INPUT "laptops, on I2C", false },
	{ "i2c_hid_of", INPUT "laptops, on I2C", false },
	{ "applespi", INPUT "Apple, on SPI", false },
	{ "cros_ec_keyb", INPUT "Chromebooks", false },
	{ "hyperv_keyboard", INPUT "Hyper-V", false },
	{ "hid_hyperv", INPUT "Hyper-V", false },
	{ "xen_kbdfront", INPUT "Xen", false },
	{ 0 },
};

bool module_rules_leave_out(const char *path)
{
	for (const struct module_rule *rule = module_rules; rule->what; rule++)
		if (rule->leave_out && startswith(path, rule->what))
			return true;
	return false;
}
