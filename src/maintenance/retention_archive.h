/*-------------------------------------------------------------------------
 *
 * retention_archive.h
 *	  Old versions in files, before they are removed
 *
 * Nothing archives yet, and a policy that asks for it is refused with 0A000 by
 * ddl_retention.c, and by retention_run.c should it find one.  What archives
 * will be called by retention_run.c as follows.
 *
 *	 1. PruneRule.chooses() of the rule that says what goes is wrapped by one
 *		that hands each version that is chosen to retention_archive_add(), so
 *		that what is archived is exactly what is deleted.  It sees all of them:
 *		with a rule that has chooses() no segment goes unopened.  Its columns
 *		are then all columns.
 *	 2. At the end of the batch, and before its transaction commits,
 *		retention_archive_finish() has the file complete, flushed and read back,
 *		and raises an error if that failed: the versions stay.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_RETENTION_ARCHIVE_H
#define TEMPORAL_RETENTION_ARCHIVE_H

#include "executor/tuptable.h"

#include "catalog/retention_policy.h"
#include "catalog/versioned_table.h"

typedef struct RetentionArchive RetentionArchive;

/* A file for the versions of one batch; the directory is checked again. */
extern RetentionArchive *retention_archive_begin(const VersionedTable *table,
												 const RetentionPolicy *policy);
extern void retention_archive_add(RetentionArchive *archive,
								  TupleTableSlot *version);

/* Returns how many versions the file has. */
extern int64 retention_archive_finish(RetentionArchive *archive);

#endif							/* TEMPORAL_RETENTION_ARCHIVE_H */
