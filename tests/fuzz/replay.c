/* SPDX-License-Identifier: MIT */
/* replay: every file of a corpus through a fuzz target, with any compiler: replay-NOUN
 * DIRECTORY. */
#include <errno.h>
#include <stdint.h>

#include "base/file.h"
#include "base/macro.h"

#define INPUT_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *de)
{
	return de->d_name[0] != '.';
}

static int replay_file(int dirfd, const char *name)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ uint8_t *exact = NULL;
	size_t size = 0;
	int r;

	r = file_read(dirfd, name, INPUT_MAX, &text, &size);
	if (r < 0)
		return r;
	/* Without the NUL that ends `text`: reading past the end is an error that ASan sees. */
	exact = malloc(size ? size : 1);
	if (!exact)
		return -ENOMEM;
	memcpy(exact, text, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct dirent **list;
	int n, r, fd;

	name = name ? name + 1 : argv[0];
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", name);
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = fd < 0 ? -1 : scandir(argv[1], &list, is_input, alphasort);
	if (n <= 0) {
		fprintf(stderr, "%s: cannot replay %s: %s\n", name, argv[1],
			n < 0 ? strerror(errno) : "it holds no input");
		return 1;
	}
	for (int i = 0; i < n; i++) {
		r = replay_file(fd, list[i]->d_name);
		if (r < 0) {
			fprintf(stderr, "%s: cannot read %s/%s: %s\n", name, argv[1],
				list[i]->d_name, strerror(-r));
			return 1;
		}
		free(list[i]);
	}
	free(list);
	(void)close(fd);
	printf("%s: %d inputs\n", startswith(name, "replay-") ?: name, n);
	return 0;
}
