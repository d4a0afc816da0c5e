/* SPDX-License-Identifier: MIT */
/* duration: a time span as people read it: ms or s. */
#include <math.h>

#include "base/clock.h"
#include "image/duration.h"

struct duration duration_short(uint64_t usec)
{
	double ms = (double)usec / 1e3;
	/* The first row that it stays below when it is rounded. */
	static const struct {
		double below, unit;
		int digits;
		const char *name;
	} rows[] = {
		{ 0.995, 1, 2, "ms" },     { 99.95, 1, 1, "ms" },     { 999.5, 1, 0, "ms" },
		{ 9995, 1e3, 2, "s" },     { 99950, 1e3, 1, "s" },    { INFINITY, 1e3, 0, "s" },
	};
	struct duration d = { "0 ms" };
	size_t i = 0;

	while (ms >= rows[i].below)
		i++;
	if (usec > 0)
		(void)snprintf(d.text, sizeof(d.text), "%.*f %s", rows[i].digits, ms / rows[i].unit, rows[i].name);
	return d;
}

struct duration duration_column(int64_t usec)
{
	struct duration d;

	(void)snprintf(d.text, sizeof(d.text), "%.2f", (double)usec / 1e3);
	return d;
}

struct duration duration_mark(int64_t usec, uint64_t step)
{
	bool seconds = usec >= (int64_t)USEC_PER_SEC || usec <= -(int64_t)USEC_PER_SEC;
	double unit = seconds ? 1e6 : 1e3;
	struct duration d = { "0" };
	int digits = 0;

	/* As many as the step needs. */
	for (double s = (double)step / unit; s < 0.9995 && digits < 6; s *= 10)
		digits++;
	if (usec != 0)
		(void)snprintf(d.text, sizeof(d.text), "%.*f %s", digits, (double)usec / unit, seconds ? "s" : "ms");
	return d;
}
