/* SPDX-License-Identifier: MIT */
/* gpt: partitions that say by their type what they are for. */
#include "init/gpt.h"

#include <string.h>
#include <strings.h>

#include "base/strv.h"

#define FLAG_READ_ONLY (UINT64_C(1) << 60)
#define FLAG_NO_AUTO   (UINT64_C(1) << 63)

static const struct gpt_types types[] = {
	{ "x86_64",      "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "8484680c-9521-48c6-9c11-b0720656f69e",
			 "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5" },
	{ "aarch64",     "b921b045-1df0-41c3-af44-4c6f280d3fae", "b0e01050-ee5f-4390-949a-9101b17104e9",
			 "df3300ce-d69f-4c92-978c-9bfb0f38d820" },
	{ "i686",        "44479540-f297-41b2-9af7-d131d5f0458a", "75250d76-8cc6-458e-bd66-bd47cc81a812",
			 "d13c5d3b-b5d1-422a-b29f-9454fdc89d76" },
	{ "armv7l",      "69dad710-2ce4-4e3c-b16c-21a1d49abed3", "7d0359a3-02b3-4f0a-865c-654403e70625",
			 "7386cdf2-203c-47a9-a498-f2ecce45a2d6" },
	{ "ppc64le",     "c31c45e6-3f39-412e-80fb-4809c4980599", "15bb03af-77e7-4d4a-b12b-c0d084f7491c",
			 "906bd944-4589-4aae-a4e4-dd983917446a" },
	{ "loongarch64", "77055800-792c-4f94-b39a-98c91b762bb6", "e611c702-575c-4cbe-9a46-434fa0bf7e3f",
			 "f3393b22-e9af-4613-a948-9d3bfbd0c535" },
	{ "s390x",       "5eead9a9-fe09-4a1e-a1d7-520d00531306", "8a4f5770-50aa-4ed3-874a-99b710db6fea",
			 "b325bfbe-c7be-4ab8-8357-139e652d2f6b" },
};

const struct gpt_types *gpt_types_of(const char *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(types[i].machine, machine))
			return &types[i];
	return NULL;
}

static uint64_t flags_of(const struct device *dev)
{
	return dev->tags.partflags ? strtoull(dev->tags.partflags, NULL, 0) : 0;
}

/* The boot loader's partition is on the same disk. */
static bool is_on_disk(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	for (size_t i = 0; dev->parent && i < devices->n; i++) {
		const struct device *loader = devices->items[i];

		if (streq_null(loader->parent, dev->parent) && loader->tags.partuuid &&
		    strcasecmp(loader->tags.partuuid, spec->value) == 0)
			return true;
	}
	return false;
}

static bool is_candidate(const struct spec *spec, const struct device *dev)
{
	return dev->probe == PROBE_DONE && dev->tags.parttype && strcasecmp(dev->tags.parttype, spec->parttype) == 0 &&
	       !(flags_of(dev) & FLAG_NO_AUTO);
}

/* Of the same label the first on the disk. */
static bool is_newer(const struct device *a, const struct device *b)
{
	int order = strverscmp(a->tags.partlabel ? a->tags.partlabel : "", b->tags.partlabel ? b->tags.partlabel : "");

	return order > 0 || (order == 0 && a->partn < b->partn);
}

bool gpt_names(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (spec->kind != SPEC_GPT || !spec->value || !is_candidate(spec, dev) || !is_on_disk(spec, dev, devices))
		return false;
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *other = devices->items[i];

		if (other != dev && streq_null(other->parent, dev->parent) && is_candidate(spec, other) &&
		    is_newer(other, dev))
			return false;
	}
	return true;
}

bool gpt_is_read_only(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (gpt_names(spec, dev, devices))
		return flags_of(dev) & FLAG_READ_ONLY;
	STRV_FOREACH(name, dev->slaves) {
		const struct device *base = devices_find(devices, *name);

		if (base && gpt_names(spec, base, devices))
			return flags_of(base) & FLAG_READ_ONLY;
	}
	return false;
}

const struct device *gpt_find(const struct spec *spec, const struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (gpt_names(spec, devices->items[i], devices))
			return devices->items[i];
	return NULL;
}
