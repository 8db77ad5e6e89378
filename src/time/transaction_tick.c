/*-------------------------------------------------------------------------
 *
 * transaction_tick.c
 *	  Which transaction does a tick belong to?
 *
 * A transaction is in flight at each of its ticks, so that the search for all
 * that were in flight at an instant finds it (transaction_log.c).
 *
 * A row of the log never changes, and whoever sees a version sees the row of
 * its transaction: what was found is remembered, in a small table where each
 * tick has one place.  What was not found may be found later.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "time/transaction_log.h"
#include "time/transaction_tick.h"

#define TICK_CACHE_SIZE 256

typedef struct TickCacheEntry
{
	Oid			log;			/* InvalidOid: empty */
	TransactionOfTick answer;
} TickCacheEntry;

static TickCacheEntry tick_cache[TICK_CACHE_SIZE];

static bool
tick_is_of_row(TimestampTz tick, const TransactionRow *row)
{
	if (row->system_time == tick)
		return true;
	for (int i = 0; i < row->nticks; i++)
	{
		if (row->ticks[i] == tick)
			return true;
	}
	return false;
}

/*
 * Finds the row of the transaction; its ticks are palloc'd.
 */
static bool
tick_find_row(TimestampTz tick, TransactionRow *row)
{
	TransactionScan *scan;
	int			lifetime = 0;
	bool		found = false;

	if (TIMESTAMP_NOT_FINITE(tick) ||
		(scan = transaction_scan_begin(NULL)) == NULL)
		return false;
	transaction_scan_after(scan, 0, tick);
	while (transaction_scan_next(scan, row))
	{
		CHECK_FOR_INTERRUPTS();
		if (row->lifetime > lifetime)
		{
			lifetime = row->lifetime;
			if (row->committed_at <= tick)
			{
				transaction_scan_after(scan, lifetime, tick);
				continue;
			}
		}
		if (row->committed_at - tick >= transaction_lifetime_limit(lifetime))
		{
			if (++lifetime > TRANSACTION_LIFETIME_MAX)
				break;
			transaction_scan_after(scan, lifetime, tick);
			continue;
		}
		if (tick_is_of_row(tick, row))
		{
			found = true;
			break;
		}
	}
	transaction_scan_end(scan);
	return found;
}

const TransactionOfTick *
transaction_of_tick(TimestampTz tick)
{
	Oid			log = transaction_log_relation();
	TickCacheEntry *entry =
		&tick_cache[murmurhash32((uint32) tick) % TICK_CACHE_SIZE];
	TransactionRow row;

	if (!OidIsValid(log))
		return NULL;
	if (entry->log == log && entry->answer.tick == tick)
		return &entry->answer;
	if (!tick_find_row(tick, &row))
		return NULL;
	entry->log = log;
	entry->answer.tick = tick;
	entry->answer.committed_at = row.committed_at;
	entry->answer.xid = row.xid;
	entry->answer.has_siblings = row.nticks > 0;
	return &entry->answer;
}

TimestampTz *
transaction_tick_siblings(TimestampTz tick, int *nticks)
{
	const TransactionOfTick *found = transaction_of_tick(tick);
	TransactionRow row;
	TimestampTz *ticks;

	if (found == NULL || !found->has_siblings || !tick_find_row(tick, &row))
		return NULL;
	*nticks = row.nticks + 1;
	ticks = palloc(*nticks * sizeof(TimestampTz));
	ticks[0] = row.system_time;
	memcpy(ticks + 1, row.ticks, row.nticks * sizeof(TimestampTz));
	return ticks;
}
