#!/bin/bash
# The library exports what SQL calls and nothing that could clash.
[ -f temporal.so ] || {
	echo 'temporal.so is not built'
	exit 1
}
! nm -D --defined-only temporal.so | awk '{ print $NF }' |
	grep -vE '^(temporal_.*|pg_finfo_temporal_.*|_PG_init|Pg_magic_func)$' |
	grep -vE '^(_init|_fini)$'
