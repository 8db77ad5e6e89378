/*-------------------------------------------------------------------------
 *
 * history_leaf.c
 *	  Leaf pages of a btree, filled with many entries at a time
 *
 * A btree takes its entries one by one: each of them costs a descent from the
 * root, a lock and a WAL record.  Where many entries come in the order of the
 * index, and those of one leaf page are many, they can have all three in
 * common.  That is done here, below the index access method, on the leaf
 * level alone: everything above it, and everything unusual, remains
 * PostgreSQL's.
 *
 * WHAT IS DONE TO A PAGE
 *		_bt_search() finds and locks the leaf page of the first entry, with no
 *		incomplete split and not deleted, as for any insertion.  The entries
 *		that follow belong there as long as they are not above its high key,
 *		which cannot change while we have the lock.  Then
 *
 *		- they all have room: the items are put between those that are there
 *		  (history_leaf_fill), or
 *		- they have not: the page is split, old items and new ones together
 *		  (history_leaf_split).  We leave the state that a crash in the middle
 *		  of a split leaves: the right page exists, the parent does not know it
 *		  yet, the left page says so.  _bt_finish_split() does the rest, which
 *		  is there for just that.
 *
 *		Both are one generic WAL record, which replays the bytes of whole pages
 *		under the locks of all of them.  So a standby and a recovery need no
 *		knowledge of ours, nor this library.
 *
 * WHAT WE RELY ON (nbtree/README, nbtree.h; the same from 15 to 18)
 *		- The order of items on a page is that of their line pointers; where
 *		  their bytes are does not matter.
 *		- An item has the length MAXALIGN(IndexTupleSize()) in its line pointer.
 *		- With version 4 ("heapkeyspace") the heap TID is the last key column:
 *		  no two entries are equal, each has one place.
 *		- Locks are taken from left to right.  A new page is unknown to others
 *		  until the left one shows it.
 *		- VACUUM finds items that a split moved to a lower block by the cycle id
 *		  that both pages get; SPLIT_END is what _bt_split() makes of it.  We
 *		  do so only if the VACUUM began while we split.
 *		- Predicate locks: a conflict is looked for on the page that gets the
 *		  entries, and a split tells the right page (as _bt_doinsert() does).
 *
 * WHAT IS LEFT TO _bt_doinsert()
 *		- A few entries for a page: a page's image costs more than their
 *		  records.
 *		- An entry that falls into a posting list, which has to be split.
 *		- A full page with dead items, or with many equal keys: it gets its
 *		  chance of deletion and of deduplication.
 *		- Pages that are split while VACUUM is at work.
 *		- Large entries, of which a page does not take many; and so the error
 *		  for those that are too large.
 *
 * HOW FULL PAGES BECOME
 *		The rightmost page is left behind at the index's fillfactor, as
 *		PostgreSQL does it.  Others, which it would split into halves, are
 *		spread evenly over as many pages as make them three quarters full.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/nbtree.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/predicate.h"
#include "utils/rel.h"

#include "base/compat_access.h"
#include "history/history_leaf.h"

/* Fewer entries for a page than this are inserted one by one */
#define HISTORY_LEAF_RUN		6
/* So are larger ones */
#define HISTORY_LEAF_ITEM		(BLCKSZ / 16)
/* How full a page in the middle is after a split, at most, in percent */
#define HISTORY_LEAF_FILL		75
/* Places that are tried for a split, from the wanted one leftwards */
#define HISTORY_LEAF_CUTS		5
/* Entries that are inserted before the next look, where keys are far apart */
#define HISTORY_LEAF_SPARSE		1024

/* What a page has for items */
#define HISTORY_LEAF_SPACE \
	(BLCKSZ - SizeOfPageHeaderData - MAXALIGN(sizeof(BTPageOpaqueData)))

struct HistoryLeaf
{
	Relation	heap;
	Relation	index;
	BTScanInsert key;

	/* The page that is open */
	Buffer		buffer;
	BTStack		stack;

