#!/bin/sh
# Coverage-guided runs: run.sh SECONDS fuzz-NOUN.c …
# Built by clang in build/fuzz. New inputs go to build/fuzz/corpus/NOUN, what crashes to build/fuzz/crashes.
seconds=$1
shift
out=build/fuzz failed=
mkdir -p $out/crashes
for source; do
	noun=${source##*/fuzz-} noun=${noun%.c}
	target=$out/tests/fuzz/fuzz-$noun
	mkdir -p $out/corpus/"$noun"
	${MAKE:-make} -s --no-print-directory B=$out SAN= COV= CC=clang LDFLAGS=-fsanitize=fuzzer \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' \
		"$target" || exit 1
	dict=
	[ ! -e "tests/fuzz/$noun.dict" ] || dict=-dict=tests/fuzz/$noun.dict
	echo "fuzz: $noun, $seconds s"
	"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
		$dict -artifact_prefix="$out/crashes/$noun-" "$out/corpus/$noun" "tests/fuzz/corpus/$noun" \
		>"$out/$noun.log" 2>&1 || failed="$failed $noun"
	sed -n 's/^stat::\(number_of_executed_units\|average_exec_per_sec\): */  \1 /p' "$out/$noun.log"
done
[ -z "$failed" ] && exit 0
for noun in $failed; do
	echo "fuzz: $noun FAILED: $out/$noun.log, inputs:"
	ls -1 "$out/crashes/$noun-"* 2>/dev/null
	tail -n 40 "$out/$noun.log"
done
exit 1
