#!/bin/bash
# cppcheck has nothing to say.  PostgreSQL's headers are not followed.
# ctuuninitvar takes the address of an array in an out-parameter for a read of
# it; gcc watches over uninitialized variables.
command -v cppcheck >/dev/null || {
	echo 'skipped: cppcheck is not installed'
	exit 0
}
cppcheck --quiet --std=c99 --language=c -I src --include=test/lint/cppcheck.h \
	--enable=warning,performance,portability --inline-suppr --force \
	--suppress=missingIncludeSystem --suppress=missingInclude \
	--suppress=unknownMacro --suppress=ctuuninitvar --error-exitcode=1 \
	--template='{file}:{line}: {severity}: {message} [{id}]' src
