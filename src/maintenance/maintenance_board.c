/*-------------------------------------------------------------------------
 *
 * maintenance_board.c
 *	  What launcher, workers and other sessions tell each other
 *
 * A PLACE
 *		is a worker's.  The launcher reserves it for a database before it asks
 *		the postmaster for a process; the process enters it before it connects.
 *		So from before a worker is in a database until it has left, its place
 *		says so, and nobody who wants the database for himself misses it.
 *
 *		reserved (pid 0) ──enter──► pid ──process ends──► left ──free──► empty
 *
 *		A launcher that was terminated leaves places behind.  Workers that
 *		find another one, or none, empty their places themselves; those that
 *		nobody entered for a minute are given up.
 *
 * BARS
 *		DROP DATABASE and its kin fail while anybody else is connected.  They
 *		bar the database: workers in it are told to leave, and none goes there
 *		until the bar falls, some seconds later.  By then the statement has the
 *		lock that connecting waits for.
 *
 * LOCKING
 *		lock protects everything.  It is taken for moments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "maintenance/maintenance.h"
#include "maintenance/maintenance_board.h"

#define BOARD_TRANCHE		"temporal_maintenance"
#define BOARD_BARS			16

/* A database is barred for this long, in microseconds */
#define BAR_TIME			(3 * INT64CONST(1000000))
/* who bars it waits so many times for so many microseconds */
#define BAR_WAITS			200
#define BAR_WAIT			5000

/* A place is given up that nobody entered for this long */
#define PLACE_TIMEOUT		(60 * INT64CONST(1000000))

typedef struct Place
{
	Oid			database;		/* InvalidOid: empty */
	int			launcher;		/* process that reserved it */
	int			pid;			/* 0: nobody has entered yet */
	bool		left;			/* its worker has ended */
	bool		leave;			/* it is to */
	LookResult	result;
	TimestampTz reserved;
} Place;

typedef struct Bar
{
	Oid			database;
	TimestampTz until;
} Bar;

typedef struct Board
{
	LWLock	   *lock;
	int			launcher;		/* process; 0: there is none */
	Latch	   *launcher_latch;
	Place		places[TEMPORAL_MAX_WORKERS];
	Bar			bars[BOARD_BARS];
	Oid			news[BOARD_NEWS];
	int			nnews;
	bool		news_lost;		/* there was no room for them */
} Board;

static Board *board = NULL;
static Place *own = NULL;		/* of this worker */

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static void
board_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(Board)));
	RequestNamedLWLockTranche(BOARD_TRANCHE, 1);
}

static void
board_shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	board = ShmemInitStruct("temporal maintenance", sizeof(Board), &found);
	if (!found)
	{
		memset(board, 0, sizeof(*board));
		board->lock = &GetNamedLWLockTranche(BOARD_TRANCHE)->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
maintenance_board_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = board_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = board_shmem_startup;
}

/*
 * The caller has the lock.
 */
static bool
board_is_barred(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < BOARD_BARS; i++)
	{
		if (board->bars[i].database == database && board->bars[i].until > now)
			return true;
	}
	return false;
}

static void
board_detach_launcher(int code, Datum arg)
{
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	board->launcher = 0;
	board->launcher_latch = NULL;
	LWLockRelease(board->lock);
}

void
board_attach_launcher(void)
{
	before_shmem_exit(board_detach_launcher, (Datum) 0);
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	board->launcher = MyProcPid;
	board->launcher_latch = MyLatch;
	LWLockRelease(board->lock);
}

/*
 * Empties the place if it is another launcher's and of no use to anybody.
 */
static void
board_give_up(Place *place, TimestampTz now)
{
	if (OidIsValid(place->database) && place->launcher != MyProcPid &&
		(place->left ||
		 (place->pid == 0 && place->reserved + PLACE_TIMEOUT < now)))
		memset(place, 0, sizeof(*place));
}

