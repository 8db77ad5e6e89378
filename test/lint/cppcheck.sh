#!/bin/bash
# cppcheck has nothing to say.  PostgreSQL's headers are not followed.
command -v cppcheck >/dev/null || {
	echo 'skipped: cppcheck is not installed'
	exit 0
}
cppcheck --quiet --std=c99 --language=c -I src --include=test/lint/cppcheck.h \
	--enable=warning,performance,portability --inline-suppr --force \
	--suppress=missingIncludeSystem --suppress=missingInclude \
	--suppress=unknownMacro --error-exitcode=1 \
	--template='{file}:{line}: {severity}: {message} [{id}]' src
