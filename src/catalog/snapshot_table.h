/*-------------------------------------------------------------------------
 *
 * snapshot_table.h
 *	  Rows of temporal.snapshot
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SNAPSHOT_TABLE_H
#define TEMPORAL_SNAPSHOT_TABLE_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* A time with a name, and the tables whose history it pins */
typedef struct SnapshotRow
{
	const char *name;
	TimestampTz time;
	const char *owner;			/* name of the role that created it */
	TimestampTz created_at;
	List	   *relations;		/* of OIDs */
} SnapshotRow;

/* Reads the row of a snapshot; false if there is none. */
extern bool snapshot_table_find(const char *name, SnapshotRow *row);

/* Times whose history of the table is kept, of pointers to TimestampTz */
extern List *snapshot_table_times(Oid relation);

/* These check no privileges. */
extern void snapshot_table_insert(const SnapshotRow *row);
extern void snapshot_table_delete(const char *name);

/* The table is not versioned any more: no snapshot has to do with it. */
extern void snapshot_table_forget(Oid relation);

#endif							/* TEMPORAL_SNAPSHOT_TABLE_H */
