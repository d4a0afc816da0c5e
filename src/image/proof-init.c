/* SPDX-License-Identifier: MIT */
/* proof-init: the kernel can start /init, and it finds what it needs at once. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/log.h"
#include "image/build.h"
#include "image/content.h"
#include "image/decompress.h"
#include "image/proof.h"
#include "image/script.h"

#define SCRIPTS_MAX 5 /* a script's interpreter may be a script: fs/exec.c, exec_binprm() */
#define MODULE_MAX  ((size_t)256 << 20)

static bool is_module(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && strstr(name, ".ko");
}

static int read_module(const struct tree_node *n, struct elf *ret)
{
	_cleanup_content_ struct content content = { 0 };
	struct decompressed d = { 0 };
	int r = content_open(n, &content);

	if (r < 0)
		return r;
	if (!decompress_format(content.data, content.size))
		return elf_open(content.data, content.size, ret);
	r = decompress(content.data, content.size, MODULE_MAX, &d);
	if (r == 0)
		r = elf_open(d.data, d.size, ret);
	free(d.data);
	return r;
}

/* What the kernel is built for: what its modules are. -ENOENT: there are none. */
static int kernel_machine(const struct proof *p, struct elf *ret)
{
	size_t n = p->dir ? strlen(p->dir) : 0;

	TREE_FOREACH(node, p->subject->tree)
	if (p->dir && strncmp(node->path, p->dir, n) == 0 && S_ISREG(node->mode) && is_module(node->path))
		return read_module(node, ret);
	return -ENOENT;
}

/* 0, 1 after a finding, or -errno. */
static int follow_script(struct proof *p, const struct tree_node **n, const struct content *content)
{
	_cleanup_free_ char *interpreter = NULL, *name = NULL;
	int r = script_interpreter(content->data, content->size, &interpreter, &name);

	if (r < 0)
		return r;
	if (!interpreter)
		return fatal(p, "cannot start /init: /%s is neither an ELF program nor a script", (*n)->path) ?: 1;
	*n = proof_program(p, interpreter);
	return *n ? 0 : fatal(p, "cannot start /init: its interpreter %s is not in the image", interpreter) ?: 1;
}

/* The ELF program that runs in the end: /init itself, or the interpreter of a script. */
static int read_program(struct proof *p, const struct tree_node *n)
{
	for (int i = 0; i < SCRIPTS_MAX; i++) {
		_cleanup_content_ struct content content = { 0 };
		int r = content_open(n, &content);

		if (r < 0)
			return log_errno(r, "cannot read /%s", n->path);
		r = elf_open(content.data, content.size, &p->machine);
		p->runs = r == 0 && elf_is_loadable(&p->machine);
		if (p->runs)
			return 0;
		if (r != -ENOEXEC)
			return fatal(p, "cannot start /init: /%s is a damaged ELF file", n->path) ?: 1;
		r = follow_script(p, &n, &content);
		if (r != 0)
			return r;
	}
	return fatal(p, "cannot start /init: its interpreter is a script, whose interpreter is a script …") ?: 1;
}

/* Kernels that run the programs of their smaller sister, if they were built so. */
static bool may_run(const struct elf *kernel, const struct elf *program)
{
	static const struct {
		uint16_t kernel, program;
	} sisters[] = { { 62, 3 }, { 183, 40 } }; /* EM_X86_64 EM_386, EM_AARCH64 EM_ARM */

	for (size_t i = 0; i < ARRAY_SIZE(sisters); i++)
		if (kernel->machine == sisters[i].kernel && program->machine == sisters[i].program)
			return true;
	return kernel->machine == program->machine && kernel->big == program->big && kernel->wide;
}

