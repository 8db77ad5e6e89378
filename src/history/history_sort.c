/*-------------------------------------------------------------------------
 *
 * history_sort.c
 *	  Sorting times and places of versions
 *
 * There are millions of both where a history is compressed; so the
 * comparisons are made where they are needed, and not called.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "history/history_sort.h"

/* Negative, zero or positive */
#define SORT_COMPARE(a, b)	(((a) > (b)) - ((a) < (b)))

/* Places in the order of what stands on a page behind the other */
#define SORT_PLACE(tid) \
	((uint64) ItemPointerGetBlockNumberNoCheck(tid) << 16 | \
	 ItemPointerGetOffsetNumberNoCheck(tid))

#define ST_SORT sort_times
#define ST_ELEMENT_TYPE TimestampTz
#define ST_COMPARE(a, b) SORT_COMPARE(*(a), *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_tids
#define ST_ELEMENT_TYPE ItemPointerData
#define ST_COMPARE(a, b) SORT_COMPARE(SORT_PLACE(a), SORT_PLACE(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

void
history_sort_times(TimestampTz *times, size_t n)
{
	sort_times(times, n);
}

void
history_sort_tids(ItemPointerData *tids, size_t n)
{
	sort_tids(tids, n);
}