	/* The entries that belong to it */
	const IndexTuple *tuples;
	int			nrun;			/* how many */
	int			nfit;			/* for how many of them there is room */
	bool		clash;			/* the next one has to be inserted alone */
	bool		more;			/* others may follow that belong there, too */
	OffsetNumber places[MaxIndexTuplesPerPage]; /* items they come before */

	/* The page's items and the entries, in order, when it is split */
	IndexTuple	items[2 * MaxIndexTuplesPerPage];
	bool		fresh[2 * MaxIndexTuplesPerPage];
	int			nitems;
	Size		size;			/* of all of them */

	/* What was seen */
	int			gap;			/* items between the last two places */
	int			misses;			/* runs in a row that were too short */
};

HistoryLeaf *
history_leaf_create(Relation heap, Relation index)
{
	HistoryLeaf *leaf = palloc0(sizeof(HistoryLeaf));

	leaf->heap = heap;
	leaf->index = index;
	leaf->key = _bt_mkscankey(index, NULL);
	leaf->key->keysz = IndexRelationGetNumberOfKeyAttributes(index);
	_bt_metaversion(index, &leaf->key->heapkeyspace,
					&leaf->key->allequalimage);
	return leaf;
}

/*
 * Makes the key that of another tuple, which saves a _bt_mkscankey() for each.
 */
static void
history_leaf_set_key(HistoryLeaf *leaf, IndexTuple tuple)
{
	BTScanInsert key = leaf->key;
	TupleDesc	desc = RelationGetDescr(leaf->index);

	for (int i = 0; i < key->keysz; i++)
	{
		ScanKey		column = &key->scankeys[i];
		bool		isnull;

		column->sk_argument = index_getattr(tuple, i + 1, desc, &isnull);
		if (isnull)
			column->sk_flags |= SK_ISNULL;
		else
			column->sk_flags &= ~SK_ISNULL;
	}
	key->scantid = &tuple->t_tid;
}

/*
 * What an item takes of a page
 */
static Size
history_leaf_item_size(IndexTuple tuple)
{
	return MAXALIGN(IndexTupleSize(tuple)) + sizeof(ItemIdData);
}

static IndexTuple
history_leaf_item(Page page, OffsetNumber offset)
{
	return (IndexTuple) PageGetItem(page, PageGetItemId(page, offset));
}

/*
 * Moves *place to the first item that is greater than the key; false if one is
 * equal, which means that the key falls into a posting list.
 *
 * Keys that come in order often have the same number of items between them, so
 * the search begins where that would be, and goes on in growing steps.
 */
static bool
history_leaf_find(HistoryLeaf *leaf, Page page, OffsetNumber *place)
{
	int			low = *place;
	int			high = PageGetMaxOffsetNumber(page) + 1;
	int			probe = low + Max(leaf->gap - 1, 0);
	int			step = 1;
	bool		between = false;	/* is the item at high greater? */

	while (low < high)
	{
		int32		result;

		if (between || probe >= high)
			probe = low + (high - low) / 2;
		result = _bt_compare(leaf->index, leaf->key, page, probe);
		if (result == 0)
			return false;
		if (result < 0)
		{
			high = probe;
			between = true;
		}
		else
		{
			low = probe + 1;
			probe = low + step - 1;
			step *= 2;
		}
	}
	leaf->gap = low - *place;
	*place = low;
	return true;
}

/*
 * Locks the page where the first entry belongs, and finds the places of all
 * that belong there, too.
 */
