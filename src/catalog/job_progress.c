/*-------------------------------------------------------------------------
 *
 * job_progress.c
 *	  Which process is at which job, and how far
 *
 * PostgreSQL's own progress reporting knows a fixed list of commands, so this
 * is an array in shared memory with an entry for each server process.  It is
 * the lock as well that keeps two processes from one job: it has to be held
 * over many transactions, and to vanish with the process, and with the server
 * if that crashes.
 *
 * GIVING WAY
 *		Steps are short, but not all: a run of segments takes seconds.  Who
 *		wants to change or drop the table would wait for that long, with
 *		everybody else behind him.  Autovacuum is cancelled then by who waits;
 *		a worker of ours has to look who waits for such a lock.  Asking for one
 *		that conflicts with it does not tell as of 17: who has a lock that
 *		others wait for gets another one ahead of them.
 *
 * PAUSES
 *		A worker that works without a break takes a processor, and time of the
 *		disk, from people's sessions.  So it sleeps after each PAUSE_EVERY, in
 *		proportion to how long that took: temporal.worker_share of the time is
 *		work.  The clock counts, not the processor's time: where a processor or
 *		a disk is wanted by others, work takes longer, and the pauses with it.
 *		What is owed for work that could not be divided, like a sort or a
 *		commit, is paid by and by, so that no pause is longer than PAUSE_MOST:
 *		who waits for the table is seen, and a batch whose time is over in a
 *		pause ends soon after.
 *
 * LOCKING
 *		lock protects who has claimed what.  An entry is written by its process
 *		alone, under lock exclusively: a few times in a step, or every
 *		GIVE_WAY_TIME.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/job_progress.h"

#define JOB_PROGRESS_TRANCHE	"temporal_job_progress"

/*
 * The clock is looked at every so many calls.  Others are looked for, and
 * progress is shown, if so many microseconds have passed.
 */
#define GIVE_WAY_CALLS		16
#define GIVE_WAY_TIME		50000

/* Microseconds: work between two pauses, and the longest pause */
#define PAUSE_EVERY			2000
#define PAUSE_MOST			20000

/* No more than this is owed: a step that others hindered is no debt */
#define PAUSE_OWED_MOST		(2 * INT64CONST(1000000))

typedef struct JobEntry
{
	JobProgress progress;
	int64		versions_before;	/* of the steps that have ended */
} JobEntry;

typedef struct JobBoard
{
	LWLock	   *lock;
	JobEntry	entries[FLEXIBLE_ARRAY_MEMBER]; /* by number of process */
} JobBoard;

static JobBoard *board = NULL;
static JobEntry *own = NULL;	/* NULL: nothing is claimed */
static bool exit_registered = false;
static bool own_is_modest = false;
static int64 own_advanced = 0;	/* versions of this step */

/* When to give way */
static int	give_way_calls = 0;
static TimestampTz give_way_last = 0;

/* Pauses */
static instr_time pause_last;	/* its end */
static int64 pause_owed = 0;	/* microseconds */

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static Size
job_progress_size(void)
{
	return add_size(offsetof(JobBoard, entries),
					mul_size(MaxBackends, sizeof(JobEntry)));
}

static void
job_progress_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(job_progress_size()));
	RequestNamedLWLockTranche(JOB_PROGRESS_TRANCHE, 1);
}

static void
job_progress_shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	board = ShmemInitStruct("temporal job progress", job_progress_size(),
							&found);
	if (!found)
	{
		memset(board, 0, job_progress_size());
		board->lock = &GetNamedLWLockTranche(JOB_PROGRESS_TRANCHE)->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
job_progress_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = job_progress_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = job_progress_shmem_startup;
}

static void
job_progress_exit(int code, Datum arg)
{
	job_progress_release();
}

/*
 * The caller has the lock.
 */
static bool
job_progress_find(Oid relation, const char *kind)
{
	for (int i = 0; i < MaxBackends; i++)
	{
		const JobProgress *entry = &board->entries[i].progress;

		if (entry->pid != 0 && entry->relation == relation &&
			entry->database == MyDatabaseId && strcmp(entry->kind, kind) == 0)
			return true;
	}
	return false;
}

bool
job_progress_claim(Oid relation, const char *kind)
{
	int			number = temporal_my_proc_number();
	bool		claimed;

	Assert(own == NULL);
	Assert(number >= 0 && number < MaxBackends);
	if (!exit_registered)
	{
		before_shmem_exit(job_progress_exit, (Datum) 0);
		exit_registered = true;
	}
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	claimed = !job_progress_find(relation, kind);
	if (claimed)
	{
		own = &board->entries[number];
		memset(own, 0, sizeof(*own));
		own->progress.pid = MyProcPid;
		own->progress.database = MyDatabaseId;
		own->progress.relation = relation;
		strlcpy(own->progress.kind, kind, JOB_PROGRESS_NAME);
		own->progress.started = GetCurrentTimestamp();
		own->progress.total = -1;
		own_advanced = 0;
	}
	LWLockRelease(board->lock);
	return claimed;
}

