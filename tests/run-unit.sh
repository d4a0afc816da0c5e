#!/bin/sh
# Runs every unit test program given; prints one line each, the failing one whole, and the sum. Who is not root is
# root of a namespace: some tests mount, and what is trusted must be root's. None takes minutes: a loop without an
# end is a failure.
passed=0 failed=0
as_root=
[ "$(id -u)" -eq 0 ] || as_root='unshare -Urm'
for t; do
	log=$B/tests/unit.log
	if $as_root timeout -k 5 120 "$t" >"$log" 2>&1; then
		n=$(grep -c '^\[       OK \]' "$log")
		passed=$((passed + n))
		printf 'ok   %-44s %3d\n' "${t#"$B"/tests/unit/}" "$n"
		# A program that ran no test proves nothing.
		[ "$n" -gt 0 ] || { failed=$((failed + 1)); echo "FAIL ${t}: ran no test"; }
	else
		failed=$((failed + 1))
		cat "$log"
		echo "FAIL $t"
	fi
done
echo "unit: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
