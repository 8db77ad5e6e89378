/*-------------------------------------------------------------------------
 *
 * archive_file.h
 *	  Archives of old versions as files
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_ARCHIVE_FILE_H
#define TEMPORAL_ARCHIVE_FILE_H

#include "maintenance/archive_format.h"

/* How names of files end, and those of files that are not complete */
#define ARCHIVE_FILE_SUFFIX			".archive"
#define ARCHIVE_FILE_UNFINISHED		".unfinished"

/*
 * Writing.  The file has a name of its own until it is published.  What these
 * raise is of errcode_for_file_access(); the file is removed by
 * archive_file_discard(), which raises nothing.
 */
typedef struct ArchiveFileWriter ArchiveFileWriter;

extern ArchiveFileWriter *archive_file_create(const char *path,
											  const ArchiveHeader *header);
extern void archive_file_write_block(ArchiveFileWriter *writer,
									 const ArchiveBlock *block);

/*
 * Writes the footer, of which the times are given and the rest is known here;
 * flushes the file, closes it and reads it from its start to its end.
 */
extern void archive_file_complete(ArchiveFileWriter *writer,
								  ArchiveFooter *footer);

/* Gives the file its name, durably.  The name must not be there. */
extern void archive_file_publish(ArchiveFileWriter *writer, const char *path);

/* Closes a file that is not going to be complete. */
extern void archive_file_abandon(ArchiveFileWriter *writer);

/* Bytes written so far */
extern int64 archive_file_size(const ArchiveFileWriter *writer);

extern void archive_file_discard(const char *path);

/*
 * Reading.  archive_file_open() raises 22P04 if the file is no archive, and
 * errors of errcode_for_file_access(); all that is wrong behind its first
 * bytes is told by the reader, in whose memory what it returns is.
 */
typedef struct ArchiveFileReader ArchiveFileReader;

extern ArchiveFileReader *archive_file_open(const char *path);

/* NULL if it is damaged */
extern const ArchiveHeader *archive_file_header(ArchiveFileReader *reader);

/*
 * The next block, until the next call; false at the end, and where the file is
 * damaged.  Columns that are not wanted are not decoded, and with them the
 * checksum of all values is not looked at; NULL: all are.
 */
extern bool archive_file_next(ArchiveFileReader *reader, const bool *wanted,
							  ArchiveBlock *block);

/* After the last block; NULL if the file is damaged */
extern const ArchiveFooter *archive_file_footer(ArchiveFileReader *reader);

/* What is wrong with the file; NULL: nothing so far */
extern const char *archive_file_wrong(ArchiveFileReader *reader);

/* XX001 if something is */
extern void archive_file_check(ArchiveFileReader *reader);

extern void archive_file_close(ArchiveFileReader *reader);

#endif							/* TEMPORAL_ARCHIVE_FILE_H */
