#!/bin/bash
# Tests wait for a state, not for a time.
! grep -rnE 'pg_sleep|\busleep *\(|^[^#]*\bsleep +[0-9]|\bsleep\([0-9]' \
	sql test expected --include='*.sql' --include='*.spec' --include='*.pl' \
	--include='*.pm' --include='*.out'
