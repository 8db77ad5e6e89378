#!/bin/bash
# One file knows zstd.
! grep -rnE '#[ 	]*include[ 	]*<zstd|\bZSTD_' src --include='*.[ch]' |
	grep -v '^src/history/history_zstd\.c:'
