/* SPDX-License-Identifier: MIT */
/* newc: reading the archive format that the kernel unpacks. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/newc.h"

bool newc_is(const void *data, size_t size)
{
	return size >= NEWC_MAGIC_SIZE &&
	       (memcmp(data, NEWC_MAGIC, NEWC_MAGIC_SIZE) == 0 || memcmp(data, NEWC_MAGIC_CRC, NEWC_MAGIC_SIZE) == 0);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* lower case */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_fields(const char *p, uint32_t fields[NEWC_FIELDS])
{
	for (size_t i = 0; i < NEWC_FIELDS; i++) {
		fields[i] = 0;
		for (size_t k = 0; k < 8; k++, p++) {
			if (digit_value(*p) < 0)
				return false;
			fields[i] = fields[i] << 4 | (uint32_t)digit_value(*p);
		}
	}
	return true;
}

static const char *plain_name(const char *name)
{
	for (;;) {
		if (name[0] == '.' && name[1] == '/')
			name += 2;
		else if (*name == '/')
			name++;
		else
			return name;
	}
}

int newc_read(const void *data, size_t size, size_t *at, struct newc_entry *ret,
	      const char **ret_why)
{
	const char *p = (const char *)data + *at;
	uint64_t left = size - *at, content, end;
	uint32_t fields[NEWC_FIELDS];

	*ret_why = "no cpio record";
	if (left < NEWC_HEADER_SIZE)
		*ret_why = "the archive is cut off in a record's header";
	if (left < NEWC_HEADER_SIZE || !newc_is(p, left) || !parse_fields(p + NEWC_MAGIC_SIZE, fields))
		return -EBADMSG;
	content = newc_padded(NEWC_HEADER_SIZE + (uint64_t)fields[NEWC_NAMESIZE]);
	end = content + fields[NEWC_SIZE];
	*ret_why = "the archive is cut off in a file's name";
	if (content > left)
		return -EBADMSG;
	*ret_why = "a record's name does not end";
	/* Of a name without any byte this is the header's last digit. */
	if (p[NEWC_HEADER_SIZE + fields[NEWC_NAMESIZE] - 1] != '\0')
		return -EBADMSG;
	*ret_why = "the archive is cut off in a file's data";
	if (end > left)
		return -EBADMSG;

	*at += MIN(newc_padded(end), left);
	if (streq(p + NEWC_HEADER_SIZE, NEWC_TRAILER))
		return 0;
	*ret = (struct newc_entry){
		.name = plain_name(p + NEWC_HEADER_SIZE),
		.mode = (mode_t)fields[NEWC_MODE],
		.uid = fields[NEWC_UID],
		.gid = fields[NEWC_GID],
		.mtime = fields[NEWC_MTIME],
		.ino = fields[NEWC_INO],
		.nlink = fields[NEWC_NLINK],
		.dev = makedev(fields[NEWC_MAJOR], fields[NEWC_MINOR]),
		.rdev = makedev(fields[NEWC_RMAJOR], fields[NEWC_RMINOR]),
		.data = p + content,
		.size = fields[NEWC_SIZE],
	};
	return 1;
}

uint64_t newc_needs(const void *data, size_t size)
{
	uint32_t fields[NEWC_FIELDS];

	if (size < NEWC_HEADER_SIZE)
		return NEWC_HEADER_SIZE;
	if (!newc_is(data, size) || !parse_fields((const char *)data + NEWC_MAGIC_SIZE, fields))
		return 0;
	return newc_padded(newc_padded(NEWC_HEADER_SIZE + (uint64_t)fields[NEWC_NAMESIZE]) + fields[NEWC_SIZE]);
}
