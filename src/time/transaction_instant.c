/*-------------------------------------------------------------------------
 *
 * transaction_instant.c
 *	  What was committed at an instant
 *
 * AS OF t shows what the transactions with C <= t left behind.  Versions bear
 * the system time S of their transaction and not C, so that those in flight at
 * t, S <= t < C, have to be told apart: the log knows them
 * (transaction_log.c).  What one of them wrote was not there yet, and what it
 * replaced still was.  All its ticks count as S does.
 *
 * A t THAT IS A TICK of a transaction, as a version's own start or end is,
 * means the moment the transaction had been committed.
 *
 * THE CURRENT TRANSACTION is in flight at every t that has passed, and will
 * have been committed at any later one, or at one of its own ticks.
 *
 * SETTLED		An instant before everything that is in flight now stays what
 *				it is.  It is remembered, a few of them for each session, with
 *				the log around it (transaction_window.c), and a plan may
 *				contain it as a constant.  It does not ask for the
 *				snapshot: a transaction that the snapshot does not see may be
 *				among those in flight, where it is or is not without
 *				consequence.
 *
 * On a standby nothing is settled: it does not know what is in flight.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "time/tick_clock.h"
#include "time/time_range.h"
#include "time/transaction_flight.h"
#include "time/transaction_instant.h"
#include "time/transaction_log.h"
#include "time/transaction_prepared.h"
#include "time/transaction_time.h"
#include "time/transaction_window.h"

/* Instants a session remembers; the oldest makes room */
#define INSTANT_CACHE_SIZE	8

typedef struct InstantBuffer
{
	TimestampTz t;				/* what was asked for */
	Oid			log;			/* and which log was; InvalidOid: empty */
	TransactionInstant instant;
	TimestampTz *flight;		/* what instant.flight is, */
	int			space;			/* and its length */
} InstantBuffer;

static InstantBuffer instant_cache[INSTANT_CACHE_SIZE];
static int	instant_cache_next = 0;
static InstantBuffer instant_other;

/* Where instants are looked for: what is settled, the oldest makes room */
#define INSTANT_WINDOWS	8

static TransactionWindow instant_windows[INSTANT_WINDOWS];
static int	instant_windows_next = 0;
static TransactionWindow instant_snapshot_seen;

static void
instant_add(InstantBuffer *buffer, TimestampTz tick)
{
	if (buffer->instant.nflight == buffer->space)
	{
		int			space = buffer->space == 0 ? 16 : buffer->space * 2;

		if (buffer->flight == NULL)
			buffer->flight = MemoryContextAlloc(TopMemoryContext,
												space * sizeof(TimestampTz));
		else
			buffer->flight = repalloc_huge(buffer->flight,
										   space * sizeof(TimestampTz));
		buffer->space = space;
	}
	buffer->flight[buffer->instant.nflight++] = tick;
}

/*
 * All that were in flight at t, of which the window knows.  Returns t, or if t
 * is a tick of one of them, its C.
 */
static TimestampTz
instant_collect(InstantBuffer *buffer, const TransactionWindow *window,
				TimestampTz t)
{
	TimestampTz upper = t;

	buffer->instant.nflight = 0;
	for (int i = transaction_window_next(window, t, 0); i >= 0;
		 i = transaction_window_next(window, t, i + 1))
	{
		const WindowRow *row = &window->rows[i];
		const TimestampTz *ticks = window->ticks + row->ticks;
		bool		is_tick = row->system_time == t;

		instant_add(buffer, row->system_time);
		for (int j = 0; j < row->nticks; j++)
		{
			is_tick |= ticks[j] == t;
			instant_add(buffer, ticks[j]);
		}
		if (is_tick)
			upper = row->committed_at;
	}
	return upper;
}

/*
 * Whatever is in flight will have ended by t, or began after it.
 */
static bool
instant_is_always(TimestampTz t)
{
	return TIMESTAMP_NOT_FINITE(t) || t >= END_TIMESTAMP - 1;
}

