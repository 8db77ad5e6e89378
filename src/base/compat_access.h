/*-------------------------------------------------------------------------
 *
 * compat_access.h
 *	  What differs between majors of PostgreSQL: tables and indexes
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_COMPAT_ACCESS_H
#define TEMPORAL_COMPAT_ACCESS_H

#include "base/compat.h"

/*
 * CREATE INDEX on a relation of ours, without checks of the user's rights.
 */
#if TEMPORAL_MAJOR >= 16
#define temporal_define_index(relid, stmt) \
	DefineIndex(relid, stmt, InvalidOid, InvalidOid, InvalidOid, -1, \
				false, false, false, false, true)
#else
#define temporal_define_index(relid, stmt) \
	DefineIndex(relid, stmt, InvalidOid, InvalidOid, InvalidOid, \
				false, false, false, false, true)
#endif

/*
 * What an index access method kept between insertions goes, since 17; BRIN's
 * map of summaries, and the summary of a range, locked, or NULL.
 */
#if TEMPORAL_MAJOR >= 17
#define temporal_index_insert_cleanup(rel, info) \
	index_insert_cleanup(rel, info)
#define temporal_brin_revmap(index, pages) brinRevmapInitialize(index, pages)
#define temporal_brin_summary(revmap, block, buffer, offset) \
	brinGetTupleForHeapBlock(revmap, block, buffer, offset, NULL, \
							 BUFFER_LOCK_SHARE)
#else
#define temporal_index_insert_cleanup(rel, info) ((void) 0)
#define temporal_brin_revmap(index, pages) \
	brinRevmapInitialize(index, pages, NULL)
#define temporal_brin_summary(revmap, block, buffer, offset) \
	brinGetTupleForHeapBlock(revmap, block, buffer, offset, NULL, \
							 BUFFER_LOCK_SHARE, NULL)
#endif

/* An index scan without instrumentation */
#if TEMPORAL_MAJOR >= 18
#define temporal_index_beginscan(heap, index, snapshot, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, norderbys)
#else
#define temporal_index_beginscan(heap, index, snapshot, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

#endif							/* TEMPORAL_COMPAT_ACCESS_H */
