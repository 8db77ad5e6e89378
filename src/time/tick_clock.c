/*-------------------------------------------------------------------------
 *
 * tick_clock.c
 *	  One strictly increasing clock for the whole server
 *
 * A tick is max(now, last tick + 1 microsecond).  The last tick is one atomic
 * variable in shared memory, advanced by compare-and-exchange: no lock, no
 * wait, and two sessions never get the same value.
 *
 * WHAT IS PROMISED
 *		Ticks increase strictly over all sessions and databases for as long as
 *		the shared memory lives.  tick_reserve.c carries the promise over
 *		restarts, crashes and promotions; nothing else may call
 *		tick_clock_next().
 *
 * WHAT IS NOT
 *		A tick is not the time of day: a clock that was set back leaves ticks
 *		one microsecond apart until the time of day has caught up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "time/tick_clock.h"

typedef struct TickClock
{
	pg_atomic_uint64 last;		/* the last tick given; 0 = 2000-01-01 */
} TickClock;

static TickClock *tick_clock = NULL;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static void
tick_clock_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(TickClock)));
}

static void
tick_clock_shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tick_clock = ShmemInitStruct("temporal tick clock", sizeof(TickClock),
								 &found);
	if (!found)
		pg_atomic_init_u64(&tick_clock->last, 0);
	LWLockRelease(AddinShmemInitLock);
}

void
tick_clock_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = tick_clock_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = tick_clock_shmem_startup;
}

TimestampTz
tick_clock_next(void)
{
	/* A clock before 2000 counts as standing at 2000 */
	uint64		now = (uint64) Max(GetCurrentTimestamp(), 0);
	uint64		last = pg_atomic_read_u64(&tick_clock->last);
	uint64		tick;

	do
	{
		tick = Max(now, last + 1);
	} while (!pg_atomic_compare_exchange_u64(&tick_clock->last, &last, tick));

	return (TimestampTz) tick;
}

TimestampTz
tick_clock_last(void)
{
	return (TimestampTz) pg_atomic_read_u64(&tick_clock->last);
}

TimestampTz
tick_clock_pass(void)
{
	TimestampTz now = GetCurrentTimestamp();

	tick_clock_raise(now);
	return Max(now, 0);
}

void
tick_clock_raise(TimestampTz t)
{
	uint64		last = pg_atomic_read_u64(&tick_clock->last);

	while (t > 0 && last < (uint64) t)
	{
		if (pg_atomic_compare_exchange_u64(&tick_clock->last, &last,
										   (uint64) t))
			break;
	}
}
