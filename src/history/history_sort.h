/*-------------------------------------------------------------------------
 *
 * history_sort.h
 *	  Sorting times and places of versions
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SORT_H
#define TEMPORAL_HISTORY_SORT_H

#include "datatype/timestamp.h"
#include "storage/itemptr.h"

/* Both ascending, and to be cancelled */
extern void history_sort_times(TimestampTz *times, size_t n);
extern void history_sort_tids(ItemPointerData *tids, size_t n);

#endif							/* TEMPORAL_HISTORY_SORT_H */
