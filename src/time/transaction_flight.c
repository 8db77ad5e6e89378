/*-------------------------------------------------------------------------
 *
 * transaction_flight.c
 *	  Which transactions are in flight: have a system time and no end yet
 *
 * Each server process has a slot in shared memory.  Before a transaction takes
 * its first tick it writes there a time that the tick will be later than, and
 * takes it away when its end, commit or abort, can be seen by all others.  It
 * does the same with its commit tick.
 *
 * WHY NOBODY IS MISSED
 *		A reader wants to know what is settled at or before some t that ticks
 *		have passed.  A transaction that has a tick at or before t entered its
 *		slot before it took that tick, and the reader looks after; both go
 *		through a memory barrier.  So its slot is seen, unless it is empty
 *		again, and then the transaction's end can be seen.
 *
 * LOCKING
 *		None.  A slot is written by its process alone.  database is written
 *		before the times and read after them, so that a process that moves to another
 *		database (there are none, but slots are used again) is not mistaken.
 *
 * Prepared transactions outlive their process, and the server: they are in a
 * table (transaction_prepared.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "time/tick_clock.h"
#include "time/transaction_flight.h"

typedef struct FlightSlot
{
	pg_atomic_uint64 since;		/* all its ticks are later; 0: not in flight */
	pg_atomic_uint64 commit;	/* its C is later; 0: not committing */
	pg_atomic_uint32 database;
} FlightSlot;

typedef struct Flight
{
	pg_atomic_uint32 nslots;	/* those from here on were never used */
	FlightSlot	slots[FLEXIBLE_ARRAY_MEMBER];	/* by number of process */
} Flight;

static Flight *flight = NULL;
static bool flight_announced = false;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static Size
flight_size(void)
{
	return add_size(offsetof(Flight, slots),
					mul_size(MaxBackends, sizeof(FlightSlot)));
}

static void
flight_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(flight_size()));
}

static void
flight_shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	flight = ShmemInitStruct("temporal transactions in flight", flight_size(),
							 &found);
	if (!found)
	{
		pg_atomic_init_u32(&flight->nslots, 0);
		for (int i = 0; i < MaxBackends; i++)
		{
			pg_atomic_init_u64(&flight->slots[i].since, 0);
			pg_atomic_init_u64(&flight->slots[i].commit, 0);
			pg_atomic_init_u32(&flight->slots[i].database, InvalidOid);
		}
	}
	LWLockRelease(AddinShmemInitLock);
}

void
transaction_flight_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = flight_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = flight_shmem_startup;
}

static FlightSlot *
flight_own_slot(void)
{
	int			number = temporal_my_proc_number();

	Assert(number >= 0 && number < MaxBackends);
	return &flight->slots[number];
}

/*
 * The slot, of this database from now on.
 */
static FlightSlot *
flight_announce(void)
{
	FlightSlot *slot = flight_own_slot();
	uint32		needed = slot - flight->slots + 1;
	uint32		nslots = pg_atomic_read_u32(&flight->nslots);

	flight_announced = true;
	while (nslots < needed &&
		   !pg_atomic_compare_exchange_u32(&flight->nslots, &nslots, needed))
		;
	pg_atomic_write_u32(&slot->database, MyDatabaseId);
	pg_write_barrier();
	return slot;
}

void
transaction_flight_enter(void)
{
	FlightSlot *slot = flight_announce();

	/* never 0, even where the clock has not started */
	pg_atomic_write_u64(&slot->since, Max(tick_clock_last(), 1));
	pg_memory_barrier();
}

void
transaction_flight_commit(void)
{
	FlightSlot *slot = flight_announce();

	pg_atomic_write_u64(&slot->commit, Max(tick_clock_last(), 1));
	pg_memory_barrier();
}

void
transaction_flight_leave(void)
{
	FlightSlot *slot;

	if (!flight_announced)
		return;
	slot = flight_own_slot();
	pg_memory_barrier();
	pg_atomic_write_u64(&slot->commit, 0);
	pg_atomic_write_u64(&slot->since, 0);
	flight_announced = false;
}

/*
 * The least time that a slot of this database has, if it is less than at_most.
 */
static TimestampTz
flight_least(TimestampTz at_most, bool own, bool commit)
{
	const FlightSlot *own_slot = flight_own_slot();
	uint32		nslots;

	pg_memory_barrier();
	nslots = pg_atomic_read_u32(&flight->nslots);
	for (uint32 i = 0; i < nslots; i++)
	{
		FlightSlot *slot = &flight->slots[i];
		uint64		t = pg_atomic_read_u64(commit ? &slot->commit :
										   &slot->since);

		if (t == 0 || (TimestampTz) t >= at_most)
			continue;
		pg_read_barrier();
		if (pg_atomic_read_u32(&slot->database) == MyDatabaseId &&
			(own || slot != own_slot))
			at_most = (TimestampTz) t;
	}
	return at_most;
}

TimestampTz
transaction_flight_settled(TimestampTz at_most, bool own)
{
	return flight_least(at_most, own, false);
}

TimestampTz
transaction_flight_arrived(TimestampTz at_most)
{
	return flight_least(at_most, false, true);
}
