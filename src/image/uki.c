/* SPDX-License-Identifier: MIT */
/* uki: a unified kernel image: systemd-stub, the kernel, its command line and the initrd as one EFI program. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/content.h"
#include "image/pe.h"
#include "image/tempdir.h"
#include "image/tool.h"
#include "image/uki.h"

#define UKI_MAX ((size_t)2 << 30) /* sizes of a PE file have 32 bits, and firmware takes fewer */
#define PAGE    4096
#define DOING   "make a unified kernel image"

struct uki {
	const struct config *config;
	struct tempdir dir;
	char *kernel, *stub; /* paths on the host */
	bool has_cmdline;
};

static void uki_close(struct uki *u)
{
	tempdir_close(&u->dir);
	free(u->kernel);
	free(u->stub);
}

/* Where distributions put it: Fedora and Arch beside the modules, Debian into /boot. The path on the host. */
static int find_kernel(struct uki *u)
{
	const struct config *c = u->config;
	_cleanup_free_ char *beside = NULL, *boot = NULL;

	if (c->uki_kernel)
		return string_set(&u->kernel, c->uki_kernel);
	if (asprintf(&beside, "%s/vmlinuz", c->modules) < 0 || asprintf(&boot, "boot/vmlinuz-%s", c->kernel) < 0)
		return -ENOMEM;
	const char *places[] = { beside, boot };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *canonical = NULL;
		int r = sysroot_resolve(&c->sysroot, places[i], &canonical);

		if (r == -ENOMEM)
			return r;
		if (r == 0) {
			u->kernel = sysroot_path(&c->sysroot, canonical);
			return u->kernel ? 0 : -ENOMEM;
		}
	}
	log_error("cannot " DOING ": there is no %s or %s in %s; --uki-kernel names it", boot, beside, c->sysroot.path);
	return -ENOENT;
}

static int read_layout(const char *path, const char *what, struct pe_layout *ret)
{
	_cleanup_content_ struct content content = { 0 };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : content_open_fd(fd, &content);

	if (r < 0)
		return log_errno(r, "cannot " DOING ": cannot read %s", path);
	r = pe_layout(content.data, content.size, ret);
	if (r < 0)
		log_error("cannot " DOING ": %s is no %s", path, what);
	return r;
}

/* The stub is of the kernel's architecture: of the sysroot, which may be a foreign one, or of this system. */
static int find_stub(struct uki *u)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} names[] = {
		{ 0x8664, "x64" }, { 0xaa64, "aa64" }, { 0x14c, "ia32" }, { 0x1c2, "arm" },
		{ 0x1c4, "arm" },  { 0x5064, "riscv64" }, { 0x6264, "loongarch64" },
	};
	const struct sysroot *s = &u->config->sysroot;
	_cleanup_free_ char *path = NULL, *canonical = NULL;
	struct pe_layout kernel;
	const char *name = NULL;
	int r = read_layout(u->kernel, "kernel that firmware can start (EFI_STUB)", &kernel);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == kernel.machine)
			name = names[i].name;
	if (asprintf(&path, "/usr/lib/systemd/boot/efi/linux%s.efi.stub", name ?: "") < 0)
		return -ENOMEM;
	if (name && sysroot_resolve(s, path, &canonical) == 0)
		u->stub = sysroot_path(s, canonical);
	else if (name && access(path, R_OK) == 0)
		u->stub = TAKE_PTR(path);
	if (u->stub)
		return 0;
	log_error("cannot " DOING ": there is no %s in %s; install the package systemd-boot-efi", path, s->path);
	return -ENOENT;
}

/* One line, whatever it was; as kernel-install does. */
static int read_cmdline(struct uki *u, char **ret)
{
	static const char *const places[] = { "/etc/kernel/cmdline", "/usr/lib/kernel/cmdline" };
	_cleanup_free_ char *text = NULL, *line = strdup("");
	_cleanup_strv_ char **words = NULL;
	const char *given = u->config->uki_cmdline;
	int r = given ? string_set(&text, given) : -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == -ENOENT; i++)
		r = sysroot_read(&u->config->sysroot, places[i], &text);
	if (r == -ENOENT) {
		log_warning("cannot find /etc/kernel/cmdline in %s: the unified kernel image has no command line of "
			    "its own, ignoring",
			    u->config->sysroot.path);
		return 0;
	}
	if (r == 0)
		r = strv_split(&words, text, " \t\n");
	if (r < 0)
		return log_errno(r, "cannot read /etc/kernel/cmdline of %s", u->config->sysroot.path);
	STRV_FOREACH(word, words) {
		char *longer;

		if (!line || asprintf(&longer, "%s%s%s", line, *line ? " " : "", *word) < 0)
			return -ENOMEM;
		free(line);
		line = longer;
	}
	*ret = TAKE_PTR(line);
	return *ret ? 0 : -ENOMEM;
}