static void
history_leaf_open(HistoryLeaf *leaf, const IndexTuple *tuples, int ntuples)
{
	Page		page;
	BTPageOpaque opaque;
	OffsetNumber end;
	OffsetNumber place;
	Size		room;

	history_leaf_set_key(leaf, tuples[0]);
	leaf->stack = temporal_bt_search_leaf(leaf->index, leaf->heap, leaf->key,
										  &leaf->buffer);
	page = BufferGetPage(leaf->buffer);
	opaque = BTPageGetOpaque(page);
	end = PageGetMaxOffsetNumber(page) + 1;
	place = P_FIRSTDATAKEY(opaque);
	room = PageGetExactFreeSpace(page);

	leaf->tuples = tuples;
	leaf->nrun = leaf->nfit = 0;
	leaf->clash = leaf->more = false;
	while (leaf->nrun < ntuples)
	{
		Size		size = history_leaf_item_size(tuples[leaf->nrun]);

		if (leaf->nrun == MaxIndexTuplesPerPage)
		{
			leaf->more = true;
			break;
		}
		history_leaf_set_key(leaf, tuples[leaf->nrun]);
		if (size > HISTORY_LEAF_ITEM ||
			!history_leaf_find(leaf, page, &place))
		{
			leaf->clash = true;
			break;
		}
		if (leaf->nrun > 0 && place == end && !P_RIGHTMOST(opaque) &&
			_bt_compare(leaf->index, leaf->key, page, P_HIKEY) > 0)
			break;
		if (leaf->nfit == leaf->nrun && size <= room)
		{
			room -= size;
			leaf->nfit++;
		}
		leaf->places[leaf->nrun++] = place;
	}
	leaf->more |= leaf->clash || P_RIGHTMOST(opaque);
}

static void
history_leaf_close(HistoryLeaf *leaf)
{
	_bt_relbuf(leaf->index, leaf->buffer);
	if (leaf->stack != NULL)
		_bt_freestack(leaf->stack);
}

/*
 * Has a reader found that items are dead?  BTP_HAS_GARBAGE does not always say
 * so.
 */
static bool
history_leaf_has_dead(Page page)
{
	OffsetNumber end = PageGetMaxOffsetNumber(page) + 1;

	for (OffsetNumber offset = P_FIRSTDATAKEY(BTPageGetOpaque(page));
		 offset < end; offset++)
	{
		if (ItemIdIsDead(PageGetItemId(page, offset)))
			return true;
	}
	return false;
}

/*
 * Does the page have marks of a VACUUM?  It takes them away without WAL, and
 * replay of a split does not set them; a generic record would show them to the
 * standby for good.  Only while the VACUUM goes on, but SPLIT_END stays.
 */
static bool
history_leaf_is_marked(Page page)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);

	return opaque->btpo_cycleid != 0 ||
		(opaque->btpo_flags & BTP_SPLIT_END) != 0;
}

/*
 * GENERIC_XLOG_FULL_IMAGE for a page with bits that are set without WAL.  A
 * record of what changed would do no harm there, but leave the pages different,
 * and wal_consistency_checking says so.
 */
static int
history_leaf_image_flags(Page page)
{
	return P_HAS_GARBAGE(BTPageGetOpaque(page)) ||
		history_leaf_has_dead(page) ? GENERIC_XLOG_FULL_IMAGE : 0;
}

/*
 * Puts the entries between the items of a page that has room for them.
 */
static void
history_leaf_place(Page page, const IndexTuple *tuples,
				   const OffsetNumber *places, int ntuples)
{
	PageHeader	header = (PageHeader) page;
	OffsetNumber from = PageGetMaxOffsetNumber(page);
	OffsetNumber to = from + ntuples;

	header->pd_lower += ntuples * sizeof(ItemIdData);
	for (int i = ntuples - 1; i >= 0; i--)
	{
		Size		size = MAXALIGN(IndexTupleSize(tuples[i]));
		ItemId		item;

		for (; from >= places[i]; from--, to--)
			*PageGetItemId(page, to) = *PageGetItemId(page, from);
		header->pd_upper -= size;
		memcpy(page + header->pd_upper, tuples[i], IndexTupleSize(tuples[i]));
		item = PageGetItemId(page, to);
		ItemIdSetNormal(item, header->pd_upper, size);
		to--;
	}
}

/*
 * Enters the entries for which there is room.
 */