void
job_progress_release(void)
{
	if (own == NULL)
		return;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	own->progress.pid = 0;
	LWLockRelease(board->lock);
	own = NULL;
	own_is_modest = false;
}

bool
job_progress_is_claimed(Oid relation, const char *kind)
{
	bool		claimed;

	LWLockAcquire(board->lock, LW_SHARED);
	claimed = job_progress_find(relation, kind);
	LWLockRelease(board->lock);
	return claimed;
}

void
job_progress_set_phase(const char *phase)
{
	if (own == NULL)
		return;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	strlcpy(own->progress.phase, phase, JOB_PROGRESS_NAME);
	own->progress.versions = own->versions_before + own_advanced;
	LWLockRelease(board->lock);
}

void
job_progress_set_total(int64 total)
{
	if (own == NULL)
		return;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	own->progress.total = own->versions_before + total;
	LWLockRelease(board->lock);
}

void
job_progress_advance(int64 versions)
{
	own_advanced += versions;
}

void
job_progress_end_step(int64 versions)
{
	if (own == NULL)
		return;
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	own->progress.steps++;
	own->versions_before += versions;
	own->progress.versions = own->versions_before;
	own_advanced = 0;
	LWLockRelease(board->lock);
}

void
job_progress_set_modest(bool modest)
{
	own_is_modest = modest;
	pause_owed = 0;
	INSTR_TIME_SET_CURRENT(pause_last);
}

static int64
job_progress_since_pause(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, pause_last);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/*
 * Sleeps for what is owed, or for as long as a pause may be.
 */
static void
job_progress_sleep(void)
{
	int64		sleep = Min(pause_owed, PAUSE_MOST);
	int64		left = sleep;

	INSTR_TIME_SET_CURRENT(pause_last);
	while (left > 0)
	{
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 (left + 999) / 1000, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		left = sleep - job_progress_since_pause();
	}
	pause_owed -= sleep - left;
	INSTR_TIME_SET_CURRENT(pause_last);
}

static void
job_progress_pause_if_due(void)
{
	int64		worked = job_progress_since_pause();

	if (worked < PAUSE_EVERY || temporal_worker_share >= 100)
		return;
	pause_owed += worked * (100 - temporal_worker_share) /
		temporal_worker_share;
	pause_owed = Min(pause_owed, PAUSE_OWED_MOST);
	job_progress_sleep();
}

static void
job_progress_show(void)
{
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	own->progress.versions = own->versions_before + own_advanced;
	LWLockRelease(board->lock);
}

/*
 * Does anybody wait for a lock on the table that changes of it take?  Of those
 * who wait for others, what they wait for may change while it is looked at,
 * but it is in memory that is of locks for ever.
 */
static bool
job_progress_others_wait(Oid relation)
{
	LOCKTAG		tag;
	LWLock	   *partition;
	bool		wait = false;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	partition = LockHashPartitionLock(LockTagHashCode(&tag));
	LWLockAcquire(partition, LW_SHARED);
	for (uint32 i = 0; i < ProcGlobal->allProcCount && !wait; i++)
	{
		volatile PGPROC *proc = &ProcGlobal->allProcs[i];
		LOCK	   *lock = proc->waitLock;

		wait = lock != NULL && proc->waitLockMode >= ExclusiveLock &&
			memcmp(&lock->tag, &tag, sizeof(tag)) == 0;
	}
	LWLockRelease(partition);
	return wait;
}

static void
job_progress_look_for_others(void)
{
	if (job_progress_others_wait(own->progress.relation))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("maintenance gave way to another transaction that waits for the table")));
}

void
job_progress_give_way(void)
{
	TimestampTz now;

	if (own == NULL || ++give_way_calls < GIVE_WAY_CALLS)
		return;
	give_way_calls = 0;
	if (own_is_modest)
		job_progress_pause_if_due();
	now = GetCurrentTimestamp();
	if (now - give_way_last < GIVE_WAY_TIME && now >= give_way_last)
		return;
	give_way_last = now;
	job_progress_show();
	if (own_is_modest)
		job_progress_look_for_others();
}

void
job_progress_pause(void)
{
	if (own != NULL && own_is_modest)
		job_progress_pause_if_due();
}

int
job_progress_list(JobProgress **list)
{
	int			n = 0;

	*list = palloc(MaxBackends * sizeof(JobProgress));
	LWLockAcquire(board->lock, LW_SHARED);
	for (int i = 0; i < MaxBackends; i++)
	{
		if (board->entries[i].progress.pid != 0)
			(*list)[n++] = board->entries[i].progress;
	}
	LWLockRelease(board->lock);
	return n;
}
