/*-------------------------------------------------------------------------
 *
 * retention_archive.h
 *	  Old versions in files, before they are removed
 *
 * A file for each batch, complete before its transaction commits: an error
 * leaves the versions where they are.  See archive_write.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_RETENTION_ARCHIVE_H
#define TEMPORAL_RETENTION_ARCHIVE_H

#include "executor/tuptable.h"

#include "catalog/retention_policy.h"
#include "catalog/versioned_table.h"
#include "history/history_prune.h"

typedef struct RetentionArchive RetentionArchive;

/* A file for the versions of one batch; the directory is checked again. */
extern RetentionArchive *retention_archive_begin(const VersionedTable *table,
												 const RetentionPolicy *policy);

/* The rule, but that what it chooses is archived. */
extern PruneRule *retention_archive_rule(RetentionArchive *archive,
										 const PruneRule *rule,
										 Relation history);
extern void retention_archive_add(RetentionArchive *archive,
								  TupleTableSlot *version);

/*
 * Returns how many versions the file has, which are not less than were
 * removed.
 */
extern int64 retention_archive_finish(RetentionArchive *archive,
									  int64 removed);

#endif							/* TEMPORAL_RETENTION_ARCHIVE_H */
