/*-------------------------------------------------------------------------
 *
 * archive_table.h
 *	  Rows of temporal.archive_file
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_ARCHIVE_TABLE_H
#define TEMPORAL_ARCHIVE_TABLE_H

#include "datatype/timestamp.h"

/* A file with old versions */
typedef struct ArchiveRow
{
	const char *file;			/* path without symbolic links */
	const char *schema;			/* of the table, at the time */
	const char *table;
	int64		versions;
	int64		bytes;
	TimestampTz first_start;	/* of the versions' periods */
	TimestampTz first_end;
	TimestampTz last_end;
	bool		removed;		/* the transaction that wrote the row removed the
								 * versions from the history */
	TimestampTz made_at;
} ArchiveRow;

/*
 * Writes a row, of the transaction that commits whatever follows from the file
 * being there.  Checks no privileges.
 */
extern void archive_table_insert(const ArchiveRow *row);

/* Is there a row of the file? */
extern bool archive_table_has(const char *file);

#endif							/* TEMPORAL_ARCHIVE_TABLE_H */
