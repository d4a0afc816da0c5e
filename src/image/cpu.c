/* SPDX-License-Identifier: MIT */
/* cpu: which x86 processors a machine has, as far as microcode asks. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "image/cpu.h"

/* Debian's CONFIG_NR_CPUS is 8192, with 1.5 KB of text each. */
#define CPUINFO_MAX (32 << 20)

static int push(struct cpus *c, const struct cpu *cpu)
{
	struct cpu *grown;

	if (!cpu->intel && !cpu->amd)
		return 0;
	for (size_t i = 0; i < c->n; i++)
		if (cpu_signature(&c->items[i]) == cpu_signature(cpu) && c->items[i].intel == cpu->intel)
			return 0;
	grown = reallocarray(c->items, c->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->items = grown;
	grown[c->n++] = *cpu;
	return 0;
}

/* "model		: 158"; not "model name". */
static const char *value_of(const char *line, const char *key)
{
	const char *rest = startswith(line, key);

	if (!rest)
		return NULL;
	rest += strspn(rest, " \t");
	return *rest == ':' ? rest + 1 + strspn(rest + 1, " \t") : NULL;
}

static void take_line(struct cpus *c, struct cpu *cpu, const char *line)
{
	const struct {
		const char *key;
		unsigned int *to;
	} numbers[] = {
		{ "cpu family", &cpu->family },
		{ "model", &cpu->model },
		{ "stepping", &cpu->stepping },
	};
	const char *value = value_of(line, "vendor_id");

	if (value) {
		cpu->intel = streq(value, "GenuineIntel");
		cpu->amd = streq(value, "AuthenticAMD");
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		value = value_of(line, numbers[i].key);
		if (value)
			*numbers[i].to = (unsigned int)strtoul(value, NULL, 10);
	}
	value = value_of(line, "flags");
	for (const char *p = value; p && (p = strstr(p, " hypervisor")); p++)
		if (!p[11] || p[11] == ' ')
			c->guest = true;
}

int cpus_parse(const char *cpuinfo, struct cpus *ret)
{
	_cleanup_cpus_ struct cpus c = { 0 };
	_cleanup_free_ char *text = strdup(cpuinfo);
	struct cpu cpu = { 0 };
	char *p = text, *line;

	if (!text)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		if (*line) {
			take_line(&c, &cpu, line);
			continue;
		}
		if (push(&c, &cpu) < 0)
			return -ENOMEM;
		cpu = (struct cpu){ 0 };
	}
	if (push(&c, &cpu) < 0)
		return -ENOMEM;
	*ret = c;
	c = (struct cpus){ 0 };
	return 0;
}

int cpus_read(struct cpus *ret)
{
	_cleanup_free_ char *text = NULL, *flags = NULL;
	int r = file_read(AT_FDCWD, "/proc/cpuinfo", CPUINFO_MAX, &text, NULL);

	if (r == 0)
		r = cpus_parse(text, ret);
	/* Only there once the kernel has its microcode loader up. */
	if (r == 0 &&
	    file_read_line(AT_FDCWD, "/sys/devices/system/cpu/cpu0/microcode/processor_flags", &flags) == 0)
		ret->platform_flags = (uint32_t)strtoul(flags, NULL, 16);
	return r;
}

void cpus_free(struct cpus *c)
{
	free(c->items);
	*c = (struct cpus){ 0 };
}

/* Intel SDM 2A, CPUID: the extended family counts from 15, the extended model is its upper half. */
uint32_t cpu_signature(const struct cpu *c)
{
	unsigned int base = MIN(c->family, 15U);

	return (c->family - base) << 20 | (c->model >> 4) << 16 | base << 8 | (c->model & 15) << 4 | c->stepping;
}