static int
history_leaf_fill(HistoryLeaf *leaf)
{
	Page		page = BufferGetPage(leaf->buffer);
	GenericXLogState *xlog;

	CheckForSerializableConflictIn(leaf->index, NULL,
								   BufferGetBlockNumber(leaf->buffer));
	xlog = GenericXLogStart(leaf->index);
	page = GenericXLogRegisterBuffer(xlog, leaf->buffer,
									 history_leaf_image_flags(page));
	history_leaf_place(page, leaf->tuples, leaf->places, leaf->nfit);
	GenericXLogFinish(xlog);
	history_leaf_close(leaf);
	return leaf->nfit;
}

/*
 * Merges the page's items with the entries.
 */
static void
history_leaf_merge(HistoryLeaf *leaf, Page page)
{
	OffsetNumber end = PageGetMaxOffsetNumber(page) + 1;
	OffsetNumber offset = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	int			next = 0;

	leaf->nitems = 0;
	leaf->size = 0;
	while (offset < end || next < leaf->nrun)
	{
		bool		fresh = next < leaf->nrun && leaf->places[next] == offset;
		IndexTuple	item = fresh ? leaf->tuples[next++] :
			history_leaf_item(page, offset++);

		leaf->items[leaf->nitems] = item;
		leaf->fresh[leaf->nitems++] = fresh;
		leaf->size += history_leaf_item_size(item);
	}
}

/*
 * Would deduplication help?  Then it should have its turn before a split.
 */
static bool
history_leaf_has_equals(const HistoryLeaf *leaf)
{
	int			nequal = 0;

	if (!leaf->key->allequalimage || !BTGetDeduplicateItems(leaf->index))
		return false;
	for (int i = 1; i < leaf->nitems; i++)
	{
		if (leaf->fresh[i] &&
			_bt_keep_natts_fast(leaf->index, leaf->items[i - 1],
								leaf->items[i]) > leaf->key->keysz)
			nequal++;
	}
	return nequal > leaf->nrun / 4;
}

/*
 * Which item is to be the first of the right page?  0 if there is none.
 */
static int
history_leaf_choose_cut(const HistoryLeaf *leaf)
{
	Size		wanted;
	Size		used = 0;
	int			cut = 0;
	int			best;
	int			best_natts = INT_MAX;

	if (leaf->more)
		wanted = HISTORY_LEAF_SPACE * BTGetFillFactor(leaf->index) / 100;
	else
	{
		Size		most = HISTORY_LEAF_SPACE * HISTORY_LEAF_FILL / 100;

		wanted = leaf->size / Max((leaf->size + most - 1) / most, 2);
	}
	while (cut < leaf->nitems - 1 &&
		   used + history_leaf_item_size(leaf->items[cut]) <= wanted)
		used += history_leaf_item_size(leaf->items[cut++]);

	/* A short high key is worth a page that is a little less full */
	best = cut;
	for (int i = cut; i > Max(cut - HISTORY_LEAF_CUTS, 0); i--)
	{
		int			natts = _bt_keep_natts_fast(leaf->index,
												leaf->items[i - 1],
												leaf->items[i]);

		if (natts < best_natts)
		{
			best = i;
			best_natts = natts;
		}
	}
	return best;
}

/*
 * Leaves on the right page what belongs there: all old items from cut on, and
 * entries in between as long as they have room.  Where more entries follow the
 * page would be split again, so it gets no more of them than its first item.
 * Returns how many entries both pages have.
 */
static int
history_leaf_trim(HistoryLeaf *leaf, int cut, Size high_key_size)
{
	Size		used = high_key_size;
	bool		full = false;
	int			entered = 0;
	int			nitems = cut;

	for (int i = 0; i < cut; i++)
		entered += leaf->fresh[i];
	for (int i = cut; i < leaf->nitems; i++)
	{
		if (!leaf->fresh[i])
			used += history_leaf_item_size(leaf->items[i]);
	}
	for (int i = cut; i < leaf->nitems; i++)
	{
		IndexTuple	item = leaf->items[i];

		if (leaf->fresh[i])
		{
			Size		size = history_leaf_item_size(item);

			full = full || used + size > HISTORY_LEAF_SPACE ||
				(leaf->more && i > cut);
			if (full)
				continue;
			used += size;
			entered++;
		}
		leaf->items[nitems++] = item;
	}
	leaf->nitems = nitems;
	return entered;
}

