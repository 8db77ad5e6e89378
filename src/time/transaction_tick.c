/*-------------------------------------------------------------------------
 *
 * transaction_tick.c
 *	  Which transaction does a tick belong to?
 *
 * A transaction is in flight at each of its ticks, so that the search for all
 * that were in flight at an instant finds it (transaction_instant.c).
 *
 * A row of the log never changes, and whoever sees a version sees the row of
 * its transaction: what was found is remembered, and so is what was read on
 * the way, since ticks that are asked for one after the other are often near
 * each other.  The table has one place for each tick, which the next one with
 * the same place takes.  What was not found may be found later.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "time/transaction_log.h"
#include "time/transaction_scan.h"
#include "time/transaction_tick.h"

#define TICK_CACHE_SIZE 4096

static TransactionOfTick *tick_cache = NULL;	/* tick is 0 where empty */
static Oid	tick_cache_log = InvalidOid;

static TransactionOfTick *
tick_cache_entry(TimestampTz tick)
{
	Oid			log = transaction_log_objects()->log;

	if (tick_cache == NULL)
		tick_cache = MemoryContextAllocZero(TopMemoryContext,
											TICK_CACHE_SIZE *
											sizeof(TransactionOfTick));
	if (tick_cache_log != log)
	{
		memset(tick_cache, 0, TICK_CACHE_SIZE * sizeof(TransactionOfTick));
		tick_cache_log = log;
	}
	return &tick_cache[hash_bytes((const unsigned char *) &tick,
								  sizeof(tick)) % TICK_CACHE_SIZE];
}

static void
tick_remember(TimestampTz tick, const TransactionRow *row)
{
	TransactionOfTick *entry = tick_cache_entry(tick);

	entry->tick = tick;
	entry->committed_at = row->committed_at;
	entry->xid = row->xid;
	entry->has_siblings = row->nticks > 0;
}

/*
 * Remembers a row; is the tick one of its?
 */
static bool
tick_is_of_row(TimestampTz tick, const TransactionRow *row)
{
	bool		found = row->system_time == tick;

	tick_remember(row->system_time, row);
	for (int i = 0; i < row->nticks; i++)
	{
		found |= row->ticks[i] == tick;
		tick_remember(row->ticks[i], row);
	}
	return found;
}

/*
 * Among the slow transactions that were committed after limit
 */
static bool
tick_find_slow(TransactionScan *scan, TimestampTz tick, TimestampTz limit,
			   TransactionRow *row)
{
	int			lifetime = TRANSACTION_LIFETIME_SLOW;

	transaction_scan_slow(scan, lifetime, limit);
	while (transaction_scan_next(scan, row))
	{
		CHECK_FOR_INTERRUPTS();
		if (row->lifetime > lifetime)
		{
			lifetime = row->lifetime;
			if (row->committed_at <= limit)
			{
				transaction_scan_slow(scan, lifetime, limit);
				continue;
			}
		}
		if (row->committed_at - tick >= transaction_lifetime_limit(lifetime))
		{
			if (++lifetime > TRANSACTION_LIFETIME_MAX)
				break;
			transaction_scan_slow(scan, lifetime, limit);
			continue;
		}
		if (tick_is_of_row(tick, row))
			return true;
	}
	return false;
}

/*
 * Finds the row of the transaction, by the same way as those in flight at an
 * instant are found.  Its ticks are valid as long as the scan.
 */
static bool
tick_find_row(TransactionScan *scan, TimestampTz tick, TransactionRow *row)
{
	TimestampTz limit = tick +
		transaction_lifetime_limit(TRANSACTION_LIFETIME_SLOW - 1) - 1;
	bool		slow = false;
	bool		all = false;

	transaction_scan_after(scan, tick);
	while (transaction_scan_next(scan, row))
	{
		CHECK_FOR_INTERRUPTS();
		if (tick_is_of_row(tick, row))
			return true;
		if (row->committed_at <= limit && row->settled >= tick)
		{
			all = true;
			transaction_scan_stop(scan);
		}
		slow |= row->committed_at > limit;
		if (row->arrived >= limit)
			transaction_scan_stop(scan);
	}
	return slow && !all && tick_find_slow(scan, tick, limit, row);
}

const TransactionOfTick *
transaction_of_tick(TimestampTz tick)
{
	TransactionOfTick *entry = tick_cache_entry(tick);
	TransactionScan *scan;
	TransactionRow row;
	bool		found;

	if (TIMESTAMP_NOT_FINITE(tick))
		return NULL;
	if (entry->tick == tick && entry->committed_at != 0)
		return entry;
	scan = transaction_scan_begin(NULL);
	if (scan == NULL)
		return NULL;
	found = tick_find_row(scan, tick, &row);

	/* the last word: another tick of the row may have the same place */
	if (found)
		tick_remember(tick, &row);
	transaction_scan_end(scan);
	return found ? entry : NULL;
}

TimestampTz *
transaction_tick_siblings(TimestampTz tick, int *nticks)
{
	const TransactionOfTick *found = transaction_of_tick(tick);
	TransactionScan *scan;
	TransactionRow row;
	TimestampTz *ticks = NULL;

	if (found == NULL || !found->has_siblings)
		return NULL;
	scan = transaction_scan_begin(NULL);
	if (scan != NULL && tick_find_row(scan, tick, &row))
	{
		*nticks = row.nticks + 1;
		ticks = palloc(*nticks * sizeof(TimestampTz));
		ticks[0] = row.system_time;
		memcpy(ticks + 1, row.ticks, row.nticks * sizeof(TimestampTz));
	}
	if (scan != NULL)
		transaction_scan_end(scan);
	return ticks;
}