int
board_reserve(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();
	int			found = -1;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	for (int i = 0; i < TEMPORAL_MAX_WORKERS; i++)
	{
		Place	   *place = &board->places[i];

		board_give_up(place, now);
		if (place->database == database)
		{
			found = -1;
			break;
		}
		if (!OidIsValid(place->database) && found < 0)
			found = i;
	}
	if (found >= 0 && board_is_barred(database))
		found = -1;
	if (found >= 0)
	{
		Place	   *place = &board->places[found];

		memset(place, 0, sizeof(*place));
		place->database = database;
		place->launcher = MyProcPid;
		place->reserved = now;
	}
	LWLockRelease(board->lock);
	return found;
}

LookResult
board_free(int place)
{
	LookResult	result;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	result = board->places[place].result;
	memset(&board->places[place], 0, sizeof(Place));
	LWLockRelease(board->lock);
	return result;
}

bool
board_take_news(Oid *databases, int *n, int space)
{
	bool		lost;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	lost = board->news_lost || board->nnews > space;
	*n = Min(board->nnews, space);
	memcpy(databases, board->news, *n * sizeof(Oid));
	board->nnews = 0;
	board->news_lost = false;
	LWLockRelease(board->lock);
	return lost;
}

static void
board_wake_launcher(void)
{
	if (board->launcher_latch != NULL)
		SetLatch(board->launcher_latch);
}

/*
 * The worker's process ends.
 */
static void
board_leave(int code, Datum arg)
{
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	if (own->launcher == board->launcher)
		own->left = true;
	else
		memset(own, 0, sizeof(*own));
	board_wake_launcher();
	LWLockRelease(board->lock);
}

Oid
board_enter(int place)
{
	Oid			database = InvalidOid;
	Place	   *p;

	if (place < 0 || place >= TEMPORAL_MAX_WORKERS)
		return InvalidOid;
	p = &board->places[place];
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	if (OidIsValid(p->database) && p->pid == 0 && !p->left && !p->leave)
	{
		own = p;
		own->pid = MyProcPid;
		database = own->database;
	}
	LWLockRelease(board->lock);
	if (OidIsValid(database))
		before_shmem_exit(board_leave, (Datum) 0);
	return database;
}

void
board_report(LookResult result)
{
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	own->result = result;
	LWLockRelease(board->lock);
}

bool
board_must_leave(void)
{
	bool		leave;

	LWLockAcquire(board->lock, LW_SHARED);
	leave = own->leave;
	LWLockRelease(board->lock);
	return leave;
}

/*
 * Is a worker in the database?  Tells it to leave.
 */
static bool
board_clear(Oid database, bool tell)
{
	bool		found = false;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	for (int i = 0; i < TEMPORAL_MAX_WORKERS; i++)
	{
		Place	   *place = &board->places[i];

		if (place->database != database || place->left)
			continue;
		place->leave = true;
		if (place->pid == 0)
			continue;			/* it will not enter */
		found = true;
		if (tell)
			kill(place->pid, SIGINT);
	}
	LWLockRelease(board->lock);
	return found;
}

void
board_bar(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();
	Bar		   *bar = NULL;

	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	for (int i = 0; i < BOARD_BARS; i++)
	{
		Bar		   *b = &board->bars[i];

		if (b->database == database)
		{
			bar = b;
			break;
		}
		if (bar == NULL || b->until < bar->until)
			bar = b;			/* empty, or the oldest */
	}
	bar->database = database;
	bar->until = now + BAR_TIME;
	LWLockRelease(board->lock);

	for (int i = 0; i < BAR_WAITS; i++)
	{
		/* again from time to time: it may not have listened yet */
		if (!board_clear(database, i % 20 == 0))
			return;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(BAR_WAIT);
	}
}

void
board_announce(Oid database)
{
	LWLockAcquire(board->lock, LW_EXCLUSIVE);
	if (board->nnews < BOARD_NEWS)
		board->news[board->nnews++] = database;
	else
		board->news_lost = true;
	board_wake_launcher();
	LWLockRelease(board->lock);
}
