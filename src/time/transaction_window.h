/*-------------------------------------------------------------------------
 *
 * transaction_window.h
 *	  The transactions in flight during a stretch of time
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_WINDOW_H
#define TEMPORAL_TRANSACTION_WINDOW_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

typedef struct WindowRow
{
	TimestampTz committed_at;
	TimestampTz system_time;
	TimestampTz first;			/* least system_time from here on */
	int			nticks;			/* further own ticks, */
	Size		ticks;			/* from here in the window's */
} WindowRow;

/* All zeroes: one that covers nothing. */
typedef struct TransactionWindow
{
	Oid			log;			/* which log; InvalidOid: covers nothing */
	TimestampTz from;			/* both inclusive */
	TimestampTz to;
	WindowRow  *rows;			/* in order of committed_at */
	int			nrows;
	int			row_space;
	TimestampTz *ticks;
	Size		nticks;
	Size		tick_space;
} TransactionWindow;

/*
 * Reads the log for a stretch around t, up to until at most: what the snapshot
 * sees, or with NULL all that is committed by now.  Who wants to use the
 * window for more than t has to know that this does not change meanwhile.
 */
extern void transaction_window_fill(TransactionWindow *window, TimestampTz t,
									TimestampTz until, Snapshot snapshot);

extern bool transaction_window_covers(const TransactionWindow *window,
									  TimestampTz t);

/* So that it covers nothing; frees memory that is more than is reasonable. */
extern void transaction_window_forget(TransactionWindow *window);

/*
 * Those in flight at t, which the window covers: the number of the first one at
 * or after place, which is 0 to begin with; -1 if there is none.
 */
extern int	transaction_window_next(const TransactionWindow *window,
									TimestampTz t, int place);

#endif							/* TEMPORAL_TRANSACTION_WINDOW_H */
