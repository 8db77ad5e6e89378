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
 * table (transaction_prepared.c).  Which of them this server began itself,
 * since it started, crashed or was promoted, tells the next number there was
 * at the first BEGIN after that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"
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
	/* Slots before the first and after the last were never used */
	pg_atomic_uint32 first;
	pg_atomic_uint32 last;
	pg_atomic_uint64 own_xids;	/* this server's begin here; 0: not known */
	pg_atomic_uint32 prepared;	/* was a transaction with ticks prepared? */
	pg_atomic_uint32 unfinished;	/* did finishing one fail half way? */
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
		pg_atomic_init_u32(&flight->first, MaxBackends);
		pg_atomic_init_u32(&flight->last, 0);
		pg_atomic_init_u64(&flight->own_xids, 0);
		pg_atomic_init_u32(&flight->prepared, 0);
		pg_atomic_init_u32(&flight->unfinished, 0);
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
	uint32		number = slot - flight->slots;
	uint32		first = pg_atomic_read_u32(&flight->first);
	uint32		last = pg_atomic_read_u32(&flight->last);

	flight_announced = true;
	while (number < first &&
		   !pg_atomic_compare_exchange_u32(&flight->first, &first, number))
		;
	while (number > last &&
		   !pg_atomic_compare_exchange_u32(&flight->last, &last, number))
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

void
transaction_flight_look(TimestampTz at_most, bool own, TimestampTz *settled,
						TimestampTz *arrived)
{
	const FlightSlot *own_slot = flight_own_slot();
	uint32		first;
	uint32		last;

	*settled = *arrived = at_most;
	pg_memory_barrier();
	first = pg_atomic_read_u32(&flight->first);
	last = pg_atomic_read_u32(&flight->last);
	for (uint32 i = first; i <= last; i++)
	{
		FlightSlot *slot = &flight->slots[i];
		uint64		since = pg_atomic_read_u64(&slot->since);
		uint64		commit = pg_atomic_read_u64(&slot->commit);

		if ((since == 0 || (TimestampTz) since >= *settled) &&
			(commit == 0 || (TimestampTz) commit >= *arrived))
			continue;
		pg_read_barrier();
		if (pg_atomic_read_u32(&slot->database) != MyDatabaseId ||
			(slot == own_slot && !own))
			continue;
		if (since != 0)
			*settled = Min(*settled, (TimestampTz) since);
		if (commit != 0)
			*arrived = Min(*arrived, (TimestampTz) commit);
	}
}

TimestampTz
transaction_flight_settled(TimestampTz at_most)
{
	TimestampTz settled;
	TimestampTz arrived;

	transaction_flight_look(at_most, true, &settled, &arrived);
	return settled;
}

void
transaction_flight_note_begin(void)
{
	uint64		unknown = 0;

	if (flight == NULL || pg_atomic_read_u64(&flight->own_xids) != 0 ||
		RecoveryInProgress())
		return;
	(void) pg_atomic_compare_exchange_u64(&flight->own_xids, &unknown,
										  U64FromFullTransactionId(ReadNextFullTransactionId()));
}

void
transaction_flight_note_prepared(void)
{
	pg_atomic_write_u32(&flight->prepared, 1);
}

void
transaction_flight_note_unfinished(void)
{
	pg_atomic_write_u32(&flight->unfinished, 1);
}

bool
transaction_flight_had_prepared(void)
{
	return pg_atomic_read_u32(&flight->prepared) != 0;
}

bool
transaction_flight_may_be_half(FullTransactionId xid)
{
	uint64		own_xids = pg_atomic_read_u64(&flight->own_xids);

	return own_xids == 0 || U64FromFullTransactionId(xid) < own_xids ||
		pg_atomic_read_u32(&flight->unfinished) != 0;
}
