/* SPDX-License-Identifier: MIT */
/* libmount: mounting with options that are not the kernel's. */
#include "init/libmount.h"

#include <dlfcn.h>
#include <errno.h>
#include <libmount.h>

#include "base/file.h"
#include "base/optional.h"

#define LIBRARY "libmount.so.1"

/* On Debian it brings libselinux and libpcre2, 0.8 MB. */
OPTIONAL_LIBRARY("mount", "Mount options that are not the kernel's own", "recommended", LIBRARY);

struct libmount {
	void *library;
	struct libmnt_context *context;
	__typeof__(&mnt_new_context) new;
	__typeof__(&mnt_free_context) free;
	__typeof__(&mnt_context_disable_canonicalize) disable_canonicalize;
	__typeof__(&mnt_context_disable_helpers) disable_helpers;
	__typeof__(&mnt_context_disable_mtab) disable_mtab;
	__typeof__(&mnt_context_set_source) set_source;
	__typeof__(&mnt_context_set_target) set_target;
	__typeof__(&mnt_context_set_fstype) set_fstype;
	__typeof__(&mnt_context_append_options) append_options;
	__typeof__(&mnt_context_mount) mount;
	__typeof__(&mnt_context_get_status) get_status;
	__typeof__(&mnt_context_get_excode) get_excode;
	__typeof__(&mnt_context_syscall_called) syscall_called;
	__typeof__(&mnt_context_get_syscall_errno) get_syscall_errno;
};

static const struct optional_symbol symbols[] = {
	{ "mnt_new_context",                  offsetof(struct libmount, new)                  },
	{ "mnt_free_context",                 offsetof(struct libmount, free)                 },
	{ "mnt_context_disable_canonicalize", offsetof(struct libmount, disable_canonicalize) },
	{ "mnt_context_disable_helpers",      offsetof(struct libmount, disable_helpers)      },
	{ "mnt_context_disable_mtab",         offsetof(struct libmount, disable_mtab)         },
	{ "mnt_context_set_source",           offsetof(struct libmount, set_source)           },
	{ "mnt_context_set_target",           offsetof(struct libmount, set_target)           },
	{ "mnt_context_set_fstype",           offsetof(struct libmount, set_fstype)           },
	{ "mnt_context_append_options",       offsetof(struct libmount, append_options)       },
	{ "mnt_context_mount",                offsetof(struct libmount, mount)                },
	{ "mnt_context_get_status",           offsetof(struct libmount, get_status)           },
	{ "mnt_context_get_excode",           offsetof(struct libmount, get_excode)           },
	{ "mnt_context_syscall_called",       offsetof(struct libmount, syscall_called)       },
	{ "mnt_context_get_syscall_errno",    offsetof(struct libmount, get_syscall_errno)    },
};

static void close_library(struct libmount *l)
{
	if (l->context)
		l->free(l->context);
	if (l->library)
		(void)dlclose(l->library);
}

static int set_up(const struct libmount *l, const struct mount_request *m)
{
	struct libmnt_context *cxt = l->context;
	int r;

	/* Devices are found by us; there is no mount.TYPE helper to run and no mtab to keep. */
	(void)l->disable_canonicalize(cxt, 1);
	(void)l->disable_helpers(cxt, 1);
	(void)l->disable_mtab(cxt, 1);
	if ((r = l->set_source(cxt, m->source)) < 0 || (r = l->set_target(cxt, m->target)) < 0 ||
	    (r = l->set_fstype(cxt, m->fstype)) < 0)
		return r;
	if (m->options && (r = l->append_options(cxt, m->options)) < 0)
		return r;
	return m->access ? l->append_options(cxt, m->access) : 0;
}

int libmount_mount(const struct mount_request *m, int fd)
{
	_cleanup_(close_library) struct libmount l = { 0 };
	int r = optional_open(LIBRARY, symbols, ARRAY_SIZE(symbols), &l, &l.library);
	char text[512] = "";

	if (r < 0)
		return r;
	l.context = l.new();
	r = l.context ? set_up(&l, m) : -ENOMEM;
	if (r < 0)
		return r;
	r = l.mount(l.context);
	if (r == 0 && l.get_status(l.context))
		return 0;
	(void)l.get_excode(l.context, r, text, sizeof(text));
	(void)file_write_fd(fd, text, strlen(text));
	if (l.syscall_called(l.context) && l.get_syscall_errno(l.context) > 0)
		return -l.get_syscall_errno(l.context);
	return r < 0 && r > -200 ? r : -EINVAL;
}
