/* SPDX-License-Identifier: MIT */
/*
 * fuzz-nearby: the texts that /init reads of modules: depmod's, modprobe.d, and the kernel command line's.
 * links: init
 */
#include "fuzz/text.h"
#include "init/modconf.h"
#include "init/nearby.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct nearby *n, const char *alias)
{
	const struct nearby_module *m;
	size_t at = 0, found = 0;

	while ((m = nearby_next(n, alias, &at)))
		FUZZ_REQUIRE(nearby_by_name(n, m->name) && ++found <= n->aliases_n);
	FUZZ_REQUIRE(at == n->aliases_n);
}

static void read_configuration(const char *text)
{
	_cleanup_free_ char *copy = strdup(text), *options = NULL;
	_cleanup_cmdline_ struct cmdline words = { 0 };
	struct modconf c = { 0 };

	FUZZ_REQUIRE(copy && modconf_read(&c, copy) == 0);
	FUZZ_REQUIRE(cmdline_parse(text, &words) == 0 && modconf_read_cmdline(&c, &words) == 0);
	for (size_t i = 0; i < c.options_n && i < 8; i++) {
		free(options);
		options = modconf_options(&c, c.options[i].module);
		FUZZ_REQUIRE(options && strstr(options, c.options[i].text));
	}
	if (c.blacklist)
		FUZZ_REQUIRE(modconf_is_blacklisted(&c, c.blacklist[0]));
	modconf_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct nearby n;

	FUZZ_REQUIRE(nearby_read(&n, fuzz_text(data, size), fuzz_text(data, size)) == 0);
	look(&n, "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00");
	look(&n, "fs-ext4");
	look(&n, "");
	for (size_t i = 0; i < n.modules_n && i < 8; i++)
		FUZZ_REQUIRE(nearby_by_name(&n, n.modules[i].name) &&
			     nearby_by_path(&n, n.modules[i].path, strlen(n.modules[i].path)));
	nearby_free(&n);
	read_configuration(text);
	return 0;
}