static void
history_leaf_append(Page page, IndexTuple tuple)
{
	PageHeader	header = (PageHeader) page;
	Size		size = MAXALIGN(IndexTupleSize(tuple));
	ItemId		item = (ItemId) (page + header->pd_lower);

	header->pd_lower += sizeof(ItemIdData);
	header->pd_upper -= size;
	Assert(header->pd_lower <= header->pd_upper);
	ItemIdSetNormal(item, header->pd_upper, size);
	memcpy(page + header->pd_upper, tuple, IndexTupleSize(tuple));
}

/*
 * Makes one of the two pages of a split: what is left of the old page's special
 * space is for the caller to change.
 */
static BTPageOpaque
history_leaf_make(Page page, BTPageOpaque old, BTCycleId cycleid,
				  IndexTuple high_key, const IndexTuple *items, int nitems)
{
	XLogRecPtr	lsn = PageGetLSN(page);
	BTPageOpaque opaque;

	_bt_pageinit(page, BLCKSZ);
	PageSetLSN(page, lsn);
	opaque = BTPageGetOpaque(page);
	*opaque = *old;
	opaque->btpo_flags &= ~(BTP_ROOT | BTP_SPLIT_END | BTP_HAS_GARBAGE);
	opaque->btpo_cycleid = cycleid;
	if (high_key != NULL)
		history_leaf_append(page, high_key);
	for (int i = 0; i < nitems; i++)
		history_leaf_append(page, items[i]);
	return opaque;
}

/*
 * Splits the page into items before cut and from cut on.  Nothing can fail
 * once there is a right page: it would be left behind.
 */
static void
history_leaf_write_split(HistoryLeaf *leaf, int cut, IndexTuple high_key,
						 Buffer sibling)
{
	Relation	index = leaf->index;
	Page		page = BufferGetPage(leaf->buffer);
	BTPageOpaque old = BTPageGetOpaque(page);
	BlockNumber block = BufferGetBlockNumber(leaf->buffer);
	GenericXLogState *xlog = GenericXLogStart(index);
	Page		left_page = GenericXLogRegisterBuffer(xlog, leaf->buffer,
													  GENERIC_XLOG_FULL_IMAGE);
	Buffer		right = temporal_bt_new_page(index, leaf->heap);
	Page		right_page = GenericXLogRegisterBuffer(xlog, right,
													   GENERIC_XLOG_FULL_IMAGE);
	BTCycleId	cycleid = _bt_vacuum_cycleid(index);
	BTPageOpaque opaque;

	/* What is read is the page itself; what is written are copies */
	opaque = history_leaf_make(right_page, old, cycleid,
							   P_RIGHTMOST(old) ? NULL :
							   history_leaf_item(page, P_HIKEY),
							   leaf->items + cut, leaf->nitems - cut);
	opaque->btpo_prev = block;
	if (BufferIsValid(sibling))
	{
		Page		next = BufferGetPage(sibling);

		if (BTPageGetOpaque(next)->btpo_cycleid != cycleid)
			opaque->btpo_flags |= BTP_SPLIT_END;
		next = GenericXLogRegisterBuffer(xlog, sibling,
										 history_leaf_image_flags(next));
		BTPageGetOpaque(next)->btpo_prev = BufferGetBlockNumber(right);
	}
	opaque = history_leaf_make(left_page, old, cycleid, high_key,
							   leaf->items, cut);
	opaque->btpo_flags |= BTP_INCOMPLETE_SPLIT;
	opaque->btpo_next = BufferGetBlockNumber(right);

	GenericXLogFinish(xlog);
	PredicateLockPageSplit(index, block, BufferGetBlockNumber(right));
	_bt_relbuf(index, right);
}

