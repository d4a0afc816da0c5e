/* SPDX-License-Identifier: MIT */
/* gptauto: the root and /usr of the disk that the firmware booted from. */
#include "init/gptauto.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/driver.h"
#include "init/gpt.h"
#include "init/run.h"

#define WORD     "gpt-auto"
#define EFI      "/sys/firmware/efi"
#define EFIVARS  EFI "/efivars"
#define VARIABLE "LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
/* The firmware's own code runs then. */
#define DEADLINE (10 * USEC_PER_SEC)
/* How long the other partitions of root's disk may take to be read. */
#define USR_WAIT (5 * USEC_PER_SEC)

static int on_auto(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->gpt_auto);
}

static int on_hash(struct boot *b, const struct cmdline_word *w)
{
	return string_set(&b->verity, w->value && *w->value ? w->key : NULL);
}

const struct option gptauto_options[] = {
	{ "rd.systemd.gpt_auto", on_auto }, /* systemd-gpt-auto-generator(8) */
	{ "systemd.gpt_auto",    on_auto },
	{ "roothash",            on_hash }, /* systemd-veritysetup-generator(8) */
	{ "usrhash",             on_hash },
	{ NULL,                  NULL    },
};

int gptauto_word(const struct cmdline_word *w, struct spec *spec)
{
	struct spec s = { .kind = SPEC_GPT };

	if (!streq_null(w->value, WORD))
		return 0;
	if (string_set(&s.text, WORD) < 0)
		return -ENOMEM;
	spec_free(spec);
	*spec = s;
	return 1;
}

bool gptauto_is_asked(const struct boot *b)
{
	if (b->root.spec.kind == SPEC_GPT)
		return true;
	return b->root.spec.kind == SPEC_NONE && b->gpt_auto && access(EFI, F_OK) == 0;
}

int gptauto_decode(const void *data, size_t size, char ret[LOADER_UUID_SIZE])
{
	const unsigned char *p = data;
	char uuid[LOADER_UUID_SIZE] = "";

	if (size < 4 + 2 * (LOADER_UUID_SIZE - 1))
		return -EBADMSG;
	for (size_t i = 0; i < LOADER_UUID_SIZE - 1; i++) {
		unsigned char c = p[4 + 2 * i];

		if (p[5 + 2 * i] || !(i == 8 || i == 13 || i == 18 || i == 23 ? c == '-' : isxdigit(c)))
			return -EBADMSG;
		uuid[i] = (char)tolower(c);
	}
	memcpy(ret, uuid, sizeof(uuid));
	return 0;
}

/* In a worker, whose mount nobody else sees. */
static int read_variable(int fd, void *data)
{
	_cleanup_free_ char *content = NULL;
	char uuid[LOADER_UUID_SIZE];
	size_t size;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("efivarfs", EFIVARS, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0)
		return -errno;
	r = file_read(AT_FDCWD, EFIVARS "/" VARIABLE, 4096, &content, &size);
	if (r == 0)
		r = gptauto_decode(content, size, uuid);
	return r == 0 ? file_write_fd(fd, uuid, strlen(uuid)) : r;
}

static const char *reason_of(int r)
{
	static const struct {
		int error;
		const char *why;
	} reasons[] = {
		{ ENOTDIR, "this machine was not booted by EFI"                            },
		{ ENOENT,  "the boot loader has not set LoaderDevicePartUUID"              },
		{ ENODEV,  "the kernel has no efivarfs, and this image no module for it"   },
		{ EBADMSG, "there is no UUID in LoaderDevicePartUUID"                      },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == -r)
			return reasons[i].why;
	return strerror(-r);
}

/* The PARTUUID; the caller frees. */
static int read_loader(struct run *run, char **ret)
{
	if (access(EFI, F_OK) < 0)
		return -ENOTDIR;
	(void)driver_wait(run, "efivarfs");
	return worker_call(read_variable, NULL, clock_add(clock_monotonic(), DEADLINE), ret, NULL);
}

static int make_spec(struct spec *s, const char *what, const char *type, const char *loader)
{
	spec_free(s);
	s->kind = SPEC_GPT;
	if (asprintf(&s->text, WORD " (%s, type %s, beside PARTUUID=%s)", what, type, loader) < 0) {
		s->text = NULL;
		return -ENOMEM;
	}
	if (string_set(&s->value, loader) < 0 || string_set(&s->parttype, type) < 0)
		return -ENOMEM;
	return 0;
}

/* Without root= it might have been forgotten. */
static int say_unknown(const struct run *run, const char *why)
{
	if (run->boot.root.spec.kind != SPEC_NONE)
		log_error("cannot find out which disk " WORD " means: %s", why);
	else
		log_error("no root device is given: the kernel command line lacks root= (allowed: %s, " WORD "); and "
			  "by its type the root is found only on the disk that was booted from: %s", spec_allowed, why);
	return -EDESTADDRREQ;
}

int gptauto_read(struct run *run)
{
	_cleanup_free_ char *loader = NULL;
	const struct gpt_types *types;
	struct utsname host;
	int r;

	if (run->gpt.root.kind != SPEC_NONE)
		return 0;
	r = read_loader(run, &loader);
	if (r < 0)
		return say_unknown(run, reason_of(r));
	types = uname(&host) < 0 ? NULL : gpt_types_of(host.machine);
	if (!types)
		return say_unknown(run, "for this machine's architecture no type is known");
	r = make_spec(&run->gpt.root, "root", types->root, loader);
	if (r == 0)
		r = make_spec(&run->gpt.usr, "/usr", types->usr, loader);
	if (r == 0)
		r = make_spec(&run->gpt.root_verity, "root's checksums", types->root_verity, loader);
	return r < 0 ? log_errno(r, "cannot find " WORD) : 0;
}

void gptauto_say_unverified(const struct run *run)
{
	const struct device *verity = gpt_find(&run->gpt.root_verity, &run->devices);

	if (verity)
		log_warning("%s has checksums for the root, which are not looked at without roothash=, ignoring",
			    verity->devname);
}

static bool is_unread(const struct device *dev)
{
	return dev->parent && (dev->probe == PROBE_RUNNING || dev->probe == PROBE_NONE);
}

static bool any_unread(const struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (is_unread(devices->items[i]))
			return true;
	return false;
}

bool gptauto_has_usr(struct run *run)
{
	uint64_t deadline = clock_add(clock_monotonic(), USR_WAIT);

	if (run->gpt.usr.kind == SPEC_NONE)
		return false;
	while (!gpt_find(&run->gpt.usr, &run->devices) && any_unread(&run->devices) && clock_monotonic() < deadline)
		if (loop_wait(run, deadline) < 0)
			break;
	return gpt_find(&run->gpt.usr, &run->devices);
}

void gptauto_free(struct gptauto *g)
{
	spec_free(&g->root);
	spec_free(&g->usr);
	spec_free(&g->root_verity);
}
