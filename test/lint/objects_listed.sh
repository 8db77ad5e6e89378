#!/bin/bash
# Every C file is in the Makefile's OBJS.
status=0
for file in $(compgen -G 'src/*.c') $(compgen -G 'src/*/*.c'); do
	grep -qE "^[ 	]*${file%.c}\.o( |$)" Makefile || {
		echo "$file is not in OBJS"
		status=1
	}
done
exit $status
