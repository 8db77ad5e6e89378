/*-------------------------------------------------------------------------
 *
 * retention_archive.c
 *	  Old versions in files, before they are removed
 *
 * Stands between the rule that says what goes and those who ask it: each
 * version that is chosen goes to the file.  Segments of which something goes
 * are written again whatever that costs (PruneWork.lazy is not set): what the
 * rule chose is then what is removed, but for versions that another
 * transaction is about to move, which are archived again when they go.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "maintenance/archive_write.h"
#include "maintenance/retention_archive.h"

struct RetentionArchive
{
	ArchiveWriter *writer;
	const PruneRule *inner;
	PruneRule	rule;
};

RetentionArchive *
retention_archive_begin(const VersionedTable *table,
						const RetentionPolicy *policy)
{
	RetentionArchive *archive = palloc0(sizeof(RetentionArchive));

	if (policy->archive_location == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("retention policy of table \"%s\" says to archive, but not where",
						get_rel_name(table->relation))));
	archive->writer = archive_write_begin(table, NULL /* the history's */ ,
										  policy->archive_location);
	return archive;
}

static bool
retention_archive_chooses(void *arg, TupleTableSlot *version, TimestampTz end)
{
	RetentionArchive *archive = arg;
	const PruneRule *inner = archive->inner;

	if (inner->chooses != NULL && !inner->chooses(inner->arg, version, end))
		return false;
	retention_archive_add(archive, version);
	return true;
}

PruneRule *
retention_archive_rule(RetentionArchive *archive, const PruneRule *inner,
					   Relation history)
{
	TupleDesc	desc = RelationGetDescr(history);

	archive->inner = inner;
	archive->rule = *inner;
	archive->rule.chooses = retention_archive_chooses;
	archive->rule.arg = archive;
	archive->rule.columns = NULL;
	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			archive->rule.columns = bms_add_member(archive->rule.columns,
												   i + 1);
	}
	return &archive->rule;
}

void
retention_archive_add(RetentionArchive *archive, TupleTableSlot *version)
{
	archive_write_add(archive->writer, version);
}

int64
retention_archive_finish(RetentionArchive *archive, int64 removed)
{
	ArchiveRow	row = {0};

	(void) archive_write_finish(archive->writer, true /* removed */ , &row);
	if (row.versions < removed)
		elog(ERROR, "archive has " INT64_FORMAT " of " INT64_FORMAT " versions",
			 row.versions, removed);
	pfree(archive);
	return row.versions;
}
