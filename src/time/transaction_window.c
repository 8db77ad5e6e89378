/*-------------------------------------------------------------------------
 *
 * transaction_window.c
 *	  The transactions in flight during a stretch of time
 *
 * Who asks what was committed at an instant often asks for many instants, one
 * for each row of another table, and these lie close to each other.  Finding
 * one in the log means a binary search and a page that is read whole; the page
 * has what is needed for all the times between its commits, too.  So a window
 * has the rows of all transactions that were in flight at some time of
 * [from, to], and which of them were at t, is a search in memory.
 *
 * COMPLETE		For rows with C > from the scan begins where it does for a single
 *				time (transaction_scan.c).  It ends after a row that says
 *				either that all transactions with a tick at or before to had
 *				ended, or that all with a C up to limit had: then those with a
 *				later C that were in flight at to, or before, took 65 ms and
 *				more, and are in the index of slow transactions.
 *
 * HOW LONG		What the first page that is read tells about anyhow, but not
 *				past what the caller knows to be settled.  A single time costs
 *				hardly more than without a window.
 *
 * Memory is in TopMemoryContext; a window that has more rows than a page of the
 * log and 65 ms are likely to have is used, and not kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "time/transaction_log.h"
#include "time/transaction_scan.h"
#include "time/transaction_window.h"

/* What may be kept, a quarter of a megabyte of rows */
#define WINDOW_ROWS_KEPT	6000
#define WINDOW_TICKS_KEPT	6000

static void *
window_enlarge(void *array, Size size)
{
	return array == NULL ? MemoryContextAlloc(TopMemoryContext, size) :
		repalloc_huge(array, size);
}

static void
window_add_ticks(TransactionWindow *window, const TransactionRow *row)
{
	while (window->nticks + row->nticks > window->tick_space)
	{
		Size		space = Max(16, window->tick_space * 2);

		window->ticks = window_enlarge(window->ticks,
									   space * sizeof(TimestampTz));
		window->tick_space = space;
	}
	memcpy(window->ticks + window->nticks, row->ticks,
		   row->nticks * sizeof(TimestampTz));
	window->nticks += row->nticks;
}

static void
window_add(TransactionWindow *window, const TransactionRow *row)
{
	WindowRow  *new;

	if (window->nrows == window->row_space)
	{
		int			space = Max(64, window->row_space * 2);

		window->rows = window_enlarge(window->rows,
									  (Size) space * sizeof(WindowRow));
		window->row_space = space;
	}
	new = &window->rows[window->nrows++];
	new->committed_at = row->committed_at;
	new->system_time = row->system_time;
	new->nticks = row->nticks;
	new->ticks = window->nticks;
	if (row->nticks > 0)
		window_add_ticks(window, row);
}

/*
 * Those that were committed later than limit: the slow ones.
 */
static void
window_collect_slow(TransactionWindow *window, TransactionScan *scan,
					TimestampTz limit)
{
	TransactionRow row;
	int			lifetime = TRANSACTION_LIFETIME_SLOW;

	transaction_scan_slow(scan, lifetime, limit);
	while (transaction_scan_next(scan, &row))
	{
		CHECK_FOR_INTERRUPTS();
		if (row.lifetime > lifetime)
		{
			lifetime = row.lifetime;
			if (row.committed_at <= limit)
			{
				transaction_scan_slow(scan, lifetime, limit);
				continue;
			}
		}
		if (row.committed_at - window->to >= transaction_lifetime_limit(lifetime))
		{
			if (++lifetime > TRANSACTION_LIFETIME_MAX)
				break;
			transaction_scan_slow(scan, lifetime, limit);
			continue;
		}
		if (row.visible && row.system_time <= window->to)
			window_add(window, &row);
	}
}

static void
window_collect(TransactionWindow *window, TransactionScan *scan,
			   TimestampTz until)
{
	TimestampTz limit;
	bool		slow = false;
	bool		all = false;
	TransactionRow row;

	transaction_scan_after(scan, window->from);
	transaction_scan_widen(scan, until, &window->from, &window->to);
	limit = window->to +
		transaction_lifetime_limit(TRANSACTION_LIFETIME_SLOW - 1) - 1;
	while (transaction_scan_next(scan, &row))
	{
		CHECK_FOR_INTERRUPTS();
		if (row.committed_at <= limit && row.visible &&
			row.system_time <= window->to)
			window_add(window, &row);

		/* all others that were in flight had ended by this commit */
		if (row.committed_at <= limit && row.settled >= window->to)
		{
			all = true;
			transaction_scan_stop(scan);
		}
		if (row.arrived >= limit)
		{
			slow = true;
			transaction_scan_stop(scan);
		}
		slow |= row.committed_at > limit;
	}
	if (slow && !all)
		window_collect_slow(window, scan, limit);
}

static int
window_compare_rows(const void *a, const void *b)
{
	TimestampTz x = ((const WindowRow *) a)->committed_at;
	TimestampTz y = ((const WindowRow *) b)->committed_at;

	return x < y ? -1 : x > y;
}

static void
window_finish(TransactionWindow *window)
{
	WindowRow  *rows = window->rows;
	bool		in_order = true;

	/* mostly they are */
	for (int i = 1; i < window->nrows && in_order; i++)
		in_order = rows[i - 1].committed_at <= rows[i].committed_at;
	if (!in_order)
		qsort(rows, window->nrows, sizeof(WindowRow), window_compare_rows);
	for (int i = window->nrows - 1; i >= 0; i--)
	{
		rows[i].first = rows[i].system_time;
		if (i + 1 < window->nrows)
			rows[i].first = Min(rows[i].first, rows[i + 1].first);
	}
}

void
transaction_window_fill(TransactionWindow *window, TimestampTz t,
						TimestampTz until, Snapshot snapshot)
{
	TransactionScan *scan;

	transaction_window_forget(window);
	window->from = window->to = t;
	scan = transaction_scan_begin(snapshot);
	if (scan == NULL)
		return;
	window_collect(window, scan, until);
	transaction_scan_end(scan);
	window_finish(window);
	if (window->nrows <= WINDOW_ROWS_KEPT &&
		window->nticks <= WINDOW_TICKS_KEPT)
		window->log = transaction_log_objects()->log;
}

bool
transaction_window_covers(const TransactionWindow *window, TimestampTz t)
{
	return t >= window->from && t <= window->to &&
		OidIsValid(window->log) &&
		window->log == transaction_log_objects()->log;
}

void
transaction_window_forget(TransactionWindow *window)
{
	window->log = InvalidOid;
	window->nrows = 0;
	window->nticks = 0;
	if (window->row_space > 2 * WINDOW_ROWS_KEPT)
	{
		pfree(window->rows);
		window->rows = NULL;
		window->row_space = 0;
	}
	if (window->tick_space > 2 * WINDOW_TICKS_KEPT)
	{
		pfree(window->ticks);
		window->ticks = NULL;
		window->tick_space = 0;
	}
}

/*
 * The first row that was committed after t
 */
static int
window_find(const TransactionWindow *window, TimestampTz t)
{
	int			low = 0;
	int			high = window->nrows;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (window->rows[middle].committed_at > t)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int
transaction_window_next(const TransactionWindow *window, TimestampTz t,
						int place)
{
	if (place == 0)
		place = window_find(window, t);
	for (; place < window->nrows && window->rows[place].first <= t; place++)
	{
		if (window->rows[place].system_time <= t)
			return place;
	}
	return -1;
}
