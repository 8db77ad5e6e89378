/*-------------------------------------------------------------------------
 *
 * history_directory.c
 *	  What a session remembers of a history's runs and segments
 *
 * Of the runs of a history, its rows of temporal.segment_run; of their segments
 * what the btree has, their greatest keys and where they are.  A look-up of one
 * key then neither reads that table nor descends a btree for each run: it
 * searches arrays.  These are made when as many look-ups have been done as
 * would have cost the same.
 *
 * WHEN IT IS TRUE
 *		Runs and segments are changed by one transaction after the other, which
 *		hold a lock on the segments' relation until they have ended.  Each
 *		leaves its number in shared memory before it commits
 *		(history_reach_change_segments()).  A reader, who has his snapshot, looks
 *		at the last number: a transaction that the snapshot sees has left it
 *		there.  If that one, and so all before it, had ended when the snapshot
 *		was taken, all snapshots of which this is true see the same; what was
 *		read with one of them, and bears the same number, is true for the
 *		others.  In all other cases nothing is remembered and nothing used:
 *		while such a transaction, or one that is older, is in progress; for the
 *		transaction itself; and on a standby, which knows no numbers.
 *
 *		A btree also has entries that no such snapshot sees, until VACUUM
 *		removes them.  A run whose entries are not as many as its row says has
 *		some, and its segments are looked at.  If the relation was rewritten as
 *		a whole (VACUUM FULL), it has another file.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat_access.h"
#include "history/history_directory.h"
#include "history/history_reach.h"
#include "history/history_scan_bound.h"

/* More segments are not remembered: two megabytes */
#define DIRECTORY_SEGMENTS	131072
/* Segments that are looked at to know which of them are there, at most */
#define DIRECTORY_LOOKS		4096
/* Entries that are read from a btree in the time of a search in it */
#define DIRECTORY_SEARCH	30

typedef struct DirectoryRun
{
	SegmentRun	run;
	int			first;			/* its keys are from here */
	int			end;			/* to before this */
	int			nentries;		/* of the btree, also those without a key */
} DirectoryRun;

typedef struct Directory
{
	Oid			history;		/* key */
	uint64		number;			/* of the last transaction that it has */
	Oid			file;			/* of the segments' relation */
	MemoryContext context;		/* NULL: nothing is remembered */

	/* Runs, in order */
	DirectoryRun *runs;
	int			nruns;
	int64		nsegments;

	/* Segments, in the order of the btree */
	int64		searches;		/* that were done without them */
	bool		complete;		/* they are here */
	int64	   *keys;			/* the greatest */
	ItemPointerData *tids;
} Directory;

static HTAB *directories = NULL;

static void
directory_forget(Directory *directory)
{
	MemoryContext context = directory->context;

	directory->context = NULL;
	if (context != NULL)
		MemoryContextDelete(context);
}

/*
 * Reads the runs.
 */
static void
directory_fill(Directory *directory, uint64 number, Relation segments,
			   Snapshot snapshot)
{
	List	   *runs = segment_run_list(directory->history, snapshot, false);
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext,
												  "temporal segments",
												  ALLOCSET_SMALL_SIZES);
	ListCell   *lc;

	directory->runs = MemoryContextAlloc(context,
										 (list_length(runs) + 1) *
										 sizeof(DirectoryRun));
	directory->nruns = list_length(runs);
	directory->nsegments = 0;
	foreach(lc, runs)
	{
		DirectoryRun *run = &directory->runs[foreach_current_index(lc)];

		run->run = *(SegmentRun *) lfirst(lc);
		run->first = run->end = run->nentries = 0;
		directory->nsegments += run->run.segments;
	}
	directory->number = number;
	directory->file = segments->rd_rel->relfilenode;
	directory->searches = 0;
	directory->complete = false;
	directory->context = context;
	list_free_deep(runs);
}

/*
 * The directory that is true for a snapshot; NULL if there is none.
 */
static Directory *
directory_get(Relation history, Relation segments, Snapshot snapshot)
{
	Oid			relid = RelationGetRelid(history);
	Directory  *directory;
	uint64		number;
	bool		found;

	if (!IsMVCCSnapshot(snapshot) || snapshot->takenDuringRecovery)
		return NULL;
	number = history_reach_segments(relid);
	if (number == 0 ||
		!TransactionIdPrecedes((TransactionId) number, snapshot->xmin))
		return NULL;
	if (directories == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(Oid),
			.entrysize = sizeof(Directory),
		};

		directories = hash_create("temporal segment directories", 16,
								  &control, HASH_ELEM | HASH_BLOBS);
	}
	directory = hash_search(directories, &relid, HASH_ENTER, &found);
	if (!found)
		directory->context = NULL;
	else if (directory->context != NULL && directory->number == number &&
			 directory->file == segments->rd_rel->relfilenode)
		return directory;
	directory_forget(directory);
	directory_fill(directory, number, segments, snapshot);
	return directory;
}

List *
history_directory_runs(Relation history, Relation segments, Snapshot snapshot)
{
	Directory  *directory = directory_get(history, segments, snapshot);
	SegmentRun *copies;
	List	   *runs = NIL;

	if (directory == NULL)
		return segment_run_list(RelationGetRelid(history), snapshot, false);

	/* others may make it anew while the caller still looks at them */
	copies = palloc(directory->nruns * sizeof(SegmentRun));
	for (int i = 0; i < directory->nruns; i++)
	{
		memcpy(&copies[i], &directory->runs[i].run,
			   offsetof(SegmentRun, start_quantiles));
		runs = lappend(runs, &copies[i]);
	}
	return runs;
}

/*
 * Notes that entries of a run's number follow.
 */
