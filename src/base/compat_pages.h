/*-------------------------------------------------------------------------
 *
 * compat_pages.h
 *	  What differs between majors of PostgreSQL: reading pages of a table
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_COMPAT_PAGES_H
#define TEMPORAL_COMPAT_PAGES_H

#include "nodes/tidbitmap.h"

#include "base/compat.h"

/* A scan of an index for a bitmap, without instrumentation */
#if TEMPORAL_MAJOR >= 18
#define temporal_index_beginscan_bitmap(index, snapshot, nkeys) \
	index_beginscan_bitmap(index, snapshot, NULL, nkeys)
#else
#define temporal_index_beginscan_bitmap(index, snapshot, nkeys) \
	index_beginscan_bitmap(index, snapshot, nkeys)
#endif

/* old_snapshot_threshold went with 17 */
#if TEMPORAL_MAJOR >= 17
#define temporal_test_old_snapshot(snapshot, rel, page) ((void) 0)
#else
#define temporal_test_old_snapshot(snapshot, rel, page) \
	TestForOldSnapshot(snapshot, rel, page)
#endif

/* The pages of a bitmap, one after the other: InvalidBlockNumber at the end */
#if TEMPORAL_MAJOR >= 18
typedef TBMPrivateIterator TemporalPages;
#define temporal_pages_begin(bitmap) tbm_begin_private_iterate(bitmap)
#define temporal_pages_end(pages) tbm_end_private_iterate(pages)
static inline BlockNumber
temporal_pages_next(TBMPrivateIterator *pages)
{
	TBMIterateResult page;

	return tbm_private_iterate(pages, &page) ? page.blockno :
		InvalidBlockNumber;
}
#else
typedef TBMIterator TemporalPages;
#define temporal_pages_begin(bitmap) tbm_begin_iterate(bitmap)
#define temporal_pages_end(pages) tbm_end_iterate(pages)
static inline BlockNumber
temporal_pages_next(TBMIterator *pages)
{
	TBMIterateResult *page = tbm_iterate(pages);

	return page != NULL ? page->blockno : InvalidBlockNumber;
}
#endif

#endif							/* TEMPORAL_COMPAT_PAGES_H */
