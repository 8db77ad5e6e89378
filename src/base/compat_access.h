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

/* The file of a relation, as ReadRecentBuffer() wants it */
#if TEMPORAL_MAJOR >= 16
typedef RelFileLocator TemporalRelFile;
#define temporal_rel_file(rel) ((rel)->rd_locator)
#else
typedef RelFileNode TemporalRelFile;
#define temporal_rel_file(rel) ((rel)->rd_node)
#endif

/* A range that is not empty */
#if TEMPORAL_MAJOR >= 16
#define temporal_make_range(type, lower, upper) \
	make_range(type, lower, upper, false, NULL)
#else
#define temporal_make_range(type, lower, upper) \
	make_range(type, lower, upper, false)
#endif

/*
 * Inside a btree: the leaf page where a key belongs, locked for writing (makes
 * the root if there is none, and finishes incomplete splits on the way); a new
 * page, locked; and the end of a split whose left page has the flag.
 */
#if TEMPORAL_MAJOR >= 16
#define TEMPORAL_BT_RELATIONS(index, heap) index, heap
#define temporal_bt_new_page(index, heap) _bt_allocbuf(index, heap)
#else
#define TEMPORAL_BT_RELATIONS(index, heap) index
#define temporal_bt_new_page(index, heap) _bt_getbuf(index, P_NEW, BT_WRITE)
#endif
#if TEMPORAL_MAJOR >= 17
#define temporal_bt_search_leaf(index, heap, key, buffer) \
	_bt_search(index, heap, key, buffer, BT_WRITE)
#else
#define temporal_bt_search_leaf(index, heap, key, buffer) \
	_bt_search(TEMPORAL_BT_RELATIONS(index, heap), key, buffer, BT_WRITE, NULL)
#endif
#define temporal_bt_finish_split(index, heap, buffer, stack) \
	_bt_finish_split(TEMPORAL_BT_RELATIONS(index, heap), buffer, stack)

/*
 * A hash table of tuples, and the memory of size bytes beside a new entry; what
 * an old entry has is at additional, or so it is said by a function since 18
 */
#if TEMPORAL_MAJOR >= 18
#define temporal_tuple_hash(desc, n, attnos, eq, hash, collations, size, \
							meta, tuples, temp) \
	BuildTupleHashTable(NULL, desc, &TTSOpsVirtual, n, attnos, eq, hash, \
						collations, 1024, size, meta, tuples, temp, false)
#define temporal_tuple_hash_new(table, entry, size) \
	TupleHashEntryGetAdditional(table, entry)
#define temporal_tuple_hash_data(table, entry) \
	TupleHashEntryGetAdditional(table, entry)
#else
#define temporal_tuple_hash(desc, n, attnos, eq, hash, collations, size, \
							meta, tuples, temp) \
	BuildTupleHashTableExt(NULL, desc, n, attnos, eq, hash, collations, \
						   1024, size, meta, tuples, temp, false)
#define temporal_tuple_hash_new(table, entry, size) \
	((entry)->additional = MemoryContextAlloc((table)->tablecxt, size))
#define temporal_tuple_hash_data(table, entry) ((entry)->additional)
#endif

#endif							/* TEMPORAL_COMPAT_ACCESS_H */