static int write_piece(const struct uki *u, const char *name, const void *data, size_t size)
{
	_cleanup_close_ int fd = openat(u->dir.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : file_write_fd(fd, data, size);

	return r < 0 ? log_errno(r, "cannot write %s/%s", u->dir.path, name) : 0;
}

static int write_pieces(struct uki *u, const struct buffer *initrd)
{
	_cleanup_free_ char *cmdline = NULL, *release = NULL;
	const struct config *c = u->config;
	int r = read_cmdline(u, &cmdline);

	if (r == 0)
		r = sysroot_read(&c->sysroot, "/etc/os-release", &release);
	if (r == -ENOENT)
		r = sysroot_read(&c->sysroot, "/usr/lib/os-release", &release);
	if (r < 0 && r != -ENOENT)
		return log_errno(r, "cannot read /etc/os-release of %s", c->sysroot.path);
	u->has_cmdline = cmdline;
	if ((r = write_piece(u, "initrd", initrd->data, initrd->size)) < 0 ||
	    (r = write_piece(u, "uname", c->kernel, strlen(c->kernel))) < 0 ||
	    (r = write_piece(u, "osrel", release ?: "ID=linux\n", strlen(release ?: "ID=linux\n"))) < 0)
		return r;
	return cmdline ? write_piece(u, "cmdline", cmdline, strlen(cmdline)) : 0;
}

/* Appends a formatted word. 0 or -ENOMEM. */
static int push(char ***words, const char *fmt, ...) _printf_(2, 3);
static int push(char ***words, const char *fmt, ...)
{
	_cleanup_free_ char *word = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&word, fmt, args);
	va_end(args);
	return n < 0 ? -ENOMEM : strv_push(words, word);
}

/* -ENOENT: it is not installed. */
static int run_ukify(const struct uki *u)
{
	static const char *const programs[] = { "ukify", "/usr/lib/systemd/ukify" };
	const char *dir = u->dir.path;
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(programs) && r == -ENOENT; i++) {
		_cleanup_strv_ char **words = NULL;
		_cleanup_free_ char *config = NULL;

		if (push(&words, "%s", programs[i]) < 0 || push(&words, "build") < 0 ||
		    push(&words, "--linux=%s", u->kernel) < 0 || push(&words, "--initrd=%s/initrd", dir) < 0 ||
		    push(&words, "--stub=%s", u->stub) < 0 || push(&words, "--uname=%s", u->config->kernel) < 0 ||
		    push(&words, "--os-release=@%s/osrel", dir) < 0 || push(&words, "--output=%s/uki", dir) < 0)
			return -ENOMEM;
		if (u->has_cmdline && push(&words, "--cmdline=@%s/cmdline", dir) < 0)
			return -ENOMEM;
		/* As kernel-install gives it: keys to sign with, a splash … */
		if (sysroot_resolve(&u->config->sysroot, "/etc/kernel/uki.conf", &config) == 0 &&
		    push(&words, "--config=%s/%s", u->config->sysroot.path, config) < 0)
			return -ENOMEM;
		r = tool_run((const char *const *)words, DOING);
	}
	return r;
}

/* To a multiple of `to`, a power of two. */
static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static int push_section(const struct uki *u, char ***words, const char *name, const char *file, uint64_t *at)
{
	struct stat st;

	if (stat(file, &st) < 0)
		return log_errno(-errno, "cannot " DOING ": cannot read %s", file);
	if (push(words, "--add-section") < 0 || push(words, "%s=%s", name, file) < 0 ||
	    push(words, "--change-section-vma") < 0 || push(words, "%s=0x%" PRIx64, name, *at) < 0)
		return -ENOMEM;
	*at = round_up(*at + (uint64_t)st.st_size, PAGE);
	return 0;
}

/* The kernel comes last: older ones unpack themselves over what is behind them. */
static int run_objcopy(const struct uki *u)
{
	static const char *const pieces[] = { "osrel", "uname", "cmdline", "initrd" };
	_cleanup_strv_ char **words = NULL;
	struct pe_layout stub;
	uint64_t at;
	int r = read_layout(u->stub, "EFI program", &stub);

	if (r < 0)
		return r;
	at = stub.base + round_up(stub.end, MAX(stub.alignment, (uint32_t)PAGE));
	r = push(&words, "objcopy");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(pieces); i++) {
		_cleanup_free_ char *file = NULL, *name = NULL;

		if (streq(pieces[i], "cmdline") && !u->has_cmdline)
			continue;
		if (asprintf(&file, "%s/%s", u->dir.path, pieces[i]) < 0 || asprintf(&name, ".%s", pieces[i]) < 0)
			return -ENOMEM;
		r = push_section(u, &words, name, file, &at);
	}
	if (r == 0)
		r = push_section(u, &words, ".linux", u->kernel, &at);
	if (r == 0 && (push(&words, "%s", u->stub) < 0 || push(&words, "%s/uki", u->dir.path) < 0))
		r = -ENOMEM;
	return r < 0 ? r : tool_run((const char *const *)words, DOING);
}

static int take_result(const struct uki *u, struct buffer *ret)
{
	struct buffer b = { 0 };
	int r = file_read(u->dir.fd, "uki", UKI_MAX, &b.data, &b.size);

	if (r < 0)
		return log_errno(r, "cannot read %s/uki", u->dir.path);
	b.room = b.size;
	*ret = b;
	return 0;
}

int uki_make(const struct config *c, const struct buffer *initrd, struct buffer *ret)
{
	_cleanup_(uki_close) struct uki u = { .config = c, .dir = TEMPDIR_NONE };
	int r = find_kernel(&u);

	if (r == 0)
		r = find_stub(&u);
	if (r == 0)
		r = tempdir_open(&u.dir);
	if (r == 0)
		r = write_pieces(&u, initrd);
	if (r < 0)
		return r;
	r = run_ukify(&u);
	if (r == 0)
		return take_result(&u, ret);
	if (r == -ENOENT)
		r = run_objcopy(&u);
	if (r == -ENOENT)
		log_error("cannot " DOING ": there is neither ukify nor objcopy here; install the package "
			  "systemd-ukify or binutils");
	if (r == 0)
		r = take_result(&u, ret);
	/* objcopy writes the time of day there. */
	return r < 0 ? r : pe_set_time(ret->data, ret->size, c->mtime);
}
