#!/bin/bash
# Nothing in the tree knows the machine it was written on.
! grep -rnIE '(^|[^A-Za-z0-9_.$}/-])/(work|root|home)/' . \
	--exclude-dir=.git --exclude=no_machine_paths.sh
