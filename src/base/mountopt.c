/* SPDX-License-Identifier: MIT */
/* mountopt: mount options, divided for mount(2). */
#include "base/mountopt.h"

#include <ctype.h>
#include <errno.h>
#include <sys/mount.h>

#include "base/strv.h"

/* mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS"; what has no flag is for programs that read fstab. */
static const struct word {
	const char *name;
	unsigned long set, clear;
} words[] = {
	{ "ro",            MS_RDONLY,      0                           },
	{ "rw",            0,              MS_RDONLY                   },
	{ "nosuid",        MS_NOSUID,      0                           },
	{ "suid",          0,              MS_NOSUID                   },
	{ "nodev",         MS_NODEV,       0                           },
	{ "dev",           0,              MS_NODEV                    },
	{ "noexec",        MS_NOEXEC,      0                           },
	{ "exec",          0,              MS_NOEXEC                   },
	{ "sync",          MS_SYNCHRONOUS, 0                           },
	{ "async",         0,              MS_SYNCHRONOUS              },
	{ "dirsync",       MS_DIRSYNC,     0                           },
	{ "noatime",       MS_NOATIME,     0                           },
	{ "atime",         0,              MS_NOATIME                  },
	{ "nodiratime",    MS_NODIRATIME,  0                           },
	{ "diratime",      0,              MS_NODIRATIME               },
	{ "relatime",      MS_RELATIME,    0                           },
	{ "norelatime",    0,              MS_RELATIME                 },
	{ "strictatime",   MS_STRICTATIME, 0                           },
	{ "nostrictatime", 0,              MS_STRICTATIME              },
	{ "lazytime",      MS_LAZYTIME,    0                           },
	{ "nolazytime",    0,              MS_LAZYTIME                 },
	{ "mand",          MS_MANDLOCK,    0                           },
	{ "nomand",        0,              MS_MANDLOCK                 },
	{ "iversion",      MS_I_VERSION,   0                           },
	{ "noiversion",    0,              MS_I_VERSION                },
	{ "silent",        MS_SILENT,      0                           },
	{ "loud",          0,              MS_SILENT                   },
	{ "defaults",      0,              0                           },
	{ "auto",          0,              0                           },
	{ "noauto",        0,              0                           },
	{ "nofail",        0,              0                           },
	{ "_netdev",       0,              0                           },
	{ "nouser",        0,              0                           },
};

/* What only libmount does, by how it begins. */
static const char *const its_own[] = {
	"X-mount.", "verity.", "helper=", "uhelper=", "context=", "fscontext=", "defcontext=", "rootcontext=",
	"loop=", "offset=", "sizelimit=", "encryption=",
};
static const char *const its_own_words[] = {
	"loop", "user", "users", "owner", "group", "bind", "rbind", "move", "remount", "shared", "rshared", "slave",
	"rslave", "private", "rprivate", "unbindable", "runbindable",
};

static bool is_libmounts(const char *option)
{
	const char *name = startswith(option, "uid=");

	name = name ? name : startswith(option, "gid=");
	/* Of a user's name the kernel knows nothing. */
	if (name && !isdigit((unsigned char)*name))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(its_own); i++)
		if (startswith(option, its_own[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(its_own_words); i++)
		if (streq(option, its_own_words[i]))
			return true;
	return false;
}

/* Of a program's own options the kernel is not told: "x-systemd.requires=…", "comment=…". mount(8) */
static bool is_comment(const char *option)
{
	return startswith(option, "x-") || startswith(option, "X-") || startswith(option, "comment=");
}

static bool take_word(const char *option, unsigned long *flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(words[i].name, option)) {
			*flags = (*flags | words[i].set) & ~words[i].clear;
			return true;
		}
	return false;
}

/* The comma that ends it; those between double quotes are part of a value. */
static size_t option_size(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n] && (quoted || s[n] != ','); n++)
		quoted ^= s[n] == '"';
	return n;
}

int mountopt_parse(const char *options, struct mountopt *ret)
{
	_cleanup_strv_ char **data = NULL;
	struct mountopt o = { 0 };

	for (const char *p = options ? options : ""; *p; p += *p == ',') {
		size_t n = option_size(p);
		_cleanup_free_ char *option = strndup(p, n);

		p += n;
		if (!option)
			return -ENOMEM;
		if (is_libmounts(option))
			return -ENOTSUP;
		if (!*option || is_comment(option) || take_word(option, &o.flags))
			continue;
		if (strv_push(&data, option) < 0)
			return -ENOMEM;
	}
	if (data) {
		o.data = strv_join(data, ",");
		if (!o.data)
			return -ENOMEM;
	}
	*ret = o;
	return 0;
}

void mountopt_free(struct mountopt *o)
{
	free(o->data);
	*o = (struct mountopt){ 0 };
}
