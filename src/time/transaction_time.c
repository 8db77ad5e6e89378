/*-------------------------------------------------------------------------
 *
 * transaction_time.c
 *	  The system time of the current transaction
 *
 * VOCABULARY
 *		S			the tick taken at the transaction's first write to a
 *					versioned table; normally its only one
 *		own tick	S, or a later tick of the same transaction
 *
 * A transaction is one instant: what it writes starts at S, what it replaces
 * ends at S (SQL:2011 part 2, 4.15.2.2 and 15.13).  The exception is a row
 * last written by a transaction that took its S later but committed first,
 * which READ COMMITTED lets us replace: [its start, our S) would be empty or
 * reversed.  Such a row's boundary is a fresh tick, and every row written
 * from then on starts there, so that periods of one key never overlap.
 *
 * A boundary must come out the same when the new row is made and when the old
 * one is captured, possibly many rows and ticks later.  Own ticks only grow,
 * so "the smallest own tick after the old start" does not change once it
 * exists.
 *
 * Ticks taken in a subtransaction that is rolled back stay own ticks: no row
 * bears them, and S is where the transaction began to write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "time/tick_reserve.h"
#include "time/time_range.h"
#include "time/transaction_flight.h"
#include "time/transaction_time.h"

/* Own ticks, ascending; in TopTransactionContext when there are any */
static TimestampTz *own_ticks = NULL;
static int	own_nticks = 0;
static int	own_space = 0;
static bool own_entered = false;	/* transaction_flight_enter() was called */

static void
transaction_time_reset(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			/* a prepared one is in transaction_prepared.c's table by now */
			transaction_flight_leave();
			own_entered = false;

			/* the memory went, or goes, with the transaction */
			own_ticks = NULL;
			own_nticks = 0;
			own_space = 0;
			break;
		default:
			break;
	}
}

void
transaction_time_init(void)
{
	RegisterXactCallback(transaction_time_reset, NULL);
}

bool
transaction_time_is_set(void)
{
	return own_nticks > 0;
}

TimestampTz
transaction_time_fresh(void)
{
	TimestampTz tick;

	settings_require_preload();
	if (!own_entered)
	{
		transaction_flight_enter();
		own_entered = true;
	}
	tick = tick_reserve_next();
	if (own_nticks == own_space)
	{
		int			space = own_space == 0 ? 8 : own_space * 2;

		if (own_ticks == NULL)
			own_ticks = MemoryContextAlloc(TopTransactionContext,
										   space * sizeof(TimestampTz));
		else
			own_ticks = repalloc(own_ticks, space * sizeof(TimestampTz));
		own_space = space;
	}
	own_ticks[own_nticks++] = tick;
	return tick;
}

const TimestampTz *
transaction_time_ticks(int *n)
{
	*n = own_nticks;
	return own_ticks;
}

TimestampTz
transaction_time_system(void)
{
	return own_nticks > 0 ? own_ticks[0] : transaction_time_fresh();
}

TimestampTz
transaction_time_row_start(void)
{
	return own_nticks > 0 ? own_ticks[own_nticks - 1] :
		transaction_time_fresh();
}

bool
transaction_time_is_own(TimestampTz start)
{
	int			place = time_first_after(own_ticks, own_nticks, start);

	return place > 0 && own_ticks[place - 1] == start;
}

TimestampTz
transaction_time_boundary(TimestampTz start)
{
	int			place = time_first_after(own_ticks, own_nticks, start);
	TimestampTz tick;

	if (place < own_nticks)
		return own_ticks[place];

	/*
	 * Ticks of this server are never ahead of the clock, but an import can
	 * have written anything.
	 */
	tick = transaction_time_fresh();
	if (tick <= start)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("cannot replace a row version that starts in the future"),
				 errdetail("It starts at %s.", timestamptz_to_str(start)),
				 errhint("Versions written by this server start in the past; a superuser can correct imported ones with temporal.allow_period_writes.")));
	return tick;
}