static DirectoryRun *
directory_find_run(Directory *directory, int32 number, int place)
{
	for (int i = 0; i < directory->nruns; i++)
	{
		DirectoryRun *run = &directory->runs[i];

		if (run->run.run != number)
			continue;
		run->first = run->end = place;
		run->nentries = 0;
		return run;
	}
	return NULL;
}

/*
 * Leaves the segments that there are.  False if it is not clear that all are
 * left, or if it would take too long.
 */
static bool
directory_drop_dead(Directory *directory, Relation segments,
					Snapshot snapshot)
{
	TupleTableSlot *slot = NULL;
	int			looked = 0;
	int			n = 0;
	bool		complete = true;

	for (int i = 0; i < directory->nruns && complete; i++)
	{
		DirectoryRun *run = &directory->runs[i];
		int			nullkeys = run->nentries - (run->end - run->first);
		bool		look = run->nentries != run->run.segments;
		int			first = n;

		if (look && slot == NULL)
			slot = table_slot_create(segments, NULL);
		if (look && (looked += run->end - run->first) > DIRECTORY_LOOKS)
			complete = false;
		for (int j = run->first; j < run->end && complete; j++)
		{
			CHECK_FOR_INTERRUPTS();
			if (look &&
				!table_tuple_fetch_row_version(segments,
											   &directory->tids[j], snapshot,
											   slot))
				continue;
			directory->keys[n] = directory->keys[j];
			directory->tids[n++] = directory->tids[j];
		}
		run->first = first;
		run->end = n;
		if (look && n - first + nullkeys != run->run.segments)
			complete = false;
	}
	if (slot != NULL)
		ExecDropSingleTupleTableSlot(slot);
	return complete;
}

/*
 * Reads the btree.
 */
static void
directory_complete(Directory *directory, Relation segments,
				   const SegmentIndexes *indexes, Snapshot snapshot)
{
	Relation	index = index_open(indexes->by_key, AccessShareLock);
	IndexScanDesc scan = temporal_index_beginscan(segments, index, snapshot,
												  0, 0);
	int64		space = directory->nsegments + 64;
	int16		length = TupleDescAttr(RelationGetDescr(index), 1)->attlen;
	int64	   *keys = MemoryContextAlloc(directory->context,
										  space * sizeof(int64));
	ItemPointerData *tids = MemoryContextAlloc(directory->context,
											   space * sizeof(ItemPointerData));
	DirectoryRun *run = NULL;
	int32		last = -1;
	int			n = 0;
	ItemPointer tid;

	scan->xs_want_itup = true;
	index_rescan(scan, NULL, 0, NULL, 0);
	while (n < DIRECTORY_SEGMENTS &&
		   (tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		bool		isnull;
		int32		number =
			DatumGetInt32(index_getattr(scan->xs_itup, 1, scan->xs_itupdesc,
										&isnull));
		Datum		key;

		if (number != last)
			run = directory_find_run(directory, number, n);
		last = number;
		key = index_getattr(scan->xs_itup, 2, scan->xs_itupdesc, &isnull);
		if (run == NULL)
			continue;
		run->nentries++;
		if (isnull)
			continue;
		if (n == space)
		{
			/* there are some that nobody sees any more */
			space *= 2;
			keys = repalloc_huge(keys, space * sizeof(int64));
			tids = repalloc_huge(tids, space * sizeof(ItemPointerData));
		}
		keys[n] = history_scan_integer(key, length);
		tids[n++] = *tid;
		run->end = n;
	}
	index_endscan(scan);
	index_close(index, NoLock);

	/* if they are too many, it is tried again after as many searches */
	directory->searches = 0;
	directory->keys = keys;
	directory->tids = tids;
	directory->complete = n < DIRECTORY_SEGMENTS &&
		directory_drop_dead(directory, segments, snapshot);
	if (!directory->complete)
	{
		pfree(keys);
		pfree(tids);
	}
}

/*
 * Adds the segments of a run that may have the key: those that end with it, and
 * the first that ends behind it, with all that have the same end.
 */
static int
directory_search(const Directory *directory, const DirectoryRun *run,
				 int64 key, ItemPointerData *tids, int ntids, int space)
{
	const int64 *keys = directory->keys;
	int			low = run->first;
	int			high = run->end;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < run->end && keys[low] == key && ntids < space)
		tids[ntids++] = directory->tids[low++];
	for (high = low;
		 high < run->end && keys[high] == keys[low] && ntids < space; high++)
		tids[ntids++] = directory->tids[high];
	return ntids;
}

int
history_directory_find(Relation history, Relation segments,
					   const SegmentIndexes *indexes, Snapshot snapshot,
					   int64 key, TimestampTz starts_before,
					   TimestampTz ends_after, ItemPointerData **tids)
{
	Directory  *directory = directory_get(history, segments, snapshot);
	int			space;
	int			ntids = 0;

	if (directory == NULL || directory->nsegments > DIRECTORY_SEGMENTS)
		return -1;
	if (!directory->complete)
	{
		directory->searches += directory->nruns;
		if (directory->searches * DIRECTORY_SEARCH < directory->nsegments)
			return -1;
		directory_complete(directory, segments, indexes, snapshot);
		if (!directory->complete)
			return -1;
	}

	/* several segments of one run are few; else the btree will do */
	space = directory->nruns * 4 + 16;
	*tids = palloc(space * sizeof(ItemPointerData));
	for (int i = 0; i < directory->nruns; i++)
	{
		const DirectoryRun *run = &directory->runs[i];

		if (run->run.starts <= starts_before && run->run.ends >= ends_after)
			ntids = directory_search(directory, run, key, *tids, ntids,
									 space);
	}
	return ntids < space ? ntids : -1;
}
