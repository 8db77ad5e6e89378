/*-------------------------------------------------------------------------
 *
 * archive_directory.c
 *	  Where archives may be written
 *
 * The server writes archives with its own rights, at a place that the owner of
 * a table names: so a superuser says which directories are open to that, in
 * temporal.archive_directories.  What counts is where a path leads, after all
 * symbolic links; a path with ".." is refused whether it leads out or not.
 * Nothing is said of what exists outside.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "utils/varlena.h"

#include "base/archive_directory.h"
#include "base/settings.h"

static bool
directory_has_parent_reference(const char *path)
{
	for (const char *at = strstr(path, ".."); at != NULL;
		 at = strstr(at + 1, ".."))
	{
		if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
			return true;
	}
	return false;
}

/*
 * Is the path the directory, or below it?
 */
static bool
directory_contains(const char *directory, const char *path)
{
	size_t		length = strlen(directory);

	while (length > 0 && directory[length - 1] == '/')
		length--;
	return length > 0 && strncmp(directory, path, length) == 0 &&
		(path[length] == '\0' || path[length] == '/');
}

/*
 * Does one of the allowed directories contain the path?  resolved says that
 * the path has no symbolic links.
 */
static bool
directory_is_allowed(const char *path, bool resolved)
{
	char	   *copy = pstrdup(temporal_archive_directories ?
							   temporal_archive_directories : "");
	List	   *directories;
	ListCell   *lc;

	if (!SplitDirectoriesString(copy, ',', &directories))
		return false;			/* the check of the setting has seen it */
	foreach(lc, directories)
	{
		const char *directory = lfirst(lc);
		char		real[PATH_MAX];

		if (resolved && realpath(directory, real) != NULL)
			directory = real;
		if (directory_contains(directory, path))
			return true;
	}
	return false;
}

char *
archive_directory_check(const char *location)
{
	char		real[PATH_MAX];
	char	   *path = pstrdup(location);
	struct stat st;

	if (!is_absolute_path(location))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("archive location \"%s\" is not an absolute path",
						location)));
	if (strlen(location) >= MAXPGPATH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("archive location is too long"),
				 errdetail("A path may have %d bytes.", MAXPGPATH - 1)));
	if (directory_has_parent_reference(location))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("archive location \"%s\" must not contain \"..\"",
						location)));
	canonicalize_path(path);
	if (!directory_is_allowed(path, false))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("archive location \"%s\" is not in temporal.archive_directories",
						location),
				 errhint("A superuser can add the directory to that setting.")));
	if (realpath(path, real) == NULL || stat(real, &st) != 0 ||
		!S_ISDIR(st.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("archive location \"%s\" is not a directory that the server can reach",
						location)));
	if (!directory_is_allowed(real, true))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("archive location \"%s\" leads out of temporal.archive_directories",
						location),
				 errdetail("Symbolic links are followed first.")));
	return pstrdup(real);
}
