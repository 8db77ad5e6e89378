/*-------------------------------------------------------------------------
 *
 * archive_directory.h
 *	  Where archives may be written
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_ARCHIVE_DIRECTORY_H
#define TEMPORAL_ARCHIVE_DIRECTORY_H

/*
 * The directory's path without symbolic links, in the current context, if it
 * is one of temporal.archive_directories or below one; 42501 if not.  To be
 * asked again before each use: links can change.
 */
extern char *archive_directory_check(const char *location);

#endif							/* TEMPORAL_ARCHIVE_DIRECTORY_H */
