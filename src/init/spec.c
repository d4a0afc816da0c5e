/* SPDX-License-Identifier: MIT */
/* spec: reading the name of a block device. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <sys/sysmacros.h>

#include "base/number.h"
#include "init/spec.h"

const char spec_allowed[] = "UUID=, LABEL=, PARTUUID=, PARTLABEL=, /dev/NAME, /dev/disk/by-*/NAME, MAJOR:MINOR";

/* The longest prefix stands before the shorter one that it begins with. */
static const struct {
	const char *prefix;
	enum spec_kind kind;
} prefixes[] = {
	{ "UUID=",                   SPEC_UUID      },
	{ "LABEL=",                  SPEC_LABEL     },
	{ "PARTUUID=",               SPEC_PARTUUID  },
	{ "PARTLABEL=",              SPEC_PARTLABEL },
	{ "/dev/disk/by-uuid/",      SPEC_UUID      },
	{ "/dev/disk/by-label/",     SPEC_LABEL     },
	{ "/dev/disk/by-partuuid/",  SPEC_PARTUUID  },
	{ "/dev/disk/by-partlabel/", SPEC_PARTLABEL },
	{ "/dev/disk/by-diskseq/",   SPEC_DISKSEQ   },
	{ "/dev/disk/by-id/",        SPEC_ID        },
	{ "/dev/disk/by-path/",      SPEC_PATH      },
	{ "/dev/block/",             SPEC_DEVNO     },
	{ "/dev/mapper/",            SPEC_DM_NAME   },
	{ "/dev/",                   SPEC_NAME      },
	{ "",                        SPEC_DEVNO     },
};

/* udev writes what a file name may not hold as \xNN. */
static void decode_udev(char *s)
{
	char *to = s;

	for (; *s; to++) {
		unsigned int c;

		if (s[0] == '\\' && s[1] == 'x' && isxdigit((unsigned char)s[2]) &&
		    isxdigit((unsigned char)s[3]) && sscanf(s + 2, "%2x", &c) == 1 && c) {
			*to = (char)c;
			s += 4;
		} else
			*to = *s++;
	}
	*to = '\0';
}

/*
 * And the other way round: letters, digits, these signs and what is above ASCII stay (systemd:
 * encode_devnode_name()).
 */
static char *encode_udev(const char *s)
{
	char *text = malloc(strlen(s) * strlen("\\xNN") + 1), *to = text;

	if (!text)
		return NULL;
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || (*s & 0x80) || strchr("#+-.:=@_", *s))
			*to++ = *s;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*s);
	}
	*to = '\0';
	return text;
}

/* UUID="…" keeps its quotes when the word came from fstab. */
static char *unquoted(const char *s)
{
	size_t n = strlen(s);

	if (n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s)
		return strndup(s + 1, n - 2);
	return strdup(s);
}

/* "8:1"; the kernel's old hexadecimal "801" and "0x801" (init/do_mounts.c: new_decode_dev()). */
static int parse_devno(const char *s, dev_t *ret)
{
	const char *colon = strchr(s, ':');
	_cleanup_free_ char *first = NULL;
	uint64_t major = 0, minor = 0;
	unsigned long n = 0;
	char *end = NULL;

	if (colon) {
		first = strndup(s, (size_t)(colon - s));
		if (!first)
			return -ENOMEM;
		if (number_parse(first, DEV_MAJOR_MAX, &major) < 0 ||
		    number_parse(colon + 1, DEV_MINOR_MAX, &minor) < 0)
			return -EINVAL;
	} else {
		errno = 0;
		if (isxdigit((unsigned char)*s))
			n = strtoul(s, &end, 16);
		if (errno || n == 0 || *end || n > UINT32_MAX)
			return -EINVAL;
		major = (n & 0xfff00) >> 8;
		minor = (n & 0xff) | ((n >> 12) & 0xfff00);
	}
	*ret = makedev((unsigned int)major, (unsigned int)minor);
	return 0;
}

/* "PARTUUID=…/PARTNROFF=n": the n-th partition after that one, or before it. */
static int parse_part_offset(struct spec *s)
{
	char *slash = strchr(s->value, '/');
	const char *number;
	uint64_t n;
	bool back;

	if (!slash)
		return 0;
	number = startswith(slash, "/PARTNROFF=");
	if (!number)
		return -EINVAL;
	back = *number == '-';
	if (number_parse(number + back, PARTN_MAX, &n) < 0)
		return -EINVAL;
	s->part_offset = back ? -(int)n : (int)n;
	*slash = '\0';
	return *s->value ? 0 : -EINVAL;
}

static int parse_value(struct spec *s, const char *value)
{
	bool path = s->text[0] == '/';

	s->value = unquoted(value);
	if (!s->value)
		return -ENOMEM;
	if (path)
		decode_udev(s->value);
	if (!*s->value || (path && path_has_dot_dot(s->value)))
		return -EINVAL;
	if (s->kind == SPEC_DEVNO)
		return parse_devno(s->value, &s->devno);
	if (s->kind == SPEC_PARTUUID)
		return parse_part_offset(s);
	return 0;
}

int spec_parse(const char *text, struct spec *ret)
{
	_cleanup_(spec_free) struct spec s = { 0 };
	const char *value = NULL;
	int r;

	s.text = strdup(text);
	if (!s.text)
		return -ENOMEM;
	for (size_t i = 0; !value; i++) {
		value = startswith(text, prefixes[i].prefix);
		s.kind = prefixes[i].kind;
	}
	r = parse_value(&s, value);
	if (r < 0)
		return r;
	*ret = s;
	s = (struct spec){ 0 };
	return 0;
}

void spec_free(struct spec *s)
{
	free(s->text);
	free(s->value);
	free(s->parttype);
	free(s->fstype);
	*s = (struct spec){ 0 };
}

int spec_udev_node(const struct spec *s, char **ret)
{
	static const struct {
		enum spec_kind kind;
		const char *directory;
	} directories[] = {
		{ SPEC_UUID,      "by-uuid"      },
		{ SPEC_LABEL,     "by-label"     },
		{ SPEC_PARTUUID,  "by-partuuid"  },
		{ SPEC_PARTLABEL, "by-partlabel" },
	};
	const char *directory = NULL;
	_cleanup_free_ char *name = NULL;
	char *node = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && *s->text != '/'; i++)
		if (directories[i].kind == s->kind)
			directory = directories[i].directory;
	name = directory ? encode_udev(s->value) : strdup(s->text);
	if (!name)
		return -ENOMEM;
	if (!directory)
		node = TAKE_PTR(name);
	else if (asprintf(&node, "/dev/disk/%s/%s", directory, name) < 0)
		return -ENOMEM;
	*ret = node;
	return 0;
}
