#!/bin/bash
# Every regress test is in the Makefile's REGRESS and has its expected output,
# every isolation spec too; nothing is listed that is not there.
status=0
listed=$(sed -n '/^REGRESS *=/,/[^\\]$/p' Makefile |
	sed -e 's/^REGRESS *=//' -e 's/\\//g' | tr -s ' \t\n' '\n' | sed '/^$/d')

for file in $(compgen -G 'sql/*.sql'); do
	name=$(basename "$file" .sql)
	printf '%s\n' "$listed" | grep -qxF "$name" || {
		echo "$file is not in REGRESS"
		status=1
	}
	[ -f "expected/$name.out" ] || {
		echo "$file has no expected/$name.out"
		status=1
	}
done
for name in $listed; do
	[ -f "sql/$name.sql" ] || {
		echo "REGRESS has $name, and there is no sql/$name.sql"
		status=1
	}
done
for file in $(compgen -G 'expected/*.out'); do
	# name_1.out is another right answer to name.sql
	name=$(basename "$file" .out)
	[ -f "sql/$name.sql" ] || [ -f "sql/${name%_[0-9]}.sql" ] || {
		echo "$file belongs to no test"
		status=1
	}
done
[ "$(printf '%s\n' "$listed" | head -1)" = install ] &&
	[ "$(printf '%s\n' "$listed" | tail -1)" = uninstall ] || {
	echo 'REGRESS does not begin with install and end with uninstall'
	status=1
}
[ -z "$(printf '%s\n' "$listed" | sort | uniq -d)" ] || {
	echo 'REGRESS has a test twice'
	status=1
}
for file in $(compgen -G 'test/isolation/specs/*.spec'); do
	[ -f "test/isolation/expected/$(basename "$file" .spec).out" ] || {
		echo "$file has no expected output"
		status=1
	}
done
exit $status
