#!/bin/bash
# A file past these sizes has a second subject: .c 800 lines, .h 150.
wc -l $(compgen -G 'src/*.[ch]') $(compgen -G 'src/*/*.[ch]') |
	awk '$2 ~ /\.c$/ && $1 > 800 { print $2 ": " $1 " lines"; bad = 1 }
		 $2 ~ /\.h$/ && $1 > 150 { print $2 ": " $1 " lines"; bad = 1 }
		 END { exit bad }'
