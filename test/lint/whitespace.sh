#!/bin/bash
# C is indented with tabs, ends its lines without blanks and its files with a
# newline.
status=0
! grep -rnE '[ 	]+$' src --include='*.[ch]' || status=1
! grep -rnE '^    ' src --include='*.[ch]' || status=1
for file in $(compgen -G 'src/*.[ch]') $(compgen -G 'src/*/*.[ch]'); do
	[ -z "$(tail -c 1 "$file")" ] || {
		echo "$file does not end with a newline"
		status=1
	}
done
exit $status
