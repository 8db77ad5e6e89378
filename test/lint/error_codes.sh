#!/bin/bash
# What a user can cause carries a SQLSTATE: every ereport(ERROR) has errcode.
awk_program='
	FNR == 1			{ open = 0 }
	/ereport\((ERROR|FATAL|elevel)/	{ open = 1; text = ""; at = FNR }
	open				{ text = text $0 }
	open && /;[ \t]*$/	{
		if (text !~ /errcode/ && text !~ /syntax_errcode/) {
			print FILENAME ":" at ": ereport without errcode"; bad = 1
		}
		open = 0
	}
	END { exit bad }'
# shellcheck disable=SC2046
awk "$awk_program" $(compgen -G 'src/*.c') $(compgen -G 'src/*/*.c')
