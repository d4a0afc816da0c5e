/* SPDX-License-Identifier: MIT */
/* chain: the devices from a disk or a keyboard up to the bus, and those that must work before they can. */
#include <errno.h>

#include "base/file.h"
#include "base/strv.h"
#include "image/survey.h"
#include "image/sysfs.h"

/*
 * A driver that is built in may have a directory in /sys/module too (it has parameters); only what was loaded has
 * a state. kernel/module/sysfs.c
 */
static int read_module(int sysfd, const char *path, char **ret)
{
	_cleanup_free_ char *driver = NULL, *module = NULL;
	int r = sysfs_follow(sysfd, path, "driver", &driver);

	if (r == 0 && driver)
		r = sysfs_follow(sysfd, driver, "module", &module);
	if (r < 0 || !module || !sysfs_has(sysfd, module, "initstate"))
		return r;
	return string_set(ret, sysfs_name(module));
}

static void device_free(struct target_device *d)
{
	free(d->path);
	free(d->modalias);
	free(d->driver);
	free(d->module);
}

/*
 * What the kernel says when the device appears. Not the attribute `modalias`, which not every bus has: a memory card's
 * says only so that it is a block device. drivers/mmc/core/bus.c
 */
static int read_uevent(int sysfd, const char *path, struct target_device *d)
{
	_cleanup_free_ char *file = NULL, *text = NULL;
	int r = asprintf(&file, "%s/uevent", path);

	r = r < 0 ? -ENOMEM : file_read(sysfd, file, 1 << 20, &text, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *p = text, *line; r == 0 && (line = strsep(&p, "\n"));) {
		const char *alias = startswith(line, "MODALIAS="), *driver = startswith(line, "DRIVER=");

		if (alias)
			r = string_set(&d->modalias, alias);
		else if (driver)
			r = string_set(&d->driver, driver);
	}
	return r;
}

/* Nothing where the directory is no device that somebody must serve: "block", "host0". */
static int record(struct survey *s, const char *path, bool input)
{
	_cleanup_(device_free) struct target_device d = { .input = input };
	struct target *t = s->target;
	struct target_device *grown;
	int r;

	for (size_t i = 0; i < t->n_devices; i++)
		if (streq(t->devices[i].path, path))
			return 0;
	r = read_uevent(s->from->sysfd, path, &d);
	if (r < 0 || (!d.modalias && !d.driver))
		return r;
	if (d.driver && (r = read_module(s->from->sysfd, path, &d.module)) < 0)
		return r;
	d.path = strdup(path);
	if (!d.path)
		return -ENOMEM;
	grown = realloc(t->devices, (t->n_devices + 1) * sizeof(d));
	if (!grown)
		return -ENOMEM;
	t->devices = grown;
	t->devices[t->n_devices++] = d;
	d = (struct target_device){ 0 };
	return 0;
}

/*
 * Regulators, clocks, PHYs, power domains: the kernel defers a device's probe until its suppliers have drivers, and
 * says who they are. Documentation/ABI/testing/sysfs-devices-consumer, Documentation/driver-api/device_link.rst
 */
static int add_suppliers(struct survey *s, const char *path, bool input)
{
	_cleanup_strv_ char **links = NULL;
	int r = sysfs_list(s->from->sysfd, path, "supplier:", &links);

	STRV_FOREACH(name, links) {
		_cleanup_free_ char *link = NULL, *supplier = NULL;

		if (r == 0)
			r = sysfs_follow(s->from->sysfd, path, *name, &link);
		if (r == 0 && link)
			r = sysfs_follow(s->from->sysfd, link, "supplier", &supplier);
		if (r == 0 && supplier)
			r = chain_add(s, supplier, input);
	}
	return r;
}

static int is_usb_controller(struct survey *s, const char *path)
{
	_cleanup_(device_free) struct target_device d = { 0 };
	int r = read_uevent(s->from->sysfd, path, &d);

	return r < 0 ? r : d.modalias && startswith(d.modalias, "pci:") && strstr(d.modalias, "bc0Csc03");
}

/*
 * A port of an EHCI controller gives slow devices to a companion: other functions of the same PCI device. EHCI has
 * the last function and must come first, or ports change hands when it comes. EHCI 1.0, 4.2
 */
static int add_companions(struct survey *s, const char *path, bool input)
{
	_cleanup_free_ char *bus = sysfs_parent(path), *slot = strdup(sysfs_name(path));
	_cleanup_strv_ char **functions = NULL;
	int r = is_usb_controller(s, path);

	if (r <= 0 || !bus)
		return r;
	if (!slot)
		return -ENOMEM;
	slot[strcspn(slot, ".")] = '\0';
	r = sysfs_list(s->from->sysfd, bus, slot, &functions);
	for (size_t i = strv_length(functions); r == 0 && i-- > 0;) {
		_cleanup_free_ char *function = NULL;

		if (asprintf(&function, "%s/%s", bus, functions[i]) < 0)
			return -ENOMEM;
		r = is_usb_controller(s, function);
		if (r > 0)
			r = record(s, function, input);
	}
	return r;
}

/* "i2c-1", "spi0", "mmc_host". */
static bool may_use_pins(const char *name)
{
	const char *number = startswith(name, "i2c-") ?: startswith(name, "spi");

	return streq(name, "mmc_host") || (number && *number && number[strspn(number, "0123456789")] == '\0');
}

/*
 * What hangs on I2C or SPI raises its interrupt, and a card reader knows of its card, by a pin of a GPIO controller:
 * ACPI says so in a resource that the driver looks at, and the kernel shows no link.
 */
static int add_pins(struct survey *s, const char *path, bool input)
{
	_cleanup_strv_ char **chips = NULL;
	int r = may_use_pins(sysfs_name(path)) ? sysfs_list(s->from->sysfd, "bus/gpio/devices", "", &chips) : 0;

	STRV_FOREACH(name, chips) {
		_cleanup_free_ char *chip = NULL;

		if (r == 0)
			r = sysfs_follow(s->from->sysfd, "bus/gpio/devices", *name, &chip);
		if (r == 0 && chip && !strstr(chip, "/usb"))
			r = chain_add(s, chip, input);
	}
	return r;
}

int chain_add(struct survey *s, const char *path, bool input)
{
	_cleanup_free_ char *parent = sysfs_parent(path);
	int r;

	/* "devices" itself; and a supplier may be supplied by what it supplies. */
	if (!parent || strv_contains(s->seen, path))
		return 0;
	if ((r = strv_push(&s->seen, path)) < 0 || (r = chain_add(s, parent, input)) < 0 ||
	    (r = add_suppliers(s, path, input)) < 0 || (r = add_pins(s, path, input)) < 0 ||
	    (r = add_companions(s, path, input)) < 0)
		return r;
	return record(s, path, input);
}
