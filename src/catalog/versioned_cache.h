/*-------------------------------------------------------------------------
 *
 * versioned_cache.h
 *	  "Is this table versioned, and how?", answered without a catalog look-up
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_VERSIONED_CACHE_H
#define TEMPORAL_VERSIONED_CACHE_H

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "nodes/bitmapset.h"
#include "utils/relcache.h"

#include "catalog/versioned_table.h"

/*
 * A table with a SYSTEM_TIME period, or a partition of one.  Stays readable
 * until the end of the transaction, even if the table changes meanwhile.
 */
typedef struct VersionedRelation
{
	Oid			relid;
	Oid			root;			/* the table of versioned_table: relid, or the
								 * root of its partition tree */
	Oid			history;		/* InvalidOid: a period, but no versioning */
	TimestampTz history_start;
	HistoryIndex history_index;
	bool		skip_unchanged;
	bool		captures;		/* its UPDATE and DELETE triggers are in place */
	bool		history_subscribed; /* logical replication fills the history */

	/* Columns, by number in relid */
	AttrNumber	start_attno;
	AttrNumber	end_attno;
	Bitmapset  *exclude_attnos; /* temporal.exclude_columns */
	Bitmapset  *key_attnos;		/* primary key without the partition key, as
								 * RelationGetIndexAttrBitmap() */
	int			natts;			/* of relid */
	bool		same_layout;	/* history's rows have the same bytes, and the
								 * period columns are the last */
	AttrNumber *history_attnos; /* [attno - 1]: same column of history, 0 if
								 * dropped */
} VersionedRelation;

extern void versioned_cache_init(void);

/*
 * NULL unless the relation has a SYSTEM_TIME period.  The caller holds a lock
 * on it.
 */
extern const VersionedRelation *versioned_cache_get(Oid relid);

/* The same for a relation that is open. */
extern const VersionedRelation *versioned_cache_get_open(Relation rel);

/*
 * Like versioned_cache_get(), but 42809 where it has no history; position is
 * the character of the statement to point at, 0 if unknown.
 */
extern const VersionedRelation *versioned_cache_require(Oid relid,
														int position);

/*
 * The root of the partition tree that the relation belongs to, itself if it is
 * no partition.  One whose DETACH is pending still belongs to it.
 */
extern Oid	versioned_partition_root(Oid relid);

/* Is the relation the target of a logical replication subscription? */
extern bool versioned_is_subscribed(Oid relid);

#endif							/* TEMPORAL_VERSIONED_CACHE_H */