static int
instant_compare_ticks(const void *a, const void *b)
{
	TimestampTz x = *(const TimestampTz *) a;
	TimestampTz y = *(const TimestampTz *) b;

	return x < y ? -1 : x > y;
}

static void
instant_finish(InstantBuffer *buffer, TimestampTz upper)
{
	TransactionInstant *instant = &buffer->instant;

	if (instant->nflight > 1)
		qsort(buffer->flight, instant->nflight, sizeof(TimestampTz),
			  instant_compare_ticks);
	instant->flight = buffer->flight;
	instant->upper = upper;
	instant->lower = upper;
	if (instant->nflight > 0)
		instant->lower = Min(upper, buffer->flight[0] - 1);
}

static InstantBuffer *
instant_find_cached(TimestampTz t, Oid log)
{
	for (int i = 0; i < INSTANT_CACHE_SIZE; i++)
	{
		InstantBuffer *buffer = &instant_cache[i];

		if (buffer->t == t && buffer->log == log && OidIsValid(log))
			return buffer;
	}
	return NULL;
}

/* What was once settled, with regard to that log, is for good */
static TimestampTz settled_known = DT_NOBEGIN;
static Oid	settled_known_log = InvalidOid;

static bool
instant_is_settled(TimestampTz t, Oid log)
{
	TimestampTz settled;

	if (instant_is_always(t))
		return true;
	if (settled_known_log != log)
		settled_known = DT_NOBEGIN;
	settled_known_log = log;
	if (t <= settled_known)
		return true;
	settled = transaction_flight_settled(tick_clock_pass());
	if (t <= settled)
	{
		settled = transaction_prepared_settled(settled);
		settled_known = Max(settled_known, settled);
	}
	return t <= settled_known;
}

/*
 * A window that covers t, which is settled
 */
static const TransactionWindow *
instant_settled_window(TimestampTz t)
{
	TransactionWindow *window;

	for (int i = 0; i < INSTANT_WINDOWS; i++)
	{
		if (transaction_window_covers(&instant_windows[i], t))
			return &instant_windows[i];
	}
	window = &instant_windows[instant_windows_next];
	instant_windows_next = (instant_windows_next + 1) % INSTANT_WINDOWS;
	transaction_window_fill(window, t, settled_known, NULL);
	return window;
}

/*
 * Fills the buffer for t, which is settled; false if it means the C of a
 * transaction, and that is not.
 */
static bool
instant_fill_settled(InstantBuffer *buffer, TimestampTz t, Oid log)
{
	TimestampTz upper = t;

	buffer->instant.nflight = 0;
	if (!instant_is_always(t))
		upper = instant_collect(buffer, instant_settled_window(t), t);
	if (upper != t)
	{
		if (!instant_is_settled(upper, log))
			return false;
		(void) instant_collect(buffer, instant_settled_window(upper), upper);
	}
	instant_finish(buffer, upper);
	return true;
}

const TransactionInstant *
transaction_instant_settled(TimestampTz t)
{
	Oid			log = transaction_log_objects()->log;
	InstantBuffer *buffer = instant_find_cached(t, log);

	if (buffer != NULL)
		return &buffer->instant;
	if (RecoveryInProgress() || !instant_is_settled(t, log))
		return NULL;

	buffer = &instant_cache[instant_cache_next];
	instant_cache_next = (instant_cache_next + 1) % INSTANT_CACHE_SIZE;
	buffer->log = InvalidOid;
	if (!instant_fill_settled(buffer, t, log))
		return NULL;
	buffer->t = t;
	buffer->log = log;
	return &buffer->instant;
}

/*
 * The own ticks are in flight as well, unless t is one or is yet to come.
 */
