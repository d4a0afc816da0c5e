/* SPDX-License-Identifier: MIT */
/* main: the program `slipway`: its commands. */
#include "base/log.h"
#include "image/command.h"

/* In the order of --help. */
static const struct command *const commands[] = {
	&command_build, &command_verify, &command_ls, &command_cat, &command_unpack, &command_diff, &command_explain,
	&command_profile, &command_exitrd,
};

static void print_command(const struct command *c)
{
	printf("slipway %s %s\n    %s\n", c->name, c->arguments, c->help);
	options_print(c->options);
}

static enum exit_code finish_help(void)
{
	printf("\nExit codes: 0 done, 1 failed (an old image is kept), 2 wrong usage, 3 done with doubts, 4 no "
	       "space left.\n");
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static enum exit_code print_help(void)
{
	printf("slipway: builds an initrd and looks into one\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i] == &command_build || commands[i]->options != build_options)
			print_command(commands[i]);
		else
			printf("slipway %s %s\n    %s\n", commands[i]->name, commands[i]->arguments, commands[i]->help);
	printf("slipway --help\n    print this; after a command, what it takes\n");
	printf("slipway --version\n    print the version\n");
	return finish_help();
}

static enum exit_code print_version(void)
{
	printf("slipway %s\n", SLIPWAY_VERSION);
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i]->name, word))
			return commands[i];
	return NULL;
}

static char *command_names(void)
{
	_cleanup_free_ char *text = strdup("");

	for (size_t i = 0; text && i < ARRAY_SIZE(commands); i++) {
		bool last = i + 1 == ARRAY_SIZE(commands);
		char *longer;

		if (asprintf(&longer, "%s%s%s", text, i == 0 ? "" : last ? " and " : ", ", commands[i]->name) < 0)
			return NULL;
		free(text);
		text = longer;
	}
	return TAKE_PTR(text);
}

static enum exit_code refuse(const char *word)
{
	_cleanup_free_ char *names = command_names();

	if (word)
		log_error("cannot do %s: there are %s; slipway --help tells more", word, names ?: "others");
	else
		log_error("cannot tell what to do: there are %s; slipway --help tells more", names ?: "others");
	return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
	const struct command *c;

	log_open("slipway", LOG_SINK_STDERR);
	if (argc < 2)
		return (int)refuse(NULL);
	if (streq(argv[1], "--help") || streq(argv[1], "-h"))
		return (int)print_help();
	if (streq(argv[1], "--version"))
		return (int)print_version();
	c = find_command(argv[1]);
	if (!c)
		return (int)refuse(argv[1]);
	if (argc > 2 && (streq(argv[2], "--help") || streq(argv[2], "-h"))) {
		print_command(c);
		return (int)finish_help();
	}
	return (int)c->run(argc - 1, argv + 1);
}
