/*-------------------------------------------------------------------------
 *
 * archive_write.h
 *	  Old versions to a file
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_ARCHIVE_WRITE_H
#define TEMPORAL_ARCHIVE_WRITE_H

#include "executor/tuptable.h"

#include "catalog/archive_table.h"
#include "catalog/versioned_table.h"

typedef struct ArchiveWriter ArchiveWriter;

/*
 * Begins a file for versions of a table.  desc describes the versions, if they
 * are not rows of the history (NULL: they are); the period has to be among its
 * columns.  The directory is checked again: 42501 if it is not allowed.  All
 * memory is in a child of the current context.
 */
extern ArchiveWriter *archive_write_begin(const VersionedTable *table,
										  TupleDesc desc,
										  const char *location);

/* Takes a copy of the version. */
extern void archive_write_add(ArchiveWriter *writer, TupleTableSlot *version);

/*
 * Has the file complete, flushed and read back, gives it its name, and writes
 * its row of temporal.archive_file; only then may what is in it be removed, by
 * this transaction.  Whatever goes wrong is an error, and the file is gone, as
 * it is if the transaction does not commit.
 *
 * Returns false if there was no version: then there is no file.  The row's
 * texts are in the current context; the writer is no more.
 */
extern bool archive_write_finish(ArchiveWriter *writer, bool removed,
								 ArchiveRow *row);

/* Instead of it: there is no file. */
extern void archive_write_abort(ArchiveWriter *writer);

#endif							/* TEMPORAL_ARCHIVE_WRITE_H */
