#!/bin/bash
# What differs between PostgreSQL's versions is in src/base/compat.h only.
! grep -rnw PG_VERSION_NUM src --include='*.[ch]' |
	grep -v '^src/base/compat\.h:'
