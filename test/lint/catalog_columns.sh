#!/bin/bash
# The columns of our catalog are known by number in one place.
! grep -rnE '\bAnum_(temporal_|versioned_)' src --include='*.[ch]' |
	grep -vE '^src/catalog/versioned_table\.[ch]:'
