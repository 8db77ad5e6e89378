/*-------------------------------------------------------------------------
 *
 * history_prune.h
 *	  Removing versions from a history
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_PRUNE_H
#define TEMPORAL_HISTORY_PRUNE_H

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "portability/instr_time.h"
#include "utils/relcache.h"

#include "catalog/segment_table.h"

/* A time whose versions stay: those with start <= time and end > lower */
typedef struct PrunePin
{
	TimestampTz time;
	TimestampTz lower;
} PrunePin;

/*
 * Which versions are to go: those that ended at or before a time, are not
 * pinned, and of which chooses(), if there is one, says so.
 */
typedef struct PruneRule
{
	TimestampTz before;
	const PrunePin *pins;
	int			npins;
	bool		(*chooses) (void *arg, TupleTableSlot *version,
							TimestampTz end);
	void	   *arg;
	Bitmapset  *columns;		/* that chooses() looks at, by number */
} PruneRule;

/* Decisions, without looking at anything else */
extern bool prune_pins(const PruneRule *rule, TimestampTz start,
					   TimestampTz end);

typedef enum PruneChoice
{
	PRUNE_NOTHING,				/* all versions of the segment stay */
	PRUNE_WHOLE,				/* all go */
	PRUNE_SOME					/* one has to look */
} PruneChoice;

/* Of a segment with these times, in a run whose first version ended then */
extern PruneChoice prune_choose_segment(const PruneRule *rule,
										TimestampTz starts, TimestampTz ends,
										TimestampTz first_end);

/* How much was removed, or would be */
typedef struct PruneResult
{
	int64		versions;
	int64		bytes;
	TimestampTz first;			/* their ends */
	TimestampTz last;
} PruneResult;

extern void prune_result_init(PruneResult *result);
extern void prune_result_add(PruneResult *result, int64 versions,
							 int64 bytes, TimestampTz first,
							 TimestampTz last);

/* How it is done */
typedef struct PruneWork
{
	Relation	history;
	AttrNumber	start_attno;
	AttrNumber	end_attno;
	const PruneRule *rule;
	bool		dry;			/* only count */
	bool		first_only;		/* one is enough */
	bool		lazy;			/* leave segments of which less than half would go */
	int			level;			/* zstd's, for segments that are written again */
	instr_time	begun;
	int64		budget_us;		/* stop when this long has passed since; 0: don't */
	BlockNumber next;			/* where to go on: this page of the heap */
	PruneResult result;
} PruneWork;

/* Segments that may have versions to go, in the order in which they lie */
typedef struct PruneList
{
	ItemPointerData *tids;		/* NULL: not looked for yet */
	int64		ntids;
	int64		space;
	int64		next;			/* the first that was not looked at */
} PruneList;

/*
 * Goes through the heap from page next on; true when the end was reached.
 * What others are just removing is passed over.
 */
extern bool history_prune_heap(PruneWork *work);

/*
 * The same for segments.  The caller has locked them against others that
 * change them, for each call; between two calls they may change.
 */
extern void history_prune_find(PruneWork *work, const SegmentTable *table,
							   Relation segments, PruneList *list);
extern bool history_prune_segments(PruneWork *work,
								   const SegmentTable *table,
								   Relation segments, PruneList *list);

/* Is the time over, or all found that was looked for? */
extern bool prune_is_done(const PruneWork *work);

/* What a version takes in the heap, and out of line */
extern int64 prune_heap_size(TupleTableSlot *slot);

/* Deletes a tuple unless others have, or are about to. */
extern bool prune_delete(Relation rel, ItemPointer tid, Snapshot snapshot);

#endif							/* TEMPORAL_HISTORY_PRUNE_H */