static void
instant_add_own(InstantBuffer *buffer, TimestampTz t)
{
	int			nown;
	const TimestampTz *own = transaction_time_ticks(&nown);

	if (nown == 0 || own[0] > buffer->instant.upper)
		return;
	if (transaction_time_is_own(t))
	{
		buffer->instant.nflight = 0;
		instant_finish(buffer, END_TIMESTAMP - 1);
		return;
	}
	if (t > tick_clock_pass() && t > tick_clock_last())
		return;
	for (int i = 0; i < nown; i++)
		instant_add(buffer, own[i]);
	instant_finish(buffer, buffer->instant.upper);
}

/*
 * A window that covers t, of what the snapshot sees
 */
static const TransactionWindow *
instant_snapshot_window(TimestampTz t, Snapshot snapshot)
{
	if (!transaction_window_covers(&instant_snapshot_seen, t))
		transaction_window_fill(&instant_snapshot_seen, t, END_TIMESTAMP - 2,
								snapshot);
	return &instant_snapshot_seen;
}

static void
instant_fill_seen(InstantBuffer *buffer, TimestampTz t, Snapshot snapshot)
{
	TimestampTz upper = t;

	buffer->instant.nflight = 0;
	if (!instant_is_always(t))
	{
		upper = instant_collect(buffer, instant_snapshot_window(t, snapshot),
								t);
		if (upper != t)
			(void) instant_collect(buffer,
								   instant_snapshot_window(upper, snapshot),
								   upper);
	}
	instant_finish(buffer, upper);
}

/*
 * What instant_other and instant_snapshot_seen hold, which is not settled,
 * stays right for the snapshot it was looked up with: nothing that the snapshot
 * does not see comes in.  Transactions only leave a snapshot's list, and new
 * ones move its end.
 */
typedef struct InstantOwner
{
	TransactionId xmin;
	TransactionId xmax;
	uint32		nxids;
	int32		nsubxids;
	bool		in_recovery;
	int			nown;			/* own ticks */
} InstantOwner;

static bool
instant_same_owner(const InstantOwner *a, const InstantOwner *b)
{
	return TransactionIdEquals(a->xmin, b->xmin) &&
		TransactionIdEquals(a->xmax, b->xmax) &&
		a->nxids == b->nxids && a->nsubxids == b->nsubxids &&
		a->in_recovery == b->in_recovery && a->nown == b->nown;
}

const TransactionInstant *
transaction_instant(TimestampTz t)
{
	static InstantOwner owner;
	const TransactionInstant *settled = transaction_instant_settled(t);
	Snapshot	snapshot;
	InstantOwner now;
	Oid			log;

	if (settled != NULL)
		return settled;
	snapshot = GetActiveSnapshot();
	log = transaction_log_objects()->log;
	now.xmin = snapshot->xmin;
	now.xmax = snapshot->xmax;
	now.nxids = snapshot->xcnt;
	now.nsubxids = snapshot->subxcnt;
	now.in_recovery = snapshot->takenDuringRecovery;
	(void) transaction_time_ticks(&now.nown);
	if (!instant_same_owner(&owner, &now))
	{
		instant_other.log = InvalidOid;
		transaction_window_forget(&instant_snapshot_seen);
		owner = now;
	}
	if (instant_other.log == log && OidIsValid(log) && instant_other.t == t)
		return &instant_other.instant;

	instant_other.log = InvalidOid;
	instant_fill_seen(&instant_other, t, snapshot);
	instant_add_own(&instant_other, t);
	instant_other.t = t;
	instant_other.log = log;
	return &instant_other.instant;
}

bool
transaction_instant_in_flight(const TransactionInstant *instant,
							  TimestampTz tick)
{
	int			place = time_first_after(instant->flight, instant->nflight,
										 tick);

	return place > 0 && instant->flight[place - 1] == tick;
}

bool
transaction_instant_shows(const TransactionInstant *instant,
						  TimestampTz start, TimestampTz end)
{
	if (start > instant->upper ||
		transaction_instant_in_flight(instant, start))
		return false;
	return end > instant->upper || transaction_instant_in_flight(instant, end);
}
