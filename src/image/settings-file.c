/* SPDX-License-Identifier: MIT */
/* settings-file: the files of slipway.conf(5): where they are, and their lines. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/settings.h"
#include "image/text.h"

#define FILE_MAX   ((size_t)1 << 20)
#define LINE_BYTES ((size_t)16 << 10) /* two paths of PATH_MAX, and room */

#define USR_DIR  "/usr/lib/slipway.conf.d"
#define ETC_FILE "/etc/slipway.conf"
#define ETC_DIR  "/etc/slipway.conf.d"

#define BLANKS " \t"

static int set_line(struct settings *s, char *line, const char *where)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	char *key = line + strspn(line, BLANKS), *end = key + strspn(key, letters);
	char *sign = end + strspn(end, BLANKS);
	bool append = *sign == '+';

	if (!*key || *key == '#')
		return 0;
	if (end == key || sign[append] != '=') {
		log_error("cannot use %s: \"%s\" is no setting: allowed are KEY = VALUE, KEY += VALUE and # COMMENT",
			  where, key);
		return -EINVAL;
	}
	*end = '\0';
	return settings_set(s, key, sign + append + 1, append, where);
}

/* Neither may lines of bytes be taken for names of files, nor may what is not text be printed. */
static int check_text(const char *line, size_t n, const char *where)
{
	size_t good = text_span(line, n);

	if (n > LINE_BYTES) {
		log_error("cannot use %s: the line has %zu bytes, at most %zu are allowed; += adds to a list on a line "
			  "of its "
			  "own",
			  where, n, LINE_BYTES);
		return -EINVAL;
	}
	if (good < n) {
		log_error("cannot use %s: byte %zu of the line is 0x%02x, allowed is text in UTF-8 without control "
			  "characters",
			  where, good + 1, (unsigned char)line[good]);
		return -EINVAL;
	}
	return 0;
}

int settings_parse(const char *text, size_t size, const char *name, struct settings *s)
{
	const char *end = text + size;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* some editors' mark of UTF-8 */
	for (unsigned int n = 1; text < end; n++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text)) ?: end;
		size_t length = (size_t)(stop - text);
		_cleanup_free_ char *where = NULL, *line = NULL;
		int r;

		length -= length > 0 && text[length - 1] == '\r';
		if (asprintf(&where, "%s:%u", name, n) < 0)
			return -ENOMEM;
		r = check_text(text, length, where);
		if (r < 0)
			return r;
		line = strndup(text, length);
		r = line ? set_line(s, line, where) : -ENOMEM;
		if (r < 0)
			return r;
		text = stop + (stop < end);
	}
	return 0;
}

static int read_fd(int fd, const char *name, struct settings *s)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = fd < 0 ? fd : file_read_fd(fd, FILE_MAX, &text, &size);

	if (r == -EFBIG) {
		log_error("cannot read %s: it has more than %zu bytes, which are allowed at most", name,
			  FILE_MAX);
		return -EINVAL;
	}
	if (r < 0)
		return log_errno(r, "cannot read %s", name);
	return settings_parse(text, size, name, s);
}

/* What is not there is fine, but not a symlink that leads nowhere; /dev/null need not be there for that. */
static int read_file(const struct sysroot *sysroot, const char *path, struct settings *s)
{
	_cleanup_free_ char *name = sysroot_path(sysroot, path), *target = NULL;
	int r = sysroot_look((void *)sysroot, path + 1, &target);
	_cleanup_close_ int fd = -EBADF;

	if (!name)
		return -ENOMEM;
	if (r == -ENOENT || r == -ENOTDIR || (r == 1 && streq(target, "/dev/null")))
		return 0;
	fd = sysroot_open_file(sysroot, path, O_RDONLY | O_NONBLOCK);
	return read_fd(fd, name, s);
}

/* All files of `dir`, but not those whose names the strv `masked` has. */
static int read_dir(const struct sysroot *sysroot, const char *dir, char *const *names, char *const *masked,
		    struct settings *s)
{
	STRV_FOREACH (name, names) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (strv_contains(masked, *name))
			continue;
		if (asprintf(&path, "%s/%s", dir, *name) < 0)
			return -ENOMEM;
		r = read_file(sysroot, path, s);
		if (r < 0)
			return r;
	}
	return 0;
}

static int list_dir(const struct sysroot *sysroot, const char *dir, char ***ret)
{
	int r = sysroot_list(sysroot, dir, ".conf", ret);

	return r < 0 ? log_errno(r, "cannot read %s of %s", dir, sysroot->path) : 0;
}

static int read_all(const struct sysroot *sysroot, struct settings *s)
{
	_cleanup_strv_ char **usr = NULL, **etc = NULL;
	int r;

	if ((r = list_dir(sysroot, USR_DIR, &usr)) < 0 || (r = list_dir(sysroot, ETC_DIR, &etc)) < 0)
		return r;
	r = read_dir(sysroot, USR_DIR, usr, etc, s);
	if (r == 0)
		r = read_file(sysroot, ETC_FILE, s);
	return r < 0 ? r : read_dir(sysroot, ETC_DIR, etc, NULL, s);
}

int settings_read(const struct sysroot *s, const struct settings_options *options, struct settings *ret)
{
	int r = settings_set(ret, "compress", "", false, "");

	if (r == 0)
		r = settings_set(ret, "keymap", "", false, "");
	if (r == 0 && options->config) {
		_cleanup_close_ int fd = open(options->config, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		r = read_fd(fd < 0 ? -errno : fd, options->config, ret);
	} else if (r == 0) {
		r = read_all(s, ret);
	}
	return r < 0 ? r : settings_apply(options, ret);
}
