/*-------------------------------------------------------------------------
 *
 * versioned_table.h
 *	  Rows of temporal.versioned_table
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_VERSIONED_TABLE_H
#define TEMPORAL_VERSIONED_TABLE_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef enum HistoryIndex
{
	HISTORY_INDEX_KEY,			/* btree on primary key and end, BRIN on both */
	HISTORY_INDEX_GIST,			/* GiST on the period */
	HISTORY_INDEX_NONE			/* BRIN alone */
} HistoryIndex;

typedef struct VersionedTable
{
	Oid			relation;
	Oid			history;		/* InvalidOid: a period, but no versioning */
	NameData	start_column;
	NameData	end_column;
	TimestampTz history_start;	/* nothing is known of the time before */
	HistoryIndex history_index;
	bool		skip_unchanged;
	List	   *exclude_columns;	/* of char *, palloc'd by the reader */
	bool		compress;		/* old versions move to segments */
	int			compression_level;	/* zstd's */
	Interval	compress_after; /* how old they are then */
} VersionedTable;

#define VERSIONED_TABLE_COMPRESSION_LEVEL	3

/* Options of a table for which none were given */
extern void versioned_table_defaults(VersionedTable *table);

/* The word for a history index, and back; false if it is none. */
extern const char *history_index_name(HistoryIndex index);
extern bool history_index_from_name(const char *name, HistoryIndex *index);

/* Reads the row of a table, or of a history; false if there is none. */
extern bool versioned_table_find(Oid relation, VersionedTable *table);
extern bool versioned_table_find_by_history(Oid history,
											VersionedTable *table);

/* All tables of the catalog, in the order of their OIDs. */
extern List *versioned_table_list(void);

/*
 * Writes.  The caller holds a lock on the table that keeps others from
 * writing it, and has checked privileges; these check none.  Each makes the
 * change visible to the rest of the transaction and tells every session to
 * look at the table anew.
 */
extern void versioned_table_insert(const VersionedTable *table);
extern void versioned_table_update(const VersionedTable *table);
extern void versioned_table_delete(Oid relation);

#endif							/* TEMPORAL_VERSIONED_TABLE_H */
