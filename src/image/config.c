/* SPDX-License-Identifier: MIT */
/* config: what was asked of `slipway build`, and what follows from it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/config.h"
#include "image/fstab.h"
#include "image/kernels.h"
#include "image/imagename.h"
#include "image/machine.h"

static int choose_kernel(struct config *c)
{
	_cleanup_strv_ char **there = NULL;
	_cleanup_free_ char *names = NULL;
	const char *chosen = c->kver;
	struct utsname running;
	int r = kernels_list(&c->sysroot, &there);

	if (r < 0)
		return r;
	if (!chosen && strv_length(there) == 1)
		chosen = there[0];
	if (!chosen && uname(&running) == 0 && strv_contains(there, running.release))
		chosen = running.release;
	if (chosen && strv_contains(there, chosen))
		return string_set(&c->kernel, chosen);

	names = strv_join(there, ", ");
	if (!there)
		log_error("cannot find a kernel: there is none under lib/modules in %s", c->sysroot.path);
	else if (chosen)
		log_error("cannot find kernel %s under lib/modules in %s: there are %s", chosen, c->sysroot.path,
			  names ?: "others");
	else
		log_error("cannot choose a kernel: give --kver, one of %s", names ?: "those there are");
	return -ENOENT;
}

int config_choose_kernel(struct config *c)
{
	int r = choose_kernel(c);

	return r < 0 ? r : kernels_find(&c->sysroot, c->kernel, &c->modules);
}

int config_use_kernel(struct config *c, const char *kernel)
{
	int r = string_set(&c->kernel, kernel);

	if (r == 0)
		r = kernels_find(&c->sysroot, c->kernel, &c->modules);
	return r == -ENOENT ? 0 : r;
}

int config_choose_image(struct config *c)
{
	_cleanup_free_ char *usual = NULL;
	const char *given = c->uki ?: c->output;
	int r = given ? 0 : imagename_choose(&c->sysroot, c->modules, c->kernel, &usual);

	if (r < 0)
		return log_errno(r, "cannot find a name for the image in %s", c->sysroot.path);
	c->image = given ? strdup(given) : sysroot_path(&c->sysroot, usual);
	return c->image ? 0 : -ENOMEM;
}

/* Said now, not after the work is done. */
static int check_output(struct config *c)
{
	struct stat st;

	if (lstat(c->image, &st) < 0)
		return errno == ENOENT ? 0 : log_errno(-errno, "cannot write %s", c->image);
	if (S_ISDIR(st.st_mode)) {
		log_error("cannot write %s: it is a directory; -o takes the name of a file", c->image);
		return -EISDIR;
	}
	if (!c->force) {
		log_error("cannot write %s: it exists already, -f replaces it", c->image);
		return -EEXIST;
	}
	return 0;
}

/*
 * In a build directory init and shutdown lie beside the program itself. In a chroot there may be no
 * /proc to ask where that is; the kernel has told it at exec.
 */
int config_choose_programs(struct config *c)
{
	_cleanup_free_ char *self = realpath((const char *)getauxval(AT_EXECFN), NULL);
	_cleanup_free_ char *init = NULL, *down = NULL;

	if (c->libexecdir)
		return string_set(&c->programs, c->libexecdir);
	if (!self)
		return string_set(&c->programs, LIBEXECDIR);
	*strrchr(self, '/') = '\0';
	if (asprintf(&init, "%s/init", self) < 0 || asprintf(&down, "%s/shutdown", self) < 0)
		return -ENOMEM;
	if (access(init, X_OK) == 0 && access(down, X_OK) == 0)
		return string_set(&c->programs, self);
	return string_set(&c->programs, LIBEXECDIR);
}

static int choose_target(struct config *c)
{
	int r;

	if (c->settings.mode != MODE_HOST) {
		if (!c->root_device)
			return 0;
		log_error("cannot use --root-device: an image for any machine has no use for it, --host has");
		return -EINVAL;
	}
	r = machine_read(c, &c->target);
	c->for_host = r == 0;
	return MIN(r, 0);
}

/* This machine's mounts say it, or the tree's fstab. A mount of type "none" shows another one's directory. */
static int choose_type(const struct config *c, enum target_use use, const char *fstab, char **ret,
		       const char **ret_from)
{
	const struct target_fs *fs = target_find_fs(&c->target, use);
	_cleanup_free_ char *type = NULL;
	int r;

	if (fs && fs->fstype) {
		*ret_from = fs->source;
		return string_set(ret, fs->fstype);
	}
	r = fstab_find(fstab, use == USE_ROOT ? "/" : "/usr", NULL, &type);
	if (r < 0 || streq_null(type, "none"))
		return r == -ENOENT ? 0 : r;
	*ret_from = "/etc/fstab";
	*ret = TAKE_PTR(type);
	return 0;
}

int config_choose_types(struct config *c)
{
	_cleanup_free_ char *fstab = NULL;
	int r = sysroot_read(&c->sysroot, "/etc/fstab", &fstab);

	if (r < 0 && r != -ENOENT)
		return log_errno(r, "cannot read /etc/fstab of %s", c->sysroot.path);
	if (c->root_fstype) {
		c->fstype_from = "--root-fstype";
		r = string_set(&c->fstype, c->root_fstype);
	} else {
		r = choose_type(c, USE_ROOT, fstab ?: "", &c->fstype, &c->fstype_from);
	}
	return r < 0 ? r : choose_type(c, USE_USR, fstab ?: "", &c->usr_fstype, &c->usr_fstype_from);
}

/* https://reproducible-builds.org/specs/source-date-epoch: what cannot be read is an error. */
static int read_epoch(struct config *c)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	unsigned long long epoch;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	epoch = strtoull(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text) || *end || epoch > UINT32_MAX) {
		log_error("cannot use SOURCE_DATE_EPOCH=%s: it must be a number from 0 to %u", text, UINT32_MAX);
		return -EINVAL;
	}
	c->mtime = (uint32_t)epoch;
	return 0;
}

int config_open(struct config *c)
{
	const char *path = c->sysroot_path ?: "/";
	int r = sysroot_open(path, &c->sysroot);

	if (r < 0)
		return log_errno(r, "cannot open the sysroot %s", path);
	return settings_read(&c->sysroot, &c->options, &c->settings);
}

int config_complete(struct config *c)
{
	int r;

	if ((r = config_open(c)) < 0 || (r = read_epoch(c)) < 0 || (r = config_choose_kernel(c)) < 0 ||
	    (r = config_choose_image(c)) < 0 || (r = check_output(c)) < 0 || (r = config_choose_programs(c)) < 0 ||
	    (r = choose_target(c)) < 0 || (r = config_choose_types(c)) < 0)
		return r;
	return 0;
}

void config_reset(struct config *c)
{
	sysroot_close(&c->sysroot);
	settings_free(&c->settings);
	target_free(&c->target);
	c->for_host = false;
	free(TAKE_PTR(c->kernel));
	free(TAKE_PTR(c->modules));
	free(TAKE_PTR(c->image));
	free(TAKE_PTR(c->programs));
	free(TAKE_PTR(c->fstype));
	free(TAKE_PTR(c->usr_fstype));
}

void config_free(struct config *c)
{
	config_reset(c);
	settings_options_free(&c->options);
}