/*
 * Splits the page between old items and entries; returns how many of these are
 * in, 0 if it has not been touched.
 */
static int
history_leaf_split(HistoryLeaf *leaf)
{
	Relation	index = leaf->index;
	Page		page = BufferGetPage(leaf->buffer);
	BTPageOpaque opaque = BTPageGetOpaque(page);
	Buffer		sibling = InvalidBuffer;
	IndexTuple	high_key;
	Size		used;
	int			entered;
	int			cut;

	if (history_leaf_has_dead(page) || _bt_vacuum_cycleid(index) != 0)
		return 0;
	history_leaf_merge(leaf, page);
	if (history_leaf_has_equals(leaf))
		return 0;
	cut = history_leaf_choose_cut(leaf);
	if (cut == 0)
		return 0;
	entered = history_leaf_trim(leaf, cut, P_RIGHTMOST(opaque) ? 0 :
								history_leaf_item_size(history_leaf_item(page,
																		 P_HIKEY)));
	if (entered == 0 || leaf->nitems == cut)
		return 0;

	high_key = _bt_truncate(index, leaf->items[cut - 1], leaf->items[cut],
							leaf->key);
	used = history_leaf_item_size(high_key);
	for (int i = 0; i < cut; i++)
		used += history_leaf_item_size(leaf->items[i]);
	if (used > HISTORY_LEAF_SPACE)
		return 0;

	CheckForSerializableConflictIn(index, NULL,
								   BufferGetBlockNumber(leaf->buffer));
	if (!P_RIGHTMOST(opaque))
	{
		sibling = _bt_getbuf(index, opaque->btpo_next, BT_WRITE);
		if (history_leaf_is_marked(BufferGetPage(sibling)) ||
			BTPageGetOpaque(BufferGetPage(sibling))->btpo_prev !=
			BufferGetBlockNumber(leaf->buffer))
		{
			/* the latter is damage: PostgreSQL says so better */
			_bt_relbuf(index, sibling);
			return 0;
		}
	}
	history_leaf_write_split(leaf, cut, high_key, sibling);
	if (BufferIsValid(sibling))
		_bt_relbuf(index, sibling);
	pfree(high_key);

	/* This makes the downlink, and releases the page */
	temporal_bt_finish_split(index, leaf->heap, leaf->buffer, leaf->stack);
	if (leaf->stack != NULL)
		_bt_freestack(leaf->stack);
	return entered;
}

int
history_leaf_enter(HistoryLeaf *leaf, const IndexTuple *tuples, int ntuples,
				   int *alone)
{
	int			entered = 0;

	history_leaf_open(leaf, tuples, ntuples);
	*alone = 0;
	if (history_leaf_is_marked(BufferGetPage(leaf->buffer)))
		leaf->misses = 0;
	else if (leaf->nrun >= HISTORY_LEAF_RUN)
	{
		leaf->misses = 0;
		if (leaf->nfit < leaf->nrun)
			entered = history_leaf_split(leaf);
		if (entered > 0)
			return entered;
		if (leaf->nfit >= HISTORY_LEAF_RUN)
			entered = history_leaf_fill(leaf);
	}
	else if (leaf->nfit == leaf->nrun && !leaf->clash)
	{
		/* Keys that are far apart: look less often */
		leaf->misses++;
		if (leaf->misses > 2)
			*alone = Min(1 << Min(leaf->misses, 30), HISTORY_LEAF_SPARSE);
	}
	if (entered == 0)
	{
		history_leaf_close(leaf);
		*alone = Max(*alone, leaf->nfit);
	}

	/* The one that does not fit, or clashes, is PostgreSQL's */
	if (leaf->nfit < leaf->nrun || leaf->clash)
		*alone += 1;
	*alone = Min(*alone, ntuples - entered);
	return entered;
}