static int compare_machines(struct proof *p)
{
	_cleanup_free_ char *is = elf_machine_name(&p->machine), *kernels = NULL;
	struct elf kernel = { 0 };
	int r = kernel_machine(p, &kernel);

	if (!is || r == -ENOMEM)
		return -ENOMEM;
	if (r == -ENOENT)
		return proved(p, "/init is for %s; there are no modules to say what the kernel is for", is);
	if (r < 0)
		return fatal(p, "cannot load modules: the first of kernel %s is damaged", p->kernel);
	kernels = elf_machine_name(&kernel);
	if (!kernels)
		return -ENOMEM;
	if (elf_same_machine(&kernel, &p->machine))
		return proved(p, "/init is for %s, as the kernel is", is);
	if (may_run(&kernel, &p->machine))
		return doubt(p, "cannot tell whether the kernel starts /init: that is for %s, the kernel for %s", is,
			     kernels);
	return fatal(p, "cannot start /init: it is for %s, the modules of kernel %s are for %s", is, p->kernel,
		     kernels);
}

int prove_init(struct proof *p)
{
	const struct tree_node *n = tree_lookup(p->subject->tree, "init");
	int r;

	if (!n)
		return fatal(p, "cannot start /init: it is not in the image");
	if (!S_ISREG(n->mode) || !(n->mode & 0111))
		return fatal(p, "cannot start /init: it is not %s", S_ISREG(n->mode) ? "executable" : "a regular file");
	r = read_program(p, n);
	return r == 0 ? compare_machines(p) : MIN(r, 0);
}

/* The kernel opens it for /init; its own first archive, usr/default_cpio_list, need not have it. */
int prove_console(struct proof *p)
{
	const struct tree_node *n = tree_lookup(p->subject->tree, "dev/console");

	if (!n && !p->subject->ours)
		return skipped(p, "this generator leaves it to the kernel's built-in archive");
	if (!n || !S_ISCHR(n->mode) || n->rdev != makedev(5, 1))
		return doubt(p, "cannot give /init a console: /dev/console of the image is %s",
			     n ? "not the character device 5:1" : "missing");
	return proved(p, "/dev/console is the character device 5:1");
}

int prove_release(struct proof *p)
{
	const struct tree_node *n = tree_lookup(p->subject->tree, "etc/initrd-release");

	if (n && S_ISREG(n->mode))
		return proved(p, "/etc/initrd-release is there");
	if (!p->subject->ours)
		return skipped(p, "this generator writes no /etc/initrd-release");
	return doubt(p,
		     "cannot tell programs that they run from an initrd: /etc/initrd-release of the image is missing");
}

/* It runs when nothing of the old root may be used any more. */
static int prove_static(struct proof *p, const struct tree_node *n)
{
	_cleanup_content_ struct content content = { 0 };
	uint64_t state = 0;
	struct elf e;
	int r = content_open(n, &content);

	if (r < 0)
		return log_errno(r, "cannot read /%s", n->path);
	r = elf_open(content.data, content.size, &e);
	if (r < 0 || !elf_is_loadable(&e))
		return doubt(p, "cannot run /%s at power-off: it is no ELF program", n->path);
	if (p->runs && !elf_same_machine(&e, &p->machine))
		return doubt(p, "cannot run /%s at power-off: it is for another machine than /init", n->path);
	if (e.interpreter || elf_next_needed(&e, &state))
		return skipped(p, "/%s is not static: it is proved with the other programs", n->path);
	return proved(p, "/%s is static", n->path);
}

int prove_exitrd(struct proof *p)
{
	const struct tree *t = p->subject->tree;
	const struct tree_node *n;

	if (!p->subject->ours)
		return skipped(p, "slipway did not write this image");
	if (!tree_lookup(t, EXITRD "etc/initrd-release"))
		return doubt(p,
			     "cannot tell programs that they run from the exitrd: /" EXITRD "etc/initrd-release of the "
			     "image is missing");
	n = proof_program(p, EXITRD "shutdown");
	if (!n)
		return doubt(p, "cannot come back at power-off: /" EXITRD "shutdown of the image is %s",
			     tree_lookup(t, EXITRD "shutdown") ? "not executable" : "missing");
	return prove_static(p, n);
}
