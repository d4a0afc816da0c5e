/* SPDX-License-Identifier: MIT */
/*
 * fuzz-archive: images, of ours and of others, raw and compressed, and what is a part of a PE file.
 * links: image
 */
#include "fuzz/text.h"
#include "image/archive.h"
#include "image/pe.h"

#define MAX_UNPACKED (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each byte is there to be read. */
static unsigned int sum_of(const void *data, size_t size)
{
	unsigned int sum = 0;

	for (size_t k = 0; k < size; k++)
		sum += ((const uint8_t *)data)[k];
	return sum;
}

static unsigned int read_sections(const uint8_t *data, size_t size)
{
	_cleanup_free_ struct pe_section *sections = NULL;
	unsigned int sum = 0;
	size_t n = 0;

	struct pe_layout layout;

	if (pe_layout(data, size, &layout) == 0)
		FUZZ_REQUIRE(layout.alignment > 0);
	if (pe_sections(data, size, &sections, &n) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		sum += sum_of(data + sections[i].offset, sections[i].size) + (unsigned int)strlen(sections[i].name);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;
	unsigned int sum = read_sections(data, size);
	size_t packed = 0, entries = 0;
	int r = archive_read(data, size, MAX_UNPACKED, &a, &failure);

	if (r < 0) {
		FUZZ_REQUIRE(failure.offset <= size);
		FUZZ_REQUIRE(failure.why || r == -12 /* -ENOMEM */);
	} else
		FUZZ_REQUIRE(a.segments > 0 && a.parts_n > 0);
	for (size_t i = 0; i < a.parts_n; i++) {
		FUZZ_REQUIRE(a.parts[i].offset + a.parts[i].size <= size);
		packed += a.parts[i].size;
		entries += a.parts[i].entries;
	}
	FUZZ_REQUIRE(entries <= a.n && (r < 0 || entries == a.n));
	for (size_t i = 0; i < a.n; i++) {
		const struct archive_entry *e = &a.entries[i];
		const struct newc_entry *found;

		sum += sum_of(e->file.data, e->file.size);
		FUZZ_REQUIRE(archive_last(&a, e->file.name) >= e);
		FUZZ_REQUIRE(e->content == &e->file || e->content->size > 0);
		if (i < 16 && archive_find(&a, e->file.name, &found) == 0)
			sum += found->size + (unsigned int)strlen(found->name);
	}
	FUZZ_REQUIRE(sum <= UINT32_MAX && packed < SIZE_MAX); /* so that the sums are made */
	return 0;
}
